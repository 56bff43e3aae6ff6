import type { RawDelivery } from '../core/normalize/index.ts'
import type { Receipt } from '../core/replay/index.ts'
import type { Frame } from './frames.ts'

/** A delivery as a child is sent it. */
export interface SentDelivery {
  readonly delivery: RawDelivery
  readonly receipt: Receipt
  /** Digest of the bundle that decides it; empty = the child's own. */
  readonly digest: string
}

/** Reads the frame of a delivery. */
export function deliveryOf({ head, body }: Frame): SentDelivery {
  const { seq, source, transport, contentType, receivedAt, bundle } = head
  return {
    delivery: {
      seq: Number(seq),
      source: typeof source === 'string' ? source : null,
      transport: transport === 'webhook' || transport === 'syslog' || transport === 'api' ? transport : 'file',
      contentType: typeof contentType === 'string' ? contentType : null,
      receivedAt: Number(receivedAt),
      body,
    },
    receipt: receiptOf(head),
    digest: String(bundle ?? ''),
  }
}

/** How the receipt of a frame's events is known. */
export const receiptOf = ({ receipt }: Frame['head']): Receipt => (receipt === 'recorded' ? 'recorded' : 'as-sent')
