import {
  type AlertGroup,
  type Decision,
  gradedBy,
  type Incident,
  type IncidentStatus,
  type SaidSeverity,
  type Verdict,
} from '../core/model/index.ts'

/** A stored incident: the machine's document, and what people and playbooks did in columns of their own. */
export interface IncidentRow {
  readonly number: number
  readonly status: IncidentStatus
  readonly merged_into: number | null
  readonly doc: Omit<Incident, 'decisions'>
  readonly decisions: readonly Decision[]
  readonly owner: string | null
  readonly milestone: string | null
  readonly verdict: Verdict | null
  readonly said_severity: SaidSeverity | null
  readonly acknowledged_at: number | null
  readonly contained_at: number | null
  readonly resolved_at: number | null
}

export const columnsButDecisions =
  'number, status, merged_into, doc, owner, milestone, verdict, said_severity, acknowledged_at, contained_at, resolved_at'

export const incidentColumns = `${columnsButDecisions},
  (select coalesce(jsonb_agg(d.doc order by d.n), '[]') from incident_decision d
    where d.tenant = incident.tenant and d.incident = incident.number) as decisions`

/** The incident with people's work in it. */
export function incidentOf(row: IncidentRow): Incident {
  return {
    ...row.doc,
    decisions: row.decisions,
    status: row.status,
    mergedInto: row.merged_into,
    owner: row.owner,
    milestone: row.milestone,
    verdict: row.verdict,
    assessment: row.doc.assessment === null ? null : gradedBy(row.doc.assessment, row.said_severity),
    times: {
      ...row.doc.times,
      acknowledgedAt: row.acknowledged_at,
      containedAt: row.contained_at,
      resolvedAt: row.resolved_at,
    },
  }
}

export interface AlertRow {
  readonly incident: number
  readonly doc: AlertGroup
}

/** The alert; which incident it belongs to stands in the column, because merging moves rows without reading them. */
export function alertOfRow(row: AlertRow): AlertGroup {
  return { ...row.doc, incident: row.incident }
}
