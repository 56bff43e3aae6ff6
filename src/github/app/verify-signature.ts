import { createHmac, timingSafeEqual } from 'node:crypto'

const prefix = 'sha256='

export const signatureOf = (secret: string, body: Buffer) =>
  `${prefix}${createHmac('sha256', secret).update(body).digest('hex')}`

/**
 * Whether `X-Hub-Signature-256` is that of these bytes under one of the secrets. All secrets are tried, in constant time.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function isSigned(body: Buffer, given: string | undefined, secrets: readonly string[]): boolean {
  const bytes = Buffer.from(given ?? '')
  let found = false
  for (const secret of secrets) {
    const right = Buffer.from(signatureOf(secret, body))
    if (secret !== '' && right.length === bytes.length && timingSafeEqual(right, bytes)) found = true
  }
  return found
}
