import type { Normalized, Normalizer } from '../core/normalize/index.ts'
import type { NewDelivery } from './inbox.ts'

/** What a delivery says of itself before anything is decided about it. */
export interface Probe {
  /** Earliest time at which one of its first records says that it happened, in epoch milliseconds; null when none says so. */
  readonly firstAt: number | null
  /** Whether it says whose it is, or a decoder or a manifest knows one of them as more than a line of text. */
  readonly recognised: boolean
}

const probedLines = 1000

/** Looks at the beginning of deliveries with the normaliser that will read them: 1,000 lines, or a document whole. */
export function createProbe(normalizer: Normalizer): (delivery: NewDelivery) => Probe {
  return (delivery) => {
    const isLines = delivery.contentType === 'application/x-ndjson'
    const body = isLines ? firstLines(delivery.body) : delivery.body
    const records = normalizer.normalize({ ...delivery, body, seq: 0 })
    let firstAt: number | null = null
    for (const one of records)
      if (one.kind === 'event' && one.event.timeNote === 'as-sent')
        firstAt = Math.min(firstAt ?? one.event.occurredAt, one.event.occurredAt)
    const recognised = delivery.source !== null || beginsLikeJson(body) || records.some(isKnown)
    return { firstAt, recognised }
  }
}

/** JSON that is broken, or that no manifest accepts, is somebody's events: it is told record by record. */
const beginsLikeJson = (body: Uint8Array) =>
  /^\ufeff?\s*(?:\{|\[\s*\{)/.test(Buffer.from(body.subarray(0, 1000)).toString())

function isKnown(one: Normalized): boolean {
  if (one.kind === 'dead') return one.code === 'empty'
  return one.kind === 'dropped' || one.event.record.format !== 'text'
}

function firstLines(body: Uint8Array): Uint8Array {
  let end = 0
  for (let line = 0; line < probedLines; line++) {
    const next = body.indexOf(10, end)
    if (next < 0) return body
    end = next + 1
  }
  return body.subarray(0, end)
}
