import { createHmac, timingSafeEqual } from 'node:crypto'

const mostSignatures = 10

/**
 * Whether one of the signatures is that of one of our keys over the raw bytes: HMAC-SHA256 in hexadecimal behind `v1=`,
 * several with commas between while a key is replaced (developer-docs, webhooks, "Verifying Signatures").
 */
export function isFromPagerDuty(header: string | undefined, body: Buffer, secrets: readonly string[]): boolean {
  const given = (header ?? '')
    .split(',', mostSignatures)
    .map((one) => /^\s*v1=([0-9a-f]{64})\s*$/i.exec(one)?.[1])
    .flatMap((one) => (one === undefined ? [] : [Buffer.from(one, 'hex')]))
  let isOurs = false
  for (const secret of secrets) {
    const wanted = createHmac('sha256', secret).update(body).digest()
    for (const one of given) if (timingSafeEqual(one, wanted)) isOurs = true
  }
  return isOurs
}
