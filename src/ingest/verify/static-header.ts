import { equalSecrets, headerOf, secretsOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

/** A header with a fixed secret. Parameters: `secret`, `header`, `prefix` (`Bearer `). */
export const verifyStaticHeader: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const given = headerOf(request.headers, String(parameters.header))
  const prefix = typeof parameters.prefix === 'string' ? parameters.prefix : ''
  if (given === undefined) return forged('the header is missing')
  return secrets.some((secret) => equalSecrets(`${prefix}${secret}`, given))
    ? accepted
    : forged('the header does not hold the secret')
}
