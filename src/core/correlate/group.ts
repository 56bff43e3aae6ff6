import { type Alert, type Decision, formatPlace, type Incident, type IncidentNumber, oneLine } from '../model/index.ts'
import { alertRecord } from './facts.ts'
import type { GroupingRule } from './rules.ts'
import { type CorrelationState, entityKeys, isOpen, isRemembered } from './state.ts'
import { tacticOrder } from './title.ts'

/** An incident that an alert belongs to, and why. */
export interface Candidate {
  readonly incident: Incident
  readonly decision: Decision
}

/**
 * The open incidents an alert belongs to, by the first rule that says so for each. Event time decides: an alert joins
 * when it lies within the rule's window before the incident's first or after its last alert.
 */
export function findIncidents(
  state: CorrelationState,
  alert: Alert,
  rules: readonly GroupingRule[],
): readonly Candidate[] {
  const keys = entityKeys(alert.observables)
  const found = new Map<IncidentNumber, Candidate>()
  for (const rule of rules) {
    if (rule.match !== null && !rule.match.test(alertRecord(alert))) continue
    for (const key of keys) {
      if (!rule.share.includes(key.slice(0, key.indexOf(':')))) continue
      const numbers = state.index.get(key)
      if (numbers === undefined) continue
      const near = nearBy(state, numbers, alert, rule)
      if (near === null) continue
      for (const incident of near) {
        if (found.has(incident.number) || (rule.behaviour === 'progression' && !progresses(incident, alert))) continue
        found.set(incident.number, { incident, decision: explain(rule, incident, alert, key) })
      }
    }
  }
  return [...found.values()].sort((a, b) => a.incident.number - b.incident.number)
}

/** The open incidents of a value within the window; null when they are too many for the value to say anything. */
function nearBy(
  state: CorrelationState,
  numbers: ReadonlySet<IncidentNumber>,
  alert: Alert,
  rule: GroupingRule,
): readonly Incident[] | null {
  const near: Incident[] = []
  for (const number of numbers) {
    const incident = state.incidents.get(number)
    if (incident === undefined || !isOpen(incident) || !isRemembered(state, incident.lastAt)) continue
    if (!isNear(incident, alert, rule.withinMs)) continue
    // A value in thousands of incidents must not cost a walk over all of them for every alert.
    if (near.length === rule.maxFanOut) return null
    near.push(incident)
  }
  return near
}

function isNear(incident: Incident, alert: Alert, withinMs: number): boolean {
  return alert.occurredAt >= incident.firstAt - withinMs && alert.occurredAt <= incident.lastAt + withinMs
}

/** A tactic that is new to the incident and not earlier in an attack than everything in it. */
function progresses(incident: Incident, alert: Alert): boolean {
  const reached = Math.min(...incident.tactics.map((one) => tacticOrder.indexOf(one)))
  return alert.tactics.some((one) => !incident.tactics.includes(one) && tacticOrder.indexOf(one) > reached)
}

function explain(rule: GroupingRule, incident: Incident, alert: Alert, key: string): Decision {
  const minutes = Math.round(Math.abs(alert.occurredAt - incident.lastAt) / 60_000)
  return {
    answer: 'joined',
    rule: rule.ref,
    facts: [
      { name: 'shared', value: key },
      { name: 'minutesFromLastAlert', value: minutes },
      { name: 'alert', value: alert.title },
    ],
    sentence: `"${alert.title}" joined incident ${incident.number}: shares ${oneLine(key, 120)}, ${minutes} min from its last alert (${rule.ref.id}${rule.ref.place === undefined ? '' : `, ${formatPlace(rule.ref.place)}`})`,
  }
}
