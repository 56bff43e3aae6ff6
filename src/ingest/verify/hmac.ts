import { createHmac } from 'node:crypto'
import { equalSecrets, headerOf, secretsOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

const algorithms = ['sha256', 'sha512', 'sha1']

/**
 * HMAC over the raw body. Parameters: `secret`, `header`, `algorithm` (sha256), `encoding` (hex or base64), `prefix`
 * before each signature (`sha256=`), `separator` between several signatures, `signed` (a text with `{body}` and
 * `{timestamp}`), `timestampHeader` and `toleranceSeconds`.
 */
export const verifyHmac: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const algorithm = typeof parameters.algorithm === 'string' ? parameters.algorithm : 'sha256'
  if (!algorithms.includes(algorithm)) return unconfigured(`the algorithm "${algorithm}" is not supported`)
  const template = typeof parameters.signed === 'string' ? parameters.signed : '{body}'
  const isTimed = typeof parameters.timestampHeader === 'string'
  if (template.split('{body}').length !== 2 || template.includes('{timestamp}') !== isTimed)
    return unconfigured('"signed" must hold {body} once, and {timestamp} exactly when there is a timestampHeader')
  const header = headerOf(request.headers, String(parameters.header))
  if (header === undefined) return forged('the signature header is missing')
  const timestamp =
    typeof parameters.timestampHeader === 'string' ? headerOf(request.headers, parameters.timestampHeader) : undefined
  if (typeof parameters.timestampHeader === 'string') {
    const seconds = Number(timestamp)
    const tolerance = typeof parameters.toleranceSeconds === 'number' ? parameters.toleranceSeconds : 300
    if (!Number.isFinite(seconds) || Math.abs(context.now / 1000 - seconds) > tolerance)
      return forged('the timestamp is missing or too far from now')
  }
  const [before = '', after = ''] = template.replace('{timestamp}', timestamp ?? '').split('{body}')
  const signed = Buffer.concat([Buffer.from(before), request.body, Buffer.from(after)])
  const prefix = typeof parameters.prefix === 'string' ? parameters.prefix : ''
  const encoding = parameters.encoding === 'base64' ? 'base64' : 'hex'
  const given = (typeof parameters.separator === 'string' ? header.split(parameters.separator) : [header])
    .map((one) => one.trim())
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(prefix.length))
  const wanted = secrets.map((secret) => createHmac(algorithm, secret).update(signed).digest(encoding))
  const match = given
    .slice(0, 10)
    .some((one) => wanted.some((other) => equalSecrets(encoding === 'hex' ? one.toLowerCase() : one, other)))
  return match ? accepted : forged('the signature does not fit the body')
}
