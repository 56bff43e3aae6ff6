import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from '../../core/model/index.ts'
import { verifyAwsSns } from './aws-sns.ts'
import { verifyBasic } from './basic.ts'
import { verifyHmac } from './hmac.ts'
import { verifyOidcJwt } from './oidc-jwt.ts'
import { verifyStandardWebhooks } from './standard-webhooks.ts'
import { verifyStaticHeader } from './static-header.ts'
import { verifyUrlToken } from './url-token.ts'

/** A request as it came: verification sees the raw bytes, before anything is parsed. */
export interface RawRequest {
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** What stands in the path after the webhook's own path. */
  readonly pathRest: string
  readonly body: Buffer
}

/** What verification needs from outside. */
export interface VerifyContext {
  /** All valid values of a secret, newest first, so that it can be rotated; undefined when it is not configured. */
  readonly secrets: (name: string) => readonly string[] | undefined
  readonly now: number
  /** Values of the integration's configuration, e.g. the allowed topics. */
  readonly config: JsonObject
  readonly fetchText: (url: string) => Promise<string>
  /** Whether the server is bound to loopback only. */
  readonly loopback: boolean
}

/** `forged` is answered 401; `unconfigured` is our own fault and answered 503, so that the sender keeps trying. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly kind: 'forged' | 'unconfigured'; readonly reason: string }

export type Verify = (request: RawRequest, parameters: JsonObject, context: VerifyContext) => Promise<Verdict> | Verdict

export const accepted: Verdict = { ok: true }
export const forged = (reason: string): Verdict => ({ ok: false, kind: 'forged', reason })
export const unconfigured = (reason: string): Verdict => ({ ok: false, kind: 'unconfigured', reason })

/** The schemes a manifest may name in `verify.scheme`. */
export const schemes: Readonly<Record<string, Verify>> = {
  hmac: verifyHmac,
  'standard-webhooks': verifyStandardWebhooks,
  'static-header': verifyStaticHeader,
  basic: verifyBasic,
  'url-token': verifyUrlToken,
  'aws-sns': verifyAwsSns,
  'oidc-jwt': verifyOidcJwt,
  none: (_request, _parameters, context) =>
    context.loopback ? accepted : unconfigured('unsigned deliveries are taken on loopback only'),
}

/** Verifies a request by the scheme of its manifest; an unknown scheme accepts nothing. */
export async function verify(request: RawRequest, parameters: JsonObject, context: VerifyContext): Promise<Verdict> {
  const scheme =
    typeof parameters.scheme === 'string' && Object.hasOwn(schemes, parameters.scheme)
      ? schemes[parameters.scheme]
      : undefined
  if (scheme === undefined) return unconfigured('the manifest names no verification scheme')
  try {
    return await scheme(request, parameters, context)
  } catch (error) {
    return forged(`the proof of origin cannot be read: ${(error as Error).message.slice(0, 100)}`)
  }
}
