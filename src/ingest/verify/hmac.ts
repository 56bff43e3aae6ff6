import { createHmac } from 'node:crypto'
import type { JsonObject } from '../../core/model/index.ts'
import { proofFaults } from '../../core/normalize/index.ts'
import { equalSecrets, headerOf, secretsOf } from './compare.ts'
import { accepted, forged, type RawRequest, unconfigured, type Verify } from './verdict.ts'

/**
 * HMAC over the raw body. Parameters: `secret`, `header`, `algorithm` (sha256), `encoding` (hex or base64), `prefix`
 * before each signature (`sha256=`), `separator` between several signatures, `signed` (a text with `{body}` and
 * `{timestamp}`). The timestamp, in seconds, stands in `timestampHeader` or, as `t=1778574000,v1=…`, in the part of the
 * signature header that begins with `timestampPrefix`; it may be `toleranceSeconds` (300) away from now.
 */
export const verifyHmac: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const [fault] = proofFaults({ ...parameters, scheme: 'hmac' })
  if (fault !== undefined) return unconfigured(fault.message)
  const header = headerOf(request.headers, String(parameters.header))
  if (header === undefined) return forged('the signature header is missing')
  const parts = textOf(parameters.separator) === undefined ? [header] : header.split(String(parameters.separator))
  const timestamp = timestampOf(request, parameters, parts)
  if (timestamp !== null) {
    const seconds = /^\d{1,12}(\.\d{1,6})?$/.test(timestamp) ? Number(timestamp) : Number.NaN
    const tolerance = typeof parameters.toleranceSeconds === 'number' ? parameters.toleranceSeconds : 300
    if (!(Math.abs(context.now / 1000 - seconds) <= tolerance))
      return forged('the timestamp is missing or too far from now')
  }
  const template = textOf(parameters.signed) ?? '{body}'
  const [before = '', after = ''] = template.split('{body}').map((part) => part.replace('{timestamp}', timestamp ?? ''))
  const signed = Buffer.concat([Buffer.from(before), request.body, Buffer.from(after)])
  const prefix = textOf(parameters.prefix) ?? ''
  const algorithm = textOf(parameters.algorithm) ?? 'sha256'
  const encoding = parameters.encoding === 'base64' ? 'base64' : 'hex'
  const given = parts
    .map((one) => one.trim())
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(prefix.length))
  const wanted = secrets.map((secret) => createHmac(algorithm, secret).update(signed).digest(encoding))
  const match = given
    .slice(0, 10)
    .some((one) => wanted.some((other) => equalSecrets(encoding === 'hex' ? one.toLowerCase() : one, other)))
  return match ? accepted : forged('the signature does not fit the body')
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** The signed time as it was sent, empty when it is missing, null when the manifest names none. */
function timestampOf(request: RawRequest, parameters: JsonObject, parts: readonly string[]): string | null {
  const { timestampHeader, timestampPrefix } = parameters
  if (typeof timestampHeader === 'string') return headerOf(request.headers, timestampHeader) ?? ''
  if (typeof timestampPrefix !== 'string') return null
  const found = parts.map((one) => one.trim()).filter((one) => one.startsWith(timestampPrefix))
  // Two of them would leave open which one was signed.
  return found.length === 1 ? (found[0] as string).slice(timestampPrefix.length) : ''
}
