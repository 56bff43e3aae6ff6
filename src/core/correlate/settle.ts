import type { Alert, AlertGroup, Decision, Incident, IncidentNumber } from '../model/index.ts'
import { type Escalated, escalate } from './escalate.ts'
import type { CorrelationRules } from './rules.ts'
import { type CorrelationState, putIncident } from './state.ts'
import { titleOf } from './title.ts'

/** What correlation made of one alert. */
export type Correlated =
  | { readonly outcome: 'suppressed'; readonly decision: Decision }
  | { readonly outcome: 'duplicate'; readonly decision: Decision }
  | {
      readonly outcome: 'alerted'
      readonly alert: AlertGroup
      readonly isNew: boolean
      /** Null for an alert that is kept without an incident. */
      readonly incident: Incident | null
      readonly change: 'opened' | 'extended' | 'aggregated' | 'kept'
      readonly merged: readonly { readonly from: IncidentNumber; readonly into: IncidentNumber }[]
      readonly decisions: readonly Decision[]
      readonly escalations: Escalated
    }

type Rest = Pick<Extract<Correlated, { outcome: 'alerted' }>, 'isNew' | 'change' | 'merged' | 'decisions'>

/** Titles, escalates and stores the incident. */
export async function settle(
  state: CorrelationState,
  incident: Incident,
  group: AlertGroup,
  alert: Alert,
  rules: CorrelationRules,
  rest: Rest,
): Promise<Correlated> {
  const titled = { ...incident, title: titleOf(incident, incident.alertCount === 1 ? group.title : alert.title) }
  const { incident: settled, escalated } = await escalate(state, titled, rules)
  putIncident(state, settled)
  return { outcome: 'alerted', alert: group, incident: settled, escalations: escalated, ...rest }
}
