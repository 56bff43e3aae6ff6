import type { AlertGroup, AlertId, EventId, Incident, IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** Writes alerts, new or changed. */
export async function saveAlerts(tx: Tx, alerts: readonly AlertGroup[]): Promise<void> {
  if (alerts.length === 0) return
  await tx.query(
    {
      name: 'save-alerts',
      text: `insert into alert (tenant, id, incident, last_at, severity, doc) select $1, * from unnest($2::text[], $3::int[], $4::bigint[], $5::smallint[], $6::jsonb[])
        on conflict (tenant, id) do update set incident = excluded.incident, last_at = excluded.last_at, severity = excluded.severity, doc = excluded.doc`,
    },
    [
      tx.tenant,
      alerts.map((a) => a.id),
      alerts.map((a) => a.incident),
      alerts.map((a) => a.lastAt),
      alerts.map((a) => a.severity),
      alerts.map((a) => JSON.stringify(a)),
    ],
  )
}

/** Which events an alert stands for. */
export interface AlertEvent {
  readonly alert: AlertId
  readonly event: EventId
  readonly seq: number
  readonly index: number
}

export async function saveAlertEvents(tx: Tx, rows: readonly AlertEvent[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    {
      name: 'save-alert-events',
      text: 'insert into alert_event (tenant, alert, event, seq, idx) select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::int[]) on conflict do nothing',
    },
    [tx.tenant, rows.map((r) => r.alert), rows.map((r) => r.event), rows.map((r) => r.seq), rows.map((r) => r.index)],
  )
}

/** Writes incidents, new or changed. What people own (status, owner, verdict, times of their work) is in the document too. */
export async function saveIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return
  await tx.query(
    {
      name: 'save-incidents',
      text: `insert into incident (tenant, number, status, severity, score, first_at, last_at, merged_into, doc)
        select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bigint[], $8::int[], $9::jsonb[])
        on conflict (tenant, number) do update set status = excluded.status, severity = excluded.severity, score = excluded.score,
          first_at = excluded.first_at, last_at = excluded.last_at, merged_into = excluded.merged_into, doc = excluded.doc`,
    },
    [
      tx.tenant,
      incidents.map((i) => i.number),
      incidents.map((i) => i.status),
      incidents.map((i) => i.assessment?.severity ?? null),
      incidents.map((i) => i.assessment?.score ?? null),
      incidents.map((i) => i.firstAt),
      incidents.map((i) => i.lastAt),
      incidents.map((i) => i.mergedInto),
      incidents.map((i) => JSON.stringify(i)),
    ],
  )
}

/** All alerts of a merged incident now belong to the surviving one, also those that correlation has forgotten. */
export async function moveAlerts(tx: Tx, from: IncidentNumber, into: IncidentNumber): Promise<void> {
  await tx.query(
    `update alert set incident = $3, doc = jsonb_set(doc, '{incident}', to_jsonb($3::int)) where tenant = $1 and incident = $2`,
    [tx.tenant, from, into],
  )
  await tx.query('update run set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
  await tx.query('update effect set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
  await tx.query('update approval set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
}

/** Alerts and incidents whose last event is not older than `since`. */
export async function loadRecent(
  tx: Tx,
  since: number,
): Promise<{ alerts: readonly AlertGroup[]; incidents: readonly Incident[] }> {
  const alerts = await tx.query<{ doc: AlertGroup }>(
    'select doc from alert where tenant = $1 and last_at >= $2 order by last_at, id',
    [tx.tenant, since],
  )
  const incidents = await tx.query<{ doc: Incident }>(
    'select doc from incident where tenant = $1 and last_at >= $2 order by number',
    [tx.tenant, since],
  )
  return { alerts: alerts.rows.map((row) => row.doc), incidents: incidents.rows.map((row) => row.doc) }
}
