import type { AlertGroup, Incident } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { type AlertRow, alertOfRow, type IncidentRow, incidentColumns, incidentOf } from './incident-row.ts'

/** Alerts and incidents whose last event (event time) is not before `since`: what correlation goes on with after a restart. */
export async function loadRecent(
  tx: Tx,
  since: number,
): Promise<{ alerts: readonly AlertGroup[]; incidents: readonly Incident[] }> {
  const alerts = await tx.query<AlertRow>(
    'select incident, doc from alert where tenant = $1 and last_at >= $2 order by last_at, id',
    [tx.tenant, since],
  )
  const incidents = await tx.query<IncidentRow>(
    `select ${incidentColumns} from incident where tenant = $1 and last_at >= $2 order by number`,
    [tx.tenant, since],
  )
  return { alerts: alerts.rows.map(alertOfRow), incidents: incidents.rows.map(incidentOf) }
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
