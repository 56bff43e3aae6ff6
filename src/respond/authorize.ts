import { createHash } from 'node:crypto'
import { isObject, type JsonObject } from '../core/model/index.ts'
import type { Integration } from '../core/normalize/index.ts'
import { callVendor, type VendorAnswer, type VendorRequest } from './call-vendor.ts'
import { egressFault } from './egress.ts'
import { forgetToken, type TokenWish, tokenFor } from './oauth-token.ts'
import { renderSetting } from './render-request.ts'
import { signV4 } from './sign-v4.ts'

/** What proves to a service who asks: headers, and the token that they hold if it was kept from before. Or why there is none. */
export type Authorized =
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>>; readonly kept: TokenWish | null }
  | Extract<VendorAnswer, { kind: 'refused' | 'unsent' }>

interface Given {
  readonly config: JsonObject
  readonly secretOf: (name: string) => string | undefined
  readonly at: number
}

/** The headers that the manifest's `auth.scheme` adds to a request that is otherwise complete; none where the manifest writes its header itself. */
export async function authorize(integration: Integration, request: VendorRequest, given: Given): Promise<Authorized> {
  const { auth } = integration.connection ?? {}
  if (!isObject(auth) || auth.scheme === undefined) return { kind: 'headers', headers: {}, kept: null }
  const missing: string[] = []
  const secret = (member: string): string => {
    const value = given.secretOf(String(auth[member]))
    if (value === undefined) missing.push(`there is no secret "${String(auth[member])}"`)
    return value ?? ''
  }
  const setting = (member: string): string => {
    const rendered = renderSetting(integration, auth[member] ?? '', given.config)
    if (!rendered.ok) missing.push(`${member}: ${rendered.problems[0]?.message}`)
    return rendered.ok ? String(rendered.value) : ''
  }
  const refused = (why: string): Authorized => ({ kind: 'refused', why })
  if (auth.scheme === 'sigv4') {
    const token = auth.sessionToken === undefined ? undefined : given.secretOf(String(auth.sessionToken))
    const [region, accessKeyId, secretAccessKey] = [setting('region'), secret('accessKeyId'), secret('secretAccessKey')]
    if (missing[0] !== undefined) return refused(missing[0])
    const body = request.body ?? ''
    // S3 wants one for changes of a bucket (docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html).
    const md5 = body === '' ? {} : { 'content-md5': createHash('md5').update(body).digest('base64') }
    const { method, url, headers } = request
    const signed = signV4({
      ...{ method, url, body, region, accessKeyId, secretAccessKey, at: given.at },
      headers: { ...headers, ...md5 },
      service: String(auth.service),
      ...(token === undefined ? {} : { sessionToken: token }),
    })
    return { kind: 'headers', headers: { ...md5, ...signed }, kept: null }
  }
  if (auth.scheme !== 'oauth2-client-credentials') return refused(`the scheme "${String(auth.scheme)}" is not known`)
  const tokenUrl = URL.parse(setting('tokenUrl'))
  const [clientId, scope, clientSecret] = [setting('clientId'), setting('scope'), secret('clientSecret')]
  if (missing[0] !== undefined) return refused(missing[0])
  if (tokenUrl === null) return refused('the integration has no address for tokens: configure it')
  const fault = egressFault(integration, tokenUrl, tokenUrl, request.privateAllowed)
  if (fault !== null) return refused(fault)
  const wish = { tokenUrl, clientId, clientSecret, scope, at: given.at, privateAllowed: request.privateAllowed }
  const token = await tokenFor(wish)
  if (token.kind !== 'token') return token
  return { kind: 'headers', headers: { authorization: `Bearer ${token.value}` }, kept: token.isKept ? wish : null }
}

/** Makes a request with what proves who asks. A kept token that the service refuses is fetched anew, once: what it refused was not done. */
export async function callAuthorized(
  integration: Integration,
  request: VendorRequest,
  given: Omit<Given, 'at'> & { readonly clock: () => number },
): Promise<VendorAnswer> {
  for (let attempt = 1; ; attempt++) {
    const proof = await authorize(integration, request, { ...given, at: given.clock() })
    if (proof.kind !== 'headers') return proof
    const answer = await callVendor({ ...request, headers: { ...request.headers, ...proof.headers } })
    if (answer.kind !== 'answer' || answer.status !== 401 || proof.kept === null || attempt > 1) return answer
    forgetToken(proof.kept)
  }
}
