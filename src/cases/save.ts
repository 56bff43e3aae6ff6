import type { AlertGroup, AlertId, EventId, Incident, IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { storableJson } from './storable.ts'

/** Writes alerts that are new or changed; rows that would not change are not rewritten. */
export async function saveAlerts(tx: Tx, alerts: readonly AlertGroup[]): Promise<void> {
  if (alerts.length === 0) return
  const rows = alerts.map((one) => ({
    id: one.id,
    incident: one.incident,
    last_at: one.lastAt,
    severity: one.severity,
    doc: one,
  }))
  await tx.query(
    {
      name: 'save-alerts',
      text: `insert into alert (tenant, id, incident, last_at, severity, doc)
        select $1, id, incident, last_at, severity, doc
        from jsonb_to_recordset($2::jsonb) as r(id text, incident int, last_at bigint, severity smallint, doc jsonb) order by id
        on conflict (tenant, id) do update
          set incident = excluded.incident, last_at = excluded.last_at, severity = excluded.severity, doc = excluded.doc
          where alert.doc is distinct from excluded.doc`,
    },
    [tx.tenant, storableJson(rows)],
  )
}

/** An event that an alert stands for, by its delivery and position in it. */
export interface AlertEvent {
  readonly alert: AlertId
  readonly event: EventId
  readonly seq: number
  readonly index: number
}

const maxEventsPerAlert = 200

/** Writes which events stand behind alerts; of each alert the newest {@link maxEventsPerAlert} are kept. */
export async function saveAlertEvents(tx: Tx, links: readonly AlertEvent[]): Promise<void> {
  const byAlert = Map.groupBy(links, (one) => one.alert)
  const kept = [...byAlert.values()].flatMap((of) => of.slice(-maxEventsPerAlert))
  if (kept.length === 0) return
  await tx.query(
    {
      name: 'save-alert-events',
      text: `insert into alert_event (tenant, alert, event, seq, idx)
        select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::int[]) on conflict do nothing`,
    },
    [tx.tenant, kept.map((l) => l.alert), kept.map((l) => l.event), kept.map((l) => l.seq), kept.map((l) => l.index)],
  )
  await tx.query(
    {
      name: 'bound-alert-events',
      text: `delete from alert_event a using (
          select e.alert, e.event from unnest($2::text[]) as touched(alert) cross join lateral (
            select alert, event from alert_event where tenant = $1 and alert = touched.alert
            order by seq desc, idx desc offset ${maxEventsPerAlert}) e) old
        where a.tenant = $1 and a.alert = old.alert and a.event = old.event`,
    },
    [tx.tenant, [...byAlert.keys()]],
  )
}

/**
 * Writes incidents that are new or changed: the machine's part only. An incident that was merged gives its alerts, and
 * where the other has none its owner and acknowledgement, to the one it was merged into.
 */
export async function saveIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return
  const rows = incidents.map((one) => ({
    number: one.number,
    status: one.status === 'merged' ? 'merged' : 'new',
    severity: one.assessment?.severity ?? null,
    score: one.assessment?.score ?? null,
    first_at: one.firstAt,
    last_at: one.lastAt,
    merged_into: one.mergedInto,
    doc: one,
  }))
  await tx.query(
    {
      name: 'save-incidents',
      text: `insert into incident (tenant, number, status, severity, score, first_at, last_at, merged_into, doc)
        select $1, number, status, severity, score, first_at, last_at, merged_into, doc
        from jsonb_to_recordset($2::jsonb) as r(number int, status text, severity text, score int, first_at bigint,
          last_at bigint, merged_into int, doc jsonb) order by number
        on conflict (tenant, number) do update
          set status = case when excluded.merged_into is null then incident.status else 'merged' end,
            severity = excluded.severity, score = excluded.score, first_at = excluded.first_at,
            last_at = excluded.last_at, merged_into = excluded.merged_into, doc = excluded.doc
          where incident.doc is distinct from excluded.doc`,
    },
    [tx.tenant, storableJson(rows)],
  )
  for (const { number, mergedInto } of incidents) {
    if (mergedInto === null) continue
    await moveAlerts(tx, number, mergedInto)
    await giveWork(tx, number, mergedInto)
  }
}

/** All alerts of a merged incident, and what was done for them, now belong to the surviving one. */
export async function moveAlerts(tx: Tx, from: IncidentNumber, into: IncidentNumber): Promise<void> {
  await tx.query(
    `update alert set incident = $3, doc = jsonb_set(doc, '{incident}', to_jsonb($3::int)) where tenant = $1 and incident = $2`,
    [tx.tenant, from, into],
  )
  await tx.query('update run set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
  await tx.query('update effect set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
  await tx.query('update approval set incident = $3 where tenant = $1 and incident = $2', [tx.tenant, from, into])
}

async function giveWork(tx: Tx, from: IncidentNumber, into: IncidentNumber): Promise<void> {
  await tx.query(
    `with taken as (
        update incident i set owner = coalesce(i.owner, given.owner),
          acknowledged_at = least(i.acknowledged_at, given.acknowledged_at),
          status = case when i.status = 'new' and given.acknowledged_at is not null then 'acknowledged' else i.status end
        from incident given where i.tenant = $1 and i.number = $3 and given.tenant = $1 and given.number = $2
          and (given.owner is not null or given.acknowledged_at is not null) returning i.number)
      insert into incident_change (tenant, incident) select $1, number from taken`,
    [tx.tenant, from, into],
  )
  await tx.query(
    `update task t set incident = $3, n = t.n + (select coalesce(max(n), 0) from task where tenant = $1 and incident = $3)
      where tenant = $1 and incident = $2
        and not exists (select from task o where o.tenant = $1 and o.incident = $3 and o.title = t.title)`,
    [tx.tenant, from, into],
  )
}
