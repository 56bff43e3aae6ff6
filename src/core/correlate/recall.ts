import type { Alert, AlertGroup, AlertId, Decision, Incident, IncidentNumber } from '../model/index.ts'
import { keptKey } from './brief.ts'
import { nearIncidents } from './group.ts'
import type { GroupingRule } from './rules.ts'
import { type CorrelationState, dropIncident, holdIncident, resolve, setIncident } from './state.ts'

/** Reads back what is stored and no longer in memory; what is asked for is stored. */
export interface Recall {
  /** Incidents without their decisions, and how many of those there are. */
  incidents(
    numbers: readonly IncidentNumber[],
  ): Promise<readonly { readonly incident: Incident; readonly decisions: number }[]>
  /** The decisions of one incident, in order. */
  decisions(number: IncidentNumber): Promise<readonly Decision[]>
  alerts(ids: readonly AlertId[]): Promise<readonly AlertGroup[]>
}

/** For a state from which nothing is ever let go. */
export const nothingToRecall: Recall = { incidents: async () => [], decisions: async () => [], alerts: async () => [] }

/** The incident, from memory or the store; of its decisions perhaps only the last. Throws when the store does not have it. */
export async function wholeIncident(
  state: CorrelationState,
  number: IncidentNumber,
  recall: Recall,
): Promise<Incident> {
  if (!state.incidents.has(number)) await recallIncidents(state, [number], recall)
  const incident = state.incidents.get(number)
  if (incident === undefined) throw new Error(`incident ${number} is not in the store`)
  return incident
}

/** All decisions of an incident that is in memory, those that are in the store only among them. */
export async function allDecisions(
  state: CorrelationState,
  incident: Incident,
  recall: Recall,
): Promise<readonly Decision[]> {
  const omitted = state.omittedDecisions.get(incident.number) ?? 0
  if (omitted === 0) return incident.decisions
  return [...(await recall.decisions(incident.number)).slice(0, omitted), ...incident.decisions]
}

/** The whole alert, from memory or the store. Throws when the store does not have it. */
export async function wholeAlert(state: CorrelationState, id: AlertId, recall: Recall): Promise<AlertGroup> {
  if (!state.groups.has(id)) await recallAlerts(state, [id], recall)
  const alert = state.groups.get(id)
  if (alert === undefined) throw new Error(`alert ${id} is not in the store`)
  return alert
}

/**
 * Recalls in one go what correlating these alerts will ask for, as far as it can be known before: correlation itself
 * recalls the rest one by one.
 */
export async function recallFor(
  state: CorrelationState,
  alerts: readonly Alert[],
  rules: readonly GroupingRule[],
  recall: Recall,
): Promise<void> {
  const numbers = new Set<IncidentNumber>()
  const ids = new Set<AlertId>()
  for (const alert of alerts) {
    for (const { brief } of nearIncidents(state, alert, rules)) numbers.add(brief.number)
    const like = state.alerts.get(keptKey(alert.key))
    if (like === undefined || like.id === alert.id) continue
    ids.add(like.id)
    const number = resolve(state, like.incident)
    if (state.briefs.has(number)) numbers.add(number)
  }
  const missing = [...numbers].filter((one) => !state.incidents.has(one))
  await Promise.all([
    recallIncidents(state, missing, recall),
    recallAlerts(
      state,
      [...ids].filter((one) => !state.groups.has(one)),
      recall,
    ),
  ])
}

async function recallIncidents(
  state: CorrelationState,
  numbers: readonly IncidentNumber[],
  recall: Recall,
): Promise<void> {
  if (numbers.length === 0) return
  for (const { incident, decisions } of await recall.incidents(numbers.toSorted((a, b) => a - b))) {
    const brief = state.briefs.get(incident.number)
    // What people do meanwhile is taken over at the start of a batch, for all of an incident at once.
    if (brief !== undefined) holdIncident(state, { ...incident, status: brief.status, decisions: [] }, decisions)
  }
}

async function recallAlerts(state: CorrelationState, ids: readonly AlertId[], recall: Recall): Promise<void> {
  if (ids.length === 0) return
  for (const alert of await recall.alerts(ids.toSorted())) state.groups.set(alert.id, alert)
}

/** How much of what is stored may stay in memory as a whole; `incidentWeight` is about bytes. */
export interface Holding {
  readonly incidentWeight: number
  readonly alerts: number
}

/** Lets go of incidents and alerts that are stored and were not used for longest, down to what may stay, and of all stored decisions. */
export function letGo(state: CorrelationState, may: Holding): void {
  const excess = state.groups.size - may.alerts
  if (excess > 0) {
    let gone = 0
    for (const id of state.groups.keys()) {
      if (gone++ === excess) break
      if (!state.dirtyAlerts.has(id)) state.groups.delete(id)
    }
  }
  for (const number of state.telling) {
    const incident = state.incidents.get(number)
    if (incident === undefined || state.dirtyIncidents.has(number)) continue
    setIncident(state, { ...incident, decisions: [] })
    state.omittedDecisions.set(number, state.storedDecisions.get(number) ?? 0)
  }
  for (const number of state.incidents.keys()) {
    if (state.weight <= may.incidentWeight) return
    if (!state.dirtyIncidents.has(number)) dropIncident(state, number)
  }
}
