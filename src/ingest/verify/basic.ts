import { equalSecrets, headerOf, secretsOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

/** HTTP Basic; the secret is `user:password`. */
export const verifyBasic: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const match = /^Basic ([A-Za-z0-9+/=]{1,2000})$/i.exec(headerOf(request.headers, 'authorization') ?? '')
  if (match === null) return forged('the authorization header is missing')
  const given = Buffer.from(match[1] as string, 'base64')
  return secrets.some((secret) => equalSecrets(Buffer.from(secret), given))
    ? accepted
    : forged('user or password is wrong')
}
