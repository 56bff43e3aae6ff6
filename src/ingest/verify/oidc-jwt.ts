import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { headerOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

/**
 * A bearer token of an OpenID provider. Parameters: `issuer`, `jwksUri`; configuration: `audience` and, when the sender
 * is one service account, `email`.
 */
export const verifyOidcJwt: Verify = async (request, parameters, context) => {
  const { issuer, jwksUri } = parameters
  const { audience, email } = context.config
  if (typeof issuer !== 'string' || typeof jwksUri !== 'string' || typeof audience !== 'string')
    return unconfigured('issuer, jwksUri and audience are needed')
  const token = /^Bearer (\S{20,8000})$/.exec(headerOf(request.headers, 'authorization') ?? '')?.[1]
  if (token === undefined) return forged('the bearer token is missing')
  const keys = createLocalJWKSet(JSON.parse(await context.fetchText(jwksUri)) as JSONWebKeySet)
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience,
    currentDate: new Date(context.now),
    clockTolerance: 60,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    requiredClaims: ['exp', 'iat'],
  })
  if (typeof email === 'string' && (payload.email !== email || payload.email_verified !== true))
    return forged('the token is for another account')
  return accepted
}
