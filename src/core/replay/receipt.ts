import type { Scanned } from './scan.ts'

/** When history was received: as it was recorded, or, of files that do not say, as each event says it happened. */
export type Receipt = 'recorded' | 'as-sent'

/**
 * Puts the receipt of events in files to the time at which they say that they happened, so that the day on which a file is
 * replayed changes nothing. An event without a time, or with one in the future, has the time of the one before it.
 */
export function createReceipt(): (one: Scanned, receipt: Receipt) => Scanned {
  let lastAt = 0
  return (one, receipt) => {
    if (one.kind === 'dead' || one.kind === 'dropped' || receipt === 'recorded') return one
    const { event } = one
    const occurredAt = event.timeNote === 'as-sent' ? event.occurredAt : lastAt
    lastAt = occurredAt
    if (one.kind === 'quiet') return { kind: 'quiet', event: { ...one.event, occurredAt, receivedAt: occurredAt } }
    if (one.kind === 'learning')
      return { kind: 'learning', event: { ...one.event, occurredAt, receivedAt: occurredAt } }
    const { alert } = one
    const isVendors = alert !== null && alert.detectedAt !== event.receivedAt && alert.detectedAt > occurredAt
    const detectedAt = isVendors ? alert.detectedAt : occurredAt
    return {
      kind: 'event',
      event: { ...one.event, occurredAt, receivedAt: occurredAt },
      alert: alert === null ? null : { ...alert, occurredAt, ingestedAt: occurredAt, detectedAt },
    }
  }
}
