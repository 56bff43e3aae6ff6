import type { Incident } from '../model/index.ts'
import { type CorrelationState, indexIncident, isOpen, putIncident } from './state.ts'

/**
 * Takes over what people and playbooks did with an incident: status, owner, verdict and times of work. What the machine
 * found stays as it is; an incident that was opened again takes alerts again.
 */
export function takeOver(state: CorrelationState, worked: Incident): void {
  const known = state.incidents.get(worked.number)
  if (known === undefined || known.status === 'merged') return
  const { status, owner, verdict } = worked
  const { acknowledgedAt, containedAt, resolvedAt } = worked.times
  const incident: Incident = {
    ...known,
    status,
    owner,
    verdict,
    times: { ...known.times, acknowledgedAt, containedAt, resolvedAt },
  }
  putIncident(state, incident)
  if (isOpen(incident)) indexIncident(state, incident)
}
