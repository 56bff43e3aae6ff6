import { gradedBy, type Incident } from '../model/index.ts'
import { type CorrelationState, putIncident } from './state.ts'

/**
 * Takes over what people and playbooks did with an incident: status, owner, verdict, said severity and times of work. What the machine
 * found stays as it is; an incident that was opened again takes alerts again.
 */
export function takeOver(state: CorrelationState, worked: Incident): void {
  const brief = state.briefs.get(worked.number)
  if (brief === undefined || brief.status === 'merged') return
  const { status, owner, verdict } = worked
  const { acknowledgedAt, containedAt, resolvedAt } = worked.times
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
    verdict,
    assessment: known.assessment === null ? null : gradedBy(known.assessment, worked.assessment?.said ?? null),
    times: { ...known.times, acknowledgedAt, containedAt, resolvedAt },
  })
}
