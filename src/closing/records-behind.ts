import type { Evidence } from '../cases/index.ts'
import type { EvidenceRecord } from '../core/closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type Event, type Incident, observableKey } from '../core/model/index.ts'
import { createNormalizer } from '../core/normalize/index.ts'
import { nextDeliveries } from '../ingest/index.ts'
import type { Tx } from '../store/index.ts'

const maxRecords = 1000
const maxDeliveries = 50_000
const atOnce = 200
/** What a correlation counted may lie this long before the event that completed it. */
const reachMs = 24 * 3_600_000

/**
 * The records behind an incident in the order of the inbox: those of its alerts, and those near them that a detection
 * matches and that name something of the incident, since correlations count events that are no alert by themselves.
 */
export async function recordsBehind(
  tx: Tx,
  bundle: Bundle,
  incident: Incident,
  evidence: readonly Evidence[],
): Promise<readonly EvidenceRecord[]> {
  const [first, last] = [evidence[0], evidence.at(-1)]
  if (first === undefined || last === undefined) return []
  const alerted = new Set(evidence.map(({ seq, index }) => `${seq}.${index}`))
  const named = new Set(incident.observables.map(observableKey))
  const isBehind = (event: Event) =>
    alerted.has(`${event.seq}.${event.index}`) ||
    (event.observables.some((one) => named.has(observableKey(one))) && bundle.matcher.match(event).length > 0)
  const normalizer = createNormalizer(bundle.integrations, tx.tenant)
  const records: EvidenceRecord[] = []
  let after = await seqBefore(tx, first, first.receivedAt - reachMs)
  for (let read = 0; after < last.seq && read < maxDeliveries && records.length < maxRecords; ) {
    const deliveries = await nextDeliveries(tx, after, atOnce)
    if (deliveries.length === 0) break
    read += deliveries.length
    for (const delivery of deliveries) {
      after = delivery.seq
      if (delivery.seq > last.seq) break
      for (const one of normalizer.normalize(delivery)) {
        if (one.kind !== 'event' || !isBehind(one.event)) continue
        const { source, receivedAt, record } = one.event
        records.push({ source, receivedAt, record })
      }
    }
  }
  return records.slice(0, maxRecords)
}

/** The number behind which to begin: the last delivery before that time, not more than can be read. */
async function seqBefore(tx: Tx, first: Evidence, at: number): Promise<number> {
  const lowest = Math.max(0, first.seq - maxDeliveries / 2)
  const found = await tx.query<{ seq: number | null }>(
    'select max(seq) as seq from delivery where tenant = $1 and seq > $2 and seq < $3 and received_at < $4',
    [tx.tenant, lowest, first.seq, at],
  )
  return found.rows[0]?.seq ?? lowest
}
