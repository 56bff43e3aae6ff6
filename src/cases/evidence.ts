import type { AlertId, IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** An event behind an incident: where it lies in the inbox, and the digest of the delivery as it came. */
export interface Evidence {
  readonly event: string
  readonly alert: string
  /** Number of the delivery, and position of the record in it. */
  readonly seq: number
  readonly index: number
  readonly source: string | null
  readonly receivedAt: number
  /** SHA-256 of the delivery's body as it was received, hex. */
  readonly sha256: string
}

/** The events behind an incident's alerts, or behind one alert, in order of receipt; the digests are made from the stored bytes. */
export async function readEvidence(tx: Tx, of: IncidentNumber | AlertId): Promise<readonly Evidence[]> {
  const found = await tx.query<Evidence>(
    `with events as (
       select ae.event, ae.alert, ae.seq, ae.idx from alert_event ae join alert a on a.tenant = ae.tenant and a.id = ae.alert
       where ae.tenant = $1 and ${typeof of === 'number' ? 'a.incident' : 'a.id'} = $2 order by ae.seq, ae.idx limit 5000),
     digests as (
       select d.seq, d.source, d.received_at, encode(sha256(d.body), 'hex') as sha256 from delivery d
       where d.tenant = $1 and d.seq in (select seq from events))
     select e.event, e.alert, e.seq, e.idx as index, d.source, d.received_at as "receivedAt", d.sha256
     from events e join digests d on d.seq = e.seq order by e.seq, e.idx, e.alert`,
    [tx.tenant, of],
  )
  return found.rows
}
