import { createHmac, createPublicKey, verify as verifySignature } from 'node:crypto'
import { equalSecrets, headerOf, secretsOf } from './compare.ts'
import { accepted, forged, unconfigured, type Verify } from './verdict.ts'

const toleranceSeconds = 300
/** DER header of an Ed25519 public key, before its 32 bytes. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Standard Webhooks 1.0: `webhook-signature: v1,<base64> …` over `id.timestamp.body`; secret `whsec_` + base64 (v1,
 * HMAC-SHA256) or public key `whpk_` + base64 (v1a, Ed25519).
 */
export const verifyStandardWebhooks: Verify = (request, parameters, context) => {
  const secrets = secretsOf(parameters, context)
  if (secrets.length === 0) return unconfigured(`the secret "${String(parameters.secret)}" is not configured`)
  const id = headerOf(request.headers, 'webhook-id')
  const timestamp = headerOf(request.headers, 'webhook-timestamp')
  const signatures = headerOf(request.headers, 'webhook-signature')
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return forged('a webhook header is missing')
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(context.now / 1000 - Number(timestamp)) > toleranceSeconds)
    return forged('the timestamp is too far from now')
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body])
  for (const one of signatures.split(' ').slice(0, 10)) {
    const [version, value = ''] = one.split(',')
    if (
      version === 'v1' &&
      secrets
        .filter((secret) => !secret.startsWith('whpk_'))
        .some((secret) => equalSecrets(createHmac('sha256', keyOf(secret)).update(signed).digest('base64'), value))
    )
      return accepted
    if (
      version === 'v1a' &&
      secrets
        .filter((secret) => secret.startsWith('whpk_'))
        .some((secret) => verifySignature(null, signed, publicKeyOf(secret), Buffer.from(value, 'base64')))
    )
      return accepted
  }
  return forged('no signature fits the body')
}

const keyOf = (secret: string) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
const publicKeyOf = (secret: string) =>
  createPublicKey({
    key: Buffer.concat([ed25519Prefix, Buffer.from(secret.slice(5), 'base64')]),
    format: 'der',
    type: 'spki',
  })
