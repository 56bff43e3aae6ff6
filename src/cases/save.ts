import type { NumberedDecision } from '../core/correlate/index.ts'
import { type AlertGroup, type AlertId, type EventId, gradedBy, type Incident } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { mergesOf, mergeWork } from './merge-work.ts'
import { storableJson } from './storable.ts'

/** An event that an alert stands for, by its delivery and position in it. */
export interface AlertEvent {
  readonly alert: AlertId
  readonly event: EventId
  readonly seq: number
  readonly index: number
  /** How many events the alert stands for with this one. */
  readonly count: number
}

const maxEventsPerAlert = 200

/**
 * Writes alerts that are new or changed (rows that would not change are not rewritten), and which events stand behind them: of
 * each alert the newest {@link maxEventsPerAlert} are kept.
 */
export async function saveAlerts(
  tx: Tx,
  alerts: readonly AlertGroup[],
  links: readonly AlertEvent[] = [],
): Promise<void> {
  if (alerts.length === 0 && links.length === 0) return
  const rows = alerts.map((one) => ({
    id: one.id,
    incident: one.incident,
    last_at: one.lastAt,
    severity: one.severity,
    doc: one,
  }))
  const kept = [...Map.groupBy(links, (one) => one.alert).values()].flatMap((of) => of.slice(-maxEventsPerAlert))
  void tx.write(
    {
      name: 'save-alerts',
      text: `with linked as (
          insert into alert_event (tenant, alert, event, seq, idx)
          select $1, * from unnest($3::text[], $4::text[], $5::bigint[], $6::int[]) on conflict do nothing)
        insert into alert (tenant, id, incident, last_at, severity, doc)
        select $1, id, incident, last_at, severity, doc
        from jsonb_to_recordset($2::jsonb) as r(id text, incident int, last_at bigint, severity smallint, doc jsonb) order by id
        on conflict (tenant, id) do update
          set incident = excluded.incident, last_at = excluded.last_at, severity = excluded.severity, doc = excluded.doc
          where alert.doc is distinct from excluded.doc or alert.incident <> excluded.incident`,
    },
    [
      tx.tenant,
      storableJson(rows),
      kept.map((one) => one.alert),
      kept.map((one) => one.event),
      kept.map((one) => one.seq),
      kept.map((one) => one.index),
    ],
  )
  const full = new Set(links.filter((one) => one.count > maxEventsPerAlert).map((one) => one.alert))
  if (full.size === 0) return
  void tx.write(
    {
      name: 'bound-alert-events',
      text: `delete from alert_event a using (
          select e.alert, e.event from unnest($2::text[]) as touched(alert) cross join lateral (
            select alert, event from alert_event where tenant = $1 and alert = touched.alert
            order by seq desc, idx desc offset ${maxEventsPerAlert}) e) old
        where a.tenant = $1 and a.alert = old.alert and a.event = old.event`,
    },
    [tx.tenant, [...full]],
  )
}

/** {@link writeIncidents}, and what belongs to those that were merged goes to the ones they ended up in. */
export async function saveIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  const decisions = incidents.flatMap(({ number, decisions }) =>
    decisions.map((decision, index) => ({ incident: number, n: index + 1, decision })),
  )
  await writeIncidents(tx, incidents, decisions)
  await mergeWork(tx, mergesOf(incidents))
}

/**
 * Writes incidents that are new or changed: the machine's part only, without their decisions; and the decisions that are
 * new. Locks the rows of the incidents in ascending order. What belongs to merged ones is for {@link mergeWork}, after
 * everything else that is written about them.
 */
export async function writeIncidents(
  tx: Tx,
  incidents: readonly Incident[],
  decisions: readonly NumberedDecision[],
): Promise<void> {
  if (incidents.length === 0) return
  const rows = incidents.map(({ decisions: _, ...doc }) => ({
    number: doc.number,
    status: doc.status === 'merged' ? 'merged' : 'new',
    severity: doc.assessment === null ? null : gradedBy(doc.assessment, null).severity,
    score: doc.assessment?.score ?? null,
    first_at: doc.firstAt,
    last_at: doc.lastAt,
    merged_into: doc.mergedInto,
    doc,
  }))
  const added = decisions.map(({ incident, n, decision }) => ({ incident, n, doc: decision }))
  void tx.write(
    {
      name: 'save-incidents',
      text: `with saved as (
          insert into incident (tenant, number, status, severity, score, first_at, last_at, merged_into, doc)
          select $1, number, status, severity, score, first_at, last_at, merged_into, doc
          from jsonb_to_recordset($2::jsonb) as r(number int, status text, severity text, score int, first_at bigint,
            last_at bigint, merged_into int, doc jsonb) order by number
          on conflict (tenant, number) do update
            set status = case when excluded.merged_into is null then incident.status else 'merged' end,
              severity = coalesce(incident.said_severity->>'severity', excluded.severity), score = excluded.score, first_at = excluded.first_at,
              last_at = excluded.last_at, merged_into = excluded.merged_into, doc = excluded.doc
            where incident.doc is distinct from excluded.doc)
        insert into incident_decision (tenant, incident, n, doc)
        select $1, incident, n, doc from jsonb_to_recordset($3::jsonb) as d(incident int, n int, doc jsonb)
        on conflict do nothing`,
    },
    [tx.tenant, storableJson(rows), storableJson(added)],
  )
}
