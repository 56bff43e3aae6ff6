import type { Alert, IncidentNumber } from '../model/index.ts'
import { entityKeys, entityOf } from './entity-index.ts'
import { type CorrelationState, resolve } from './state.ts'

/** Whether a person keeps two incidents apart: themselves, or what was merged into them since. */
export function areApart(state: CorrelationState, one: IncidentNumber, other: IncidentNumber): boolean {
  const keeps = (a: IncidentNumber, b: IncidentNumber) =>
    (state.briefs.get(a)?.apartFrom ?? []).some((number) => resolve(state, number) === b)
  return keeps(one, other) || keeps(other, one)
}

/**
 * Of incidents that an alert belongs to, those that may become one: where a person keeps some of them apart, `own` (the incident that has the
 * alert already) stays, else the one that shares most values with the alert, of equals the oldest; others join it as long as none of them is kept apart.
 */
export function together(
  state: CorrelationState,
  alert: Pick<Alert, 'observables'>,
  numbers: readonly IncidentNumber[],
  own: IncidentNumber | null,
): readonly IncidentNumber[] {
  const isSplit = numbers.some((one, at) => numbers.slice(at + 1).some((other) => areApart(state, one, other)))
  if (!isSplit) return numbers
  const keys = new Set(entityKeys(alert.observables).map(entityOf))
  const sharedBy = (number: IncidentNumber) =>
    (state.briefs.get(number)?.entities ?? []).filter((one) => keys.has(one)).length
  const ranked = numbers.toSorted((a, b) => sharedBy(b) - sharedBy(a) || a - b)
  const chosen: IncidentNumber[] = own === null ? [] : [own]
  for (const number of ranked)
    if (!chosen.includes(number) && chosen.every((one) => !areApart(state, one, number))) chosen.push(number)
  return chosen
}
