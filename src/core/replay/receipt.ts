import type { Normalized } from '../normalize/index.ts'

/** When history was received: as it was recorded, or, of files that do not say, as each event says it happened. */
export type Receipt = 'recorded' | 'as-sent'

/**
 * Puts the receipt of events in files to the time at which they say that they happened, so that the day on which a file is
 * replayed changes nothing. An event without a time, or with one in the future, has the time of the one before it.
 */
export function createReceipt(): (one: Normalized, receipt: Receipt) => Normalized {
  let lastAt = 0
  return (one, receipt) => {
    if (one.kind !== 'event' || receipt === 'recorded') return one
    const { event, alert } = one
    const occurredAt = event.timeNote === 'as-sent' ? event.occurredAt : lastAt
    lastAt = occurredAt
    return {
      kind: 'event',
      event: { ...event, occurredAt, receivedAt: occurredAt },
      alert: alert === null ? null : { ...alert, occurredAt, ingestedAt: occurredAt, detectedAt: detectedAt() },
    }

    function detectedAt(): number {
      const isVendors = alert !== null && alert.detectedAt !== event.receivedAt && alert.detectedAt > occurredAt
      return isVendors ? alert.detectedAt : occurredAt
    }
  }
}
