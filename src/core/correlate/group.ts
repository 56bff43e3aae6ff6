import { type Alert, type Decision, formatPlace, type IncidentNumber, oneLine } from '../model/index.ts'
import type { IncidentBrief } from './brief.ts'
import { entityKeys, entityOf, heldBy } from './entity-index.ts'
import { alertRecord } from './facts.ts'
import type { GroupingRule } from './rules.ts'
import { type CorrelationState, isOpen, isRemembered } from './state.ts'
import { tacticOrder } from './title.ts'

/** An open incident that an alert belongs to: by which rule, and by which value that both have. */
export interface Near {
  readonly brief: IncidentBrief
  readonly rule: GroupingRule
  readonly key: string
}

/**
 * The open incidents an alert belongs to, by the first rule that says so for each, in order of numbers. Event time
 * decides: an alert joins when it lies within the rule's window before the incident's first or after its last alert.
 */
export function nearIncidents(state: CorrelationState, alert: Alert, rules: readonly GroupingRule[]): readonly Near[] {
  const keys = entityKeys(alert.observables)
  const found = new Map<IncidentNumber, Near>()
  for (const rule of rules) {
    if (rule.match !== null && !rule.match.test(alertRecord(alert))) continue
    for (const key of keys) {
      if (!rule.share.includes(key.slice(0, key.indexOf(':')))) continue
      const near = nearBy(state, heldBy(state.index, entityOf(key)), alert, rule)
      if (near === null) continue
      for (const brief of near) {
        if (found.has(brief.number) || (rule.behaviour === 'progression' && !progresses(brief, alert))) continue
        found.set(brief.number, { brief, rule, key })
      }
    }
  }
  return [...found.values()].sort((a, b) => a.brief.number - b.brief.number)
}

/** The open incidents of a value within the window; null when they are too many for the value to say anything. */
function nearBy(
  state: CorrelationState,
  numbers: readonly IncidentNumber[],
  alert: Alert,
  rule: GroupingRule,
): readonly IncidentBrief[] | null {
  const near: IncidentBrief[] = []
  // From the newest on, which are near as a rule: a value in thousands of incidents must not cost a walk over all of them for every alert.
  for (let at = numbers.length - 1; at >= 0; at--) {
    const brief = state.briefs.get(numbers[at] as IncidentNumber)
    if (brief === undefined || !isOpen(brief) || !isRemembered(state, brief.lastAt)) continue
    if (!isNear(brief, alert, rule.withinMs)) continue
    if (near.length === rule.maxFanOut) return null
    near.push(brief)
  }
  return near
}

function isNear(brief: IncidentBrief, alert: Alert, withinMs: number): boolean {
  return alert.occurredAt >= brief.firstAt - withinMs && alert.occurredAt <= brief.lastAt + withinMs
}

/** A tactic that is new to the incident and not earlier in an attack than everything in it. */
function progresses(brief: IncidentBrief, alert: Alert): boolean {
  const reached = Math.min(...brief.tactics.map((one) => tacticOrder.indexOf(one)))
  return alert.tactics.some((one) => !brief.tactics.includes(one) && tacticOrder.indexOf(one) > reached)
}

/** Why an alert belongs to an incident. */
export function explainNear({ brief, rule, key }: Near, alert: Alert): Decision {
  const minutes = Math.round(Math.abs(alert.occurredAt - brief.lastAt) / 60_000)
  return {
    answer: 'joined',
    rule: rule.ref,
    facts: [
      { name: 'shared', value: key },
      { name: 'minutesFromLastAlert', value: minutes },
      { name: 'alert', value: alert.title },
    ],
    sentence: `"${alert.title}" joined incident ${brief.number}: shares ${oneLine(key, 120)}, ${minutes} min from its last alert (${rule.ref.id}${rule.ref.place === undefined ? '' : `, ${formatPlace(rule.ref.place)}`})`,
  }
}
