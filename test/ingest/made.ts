import type { NewDelivery } from '../../src/ingest/index.ts'

/** A delivery of the text. */
export const deliveryOf = (body: string | Uint8Array, rest: Partial<NewDelivery> = {}): NewDelivery => ({
  source: 'generic',
  transport: 'webhook',
  contentType: 'application/json',
  receivedAt: 1000,
  body: typeof body === 'string' ? Buffer.from(body) : body,
  ...rest,
})
