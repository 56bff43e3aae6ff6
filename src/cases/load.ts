import {
  type AlertBrief,
  briefOfAlert,
  briefOfIncident,
  type CorrelationState,
  type Recall,
  rememberAlert,
  rememberIncident,
} from '../core/correlate/index.ts'
import type { AlertGroup, Decision, Incident, IncidentNumber, IncidentStatus, Observable } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import {
  type AlertRow,
  alertOfRow,
  columnsButDecisions,
  type IncidentRow,
  incidentColumns,
  incidentOf,
} from './incident-row.ts'

const page = 2000

interface BriefRow {
  readonly number: number
  readonly status: IncidentStatus
  readonly merged_into: number | null
  readonly first_at: number
  readonly last_at: number
  readonly tactics: readonly string[]
  readonly observables: readonly Observable[]
  readonly apart: readonly number[] | null
}

/**
 * Of incidents and alerts whose last event (event time) is not before `since`, what correlation keeps in memory: what it goes
 * on with after a restart. Page by page, so that whole ones never are in memory together.
 */
export async function loadBriefs(tx: Tx, since: number, state: CorrelationState): Promise<void> {
  for (let after = 0; ; ) {
    const incidents = await tx.query<BriefRow>(
      `select number, status, merged_into, first_at, last_at, doc->'tactics' as tactics, doc->'observables' as observables, doc->'apartFrom' as apart
       from incident where tenant = $1 and last_at >= $2 and number > $3 order by number limit ${page}`,
      [tx.tenant, since, after],
    )
    for (const { merged_into, first_at, last_at, apart, ...row } of incidents.rows)
      rememberIncident(
        state,
        briefOfIncident(
          {
            ...row,
            mergedInto: merged_into,
            firstAt: first_at,
            lastAt: last_at,
            ...(apart === null ? {} : { apartFrom: apart }),
          },
          undefined,
        ),
      )
    if (incidents.rowCount < page) break
    after = incidents.rows.at(-1)?.number ?? after
  }
  for (let after: readonly [at: number, id: string] = [since, '']; ; ) {
    const alerts = await tx.query<AlertBrief>(
      `select id, doc->>'key' as key, incident, last_at as "lastAt" from alert
       where tenant = $1 and (last_at, id) > ($2, $3) order by last_at, id limit ${page}`,
      [tx.tenant, ...after],
    )
    for (const one of alerts.rows) rememberAlert(state, briefOfAlert(one))
    const last = alerts.rows.at(-1)
    if (alerts.rowCount < page || last === undefined) return
    after = [last.lastAt, last.id]
  }
}

/** Reads whole incidents and alerts back for correlation, in the batch's transaction. */
export function recallFrom(tx: Tx): Recall {
  return {
    async incidents(numbers) {
      const found = await tx.query<Omit<IncidentRow, 'decisions'> & { readonly decisions: number }>(
        {
          name: 'recall-incidents',
          text: `select ${columnsButDecisions}, (select count(*) from incident_decision d
              where d.tenant = incident.tenant and d.incident = incident.number) as decisions
            from incident where tenant = $1 and number = any($2::int[]) order by number`,
        },
        [tx.tenant, numbers],
      )
      return found.rows.map(({ decisions, ...row }) => ({ incident: incidentOf({ ...row, decisions: [] }), decisions }))
    },
    async decisions(number) {
      const found = await tx.query<{ doc: Decision }>(
        {
          name: 'recall-decisions',
          text: 'select doc from incident_decision where tenant = $1 and incident = $2 order by n',
        },
        [tx.tenant, number],
      )
      return found.rows.map((row) => row.doc)
    },
    async alerts(ids) {
      const found = await tx.query<AlertRow>(
        { name: 'recall-alerts', text: 'select incident, doc from alert where tenant = $1 and id = any($2::text[])' },
        [tx.tenant, ids],
      )
      return found.rows.map(alertOfRow)
    },
  }
}

/**
 * Incidents that people or playbooks changed since this was last called, as they are now. The pipeline calls it at the
 * start of a batch, in the batch's transaction, and puts their status, owner, verdict and times into its state.
 */
export async function takeWork(tx: Tx): Promise<readonly Incident[]> {
  const taken = await tx.query<{ incident: number }>(
    { name: 'take-work', text: 'delete from incident_change where tenant = $1 returning incident' },
    [tx.tenant],
  )
  if (taken.rowCount === 0) return []
  const found = await tx.query<IncidentRow>(
    `select ${incidentColumns} from incident where tenant = $1 and number = any($2::int[]) order by number`,
    [tx.tenant, taken.rows.map((row) => row.incident)],
  )
  return found.rows.map(incidentOf)
}

/** All alerts of an incident, whatever their number. */
export async function readAlerts(tx: Tx, incident: IncidentNumber): Promise<readonly AlertGroup[]> {
  const found = await tx.query<AlertRow>(
    'select incident, doc from alert where tenant = $1 and incident = $2 order by id',
    [tx.tenant, incident],
  )
  return found.rows.map(alertOfRow)
}
