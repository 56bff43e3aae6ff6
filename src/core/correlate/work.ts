import {
  gradedBy,
  type Incident,
  type IncidentNumber,
  type IncidentStatus,
  type SaidSeverity,
  type Verdict,
} from '../model/index.ts'
import { type CorrelationState, putIncident } from './state.ts'

/** What people and playbooks did with an incident, as it is kept of the moment in which the engine took it over. */
export interface Worked {
  readonly number: IncidentNumber
  readonly status: IncidentStatus
  readonly owner: string | null
  /** Not told by what was kept before there were milestones. */
  readonly milestone?: string | null
  readonly verdict: Verdict | null
  readonly said: SaidSeverity | null
  readonly acknowledgedAt: number | null
  readonly containedAt: number | null
  readonly resolvedAt: number | null
}

/** The work on an incident. */
export function workedOf({ number, status, owner, milestone, verdict, assessment, times }: Incident): Worked {
  const { acknowledgedAt, containedAt, resolvedAt } = times
  const said = assessment?.said ?? null
  return { number, status, owner, milestone, verdict, said, acknowledgedAt, containedAt, resolvedAt }
}

/**
 * Takes over what people and playbooks did with an incident: status, owner, milestone, verdict, said severity and times of work. What the machine
 * found stays as it is; an incident that was opened again takes alerts again.
 */
export function takeOver(state: CorrelationState, worked: Worked): void {
  const brief = state.briefs.get(worked.number)
  if (brief === undefined || brief.status === 'merged') return
  const { status, owner, verdict, acknowledgedAt, containedAt, resolvedAt } = worked
  const known = state.incidents.get(worked.number)
  if (known === undefined) {
    // The whole incident is in the store, and comes from there with what was done to it.
    state.briefs.set(worked.number, { ...brief, status })
    return
  }
  putIncident(state, {
    ...known,
    status,
    owner,
    milestone: worked.milestone ?? null,
    verdict,
    assessment: known.assessment === null ? null : gradedBy(known.assessment, worked.said),
    times: { ...known.times, acknowledgedAt, containedAt, resolvedAt },
  })
}
