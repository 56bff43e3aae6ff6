import type { Decision, Incident } from '../model/index.ts'
import { incidentFacts } from './facts.ts'
import type { CorrelationRules } from './rules.ts'
import { type CorrelationState, withDecisions } from './state.ts'

/** Escalation rules that hold now and did not before, with the tasks that they leave. */
export type Escalated = readonly { readonly decision: Decision; readonly tasks: readonly string[] }[]

/** Asks the escalation rules that have not fired for the incident. */
export async function escalate(
  state: CorrelationState,
  incident: Incident,
  rules: CorrelationRules,
): Promise<{ readonly incident: Incident; readonly escalated: Escalated }> {
  let settled = incident
  let seen = incidentFacts(settled)
  const escalated: { decision: Decision; tasks: readonly string[] }[] = []
  for (const rule of rules.escalation) {
    if (settled.escalations.includes(rule.ref.id)) continue
    const { matched, facts } = rule.when.known(seen) ?? (await rule.when.decide(seen))
    if (!matched) continue
    const decision: Decision = {
      answer: 'escalated',
      rule: rule.ref,
      facts,
      sentence: `${rule.ref.title}: ${facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')}`,
    }
    escalated.push({ decision, tasks: rule.tasks })
    settled = {
      ...withDecisions(state, settled, [decision]),
      escalations: [...settled.escalations, rule.ref.id],
      maxSeverity: rule.severity !== null && rule.severity > settled.maxSeverity ? rule.severity : settled.maxSeverity,
    }
    seen = incidentFacts(settled)
  }
  return { incident: settled, escalated }
}
