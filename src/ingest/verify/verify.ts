import type { JsonObject } from '../../core/model/index.ts'
import { verifyAwsSns } from './aws-sns.ts'
import { verifyBasic } from './basic.ts'
import { verifyHmac } from './hmac.ts'
import { verifyOidcJwt } from './oidc-jwt.ts'
import { verifyStandardWebhooks } from './standard-webhooks.ts'
import { verifyStaticHeader } from './static-header.ts'
import { verifyUrlToken } from './url-token.ts'
import {
  accepted,
  forged,
  type RawRequest,
  unavailable,
  unconfigured,
  type Verdict,
  type Verify,
  type VerifyContext,
} from './verdict.ts'

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
  let away: string | null = null
  const fetchText = (url: string) =>
    context.fetchText(url).catch((error: Error) => {
      away = error.message
      throw error
    })
  try {
    return await scheme(request, parameters, { ...context, fetchText })
  } catch (error) {
    if (away !== null) return unavailable(`what verifies the proof cannot be fetched: ${String(away).slice(0, 100)}`)
    return forged(`the proof of origin cannot be read: ${(error as Error).message.slice(0, 100)}`)
  }
}
