import type { Alert, AlertGroup, Decision, Incident, IncidentNumber } from '../model/index.ts'
import { incidentFacts } from './facts.ts'
import type { CorrelationRules } from './rules.ts'
import { type CorrelationState, putIncident, withDecisions } from './state.ts'
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
      readonly escalations: readonly { readonly decision: Decision; readonly tasks: readonly string[] }[]
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
  let settled: Incident = {
    ...incident,
    title: titleOf(incident, incident.alertCount === 1 ? group.title : alert.title),
  }
  const escalations: { decision: Decision; tasks: readonly string[] }[] = []
  for (const rule of rules.escalation) {
    if (settled.escalations.includes(rule.ref.id)) continue
    const { matched, facts } = await rule.when.decide(incidentFacts(settled))
    if (!matched) continue
    const decision: Decision = {
      answer: 'escalated',
      rule: rule.ref,
      facts,
      sentence: `${rule.ref.title}: ${facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')}`,
    }
    escalations.push({ decision, tasks: rule.tasks })
    settled = {
      ...withDecisions(state, settled, [decision]),
      escalations: [...settled.escalations, rule.ref.id],
      maxSeverity: rule.severity !== null && rule.severity > settled.maxSeverity ? rule.severity : settled.maxSeverity,
    }
  }
  putIncident(state, settled)
  return { outcome: 'alerted', alert: group, incident: settled, escalations, ...rest }
}
