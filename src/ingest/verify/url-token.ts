import { equalSecrets, secretsOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

/** A secret in the URL, for senders that can do no better: the last part of the path or `?token=`. Never logged. */
export const verifyUrlToken: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const given = request.pathRest !== '' ? request.pathRest : (request.query.get('token') ?? '')
  return secrets.some((secret) => equalSecrets(secret, given)) ? accepted : forged('the token is wrong')
}
