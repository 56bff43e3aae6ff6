import type { Budget, Limit } from '../content/index.ts'
import { formatPlace, type IncidentSeverity } from '../model/index.ts'
import type { NoiseLine, Plan } from './plan.ts'
import type { Replayed } from './replayed.ts'

/**
 * The noise of every rule that changed or is above its budget. A budget is broken by what raises the noise: a rule that
 * was too loud before the change and is no louder after it breaks nothing, but it is shown.
 */
export function noiseOf(before: Replayed, after: Replayed, days: number, budget: Budget): readonly NoiseLine[] {
  const linesOf = (one: Replayed) => new Map(one.ruleCounts.map(({ rule, lines }) => [rule, lines]))
  const [old, now] = [linesOf(before), linesOf(after)]
  const rules = new Map([...before.rules, ...after.rules].map((rule) => [rule.id, rule]))
  return [...rules.values()]
    .map((rule) => {
      const beforePerDay = (old.get(rule.id) ?? 0) / days
      const afterPerDay = (now.get(rule.id) ?? 0) / days
      const { value: budgetPerDay } = limitFor(rule.id, budget)
      const isExceeded = afterPerDay > budgetPerDay && afterPerDay > beforePerDay
      return { rule, beforePerDay, afterPerDay, budgetPerDay, isExceeded }
    })
    .filter((one) => one.beforePerDay !== one.afterPerDay || one.afterPerDay > one.budgetPerDay)
    .sort(
      (a, b) =>
        Number(b.isExceeded) - Number(a.isExceeded) ||
        b.afterPerDay - b.beforePerDay - (a.afterPerDay - a.beforePerDay) ||
        (a.rule.id < b.rule.id ? -1 : 1),
    )
}

/** What breaks the budget, in sentences that name the line of the policy. */
export function exceededBy(plan: Omit<Plan, 'exceeded'>, budget: Budget): readonly string[] {
  return [
    ...plan.noise
      .filter((one) => one.isExceeded)
      .map(
        ({ rule, afterPerDay, beforePerDay }) =>
          `"${rule.title}" (${rule.id}): ${rounded(afterPerDay)} a day, ${rounded(beforePerDay)} before, ${limitText(limitFor(rule.id, budget))}`,
      ),
    ...totalsBeyond(plan, budget),
    ...criticalBeyond(plan, budget.newCriticalTargets),
    ...lostBeyond(plan, budget),
    ...laterBeyond(plan, budget.detectedLaterMs),
  ]
}

function totalsBeyond({ totals, days }: Pick<Plan, 'totals' | 'days'>, budget: Budget): readonly string[] {
  return (['incidents', 'approvals'] as const).flatMap((name) => {
    const [before, after] = totals[name]
    const limit = budget[name]
    if (limit === null || after / days <= limit.value || after <= before) return []
    return [`${name}: ${rounded(after / days)} a day, ${rounded(before / days)} before, ${limitText(limit)}`]
  })
}

function criticalBeyond({ criticalTargets }: Pick<Plan, 'criticalTargets'>, limit: Limit | null): readonly string[] {
  const { added } = criticalTargets
  if (limit === null || added.length <= limit.value) return []
  return [`playbooks would act on critical assets that they did not touch: ${some(added)}; ${limitText(limit)}`]
}

function lostBeyond({ incidents }: Pick<Plan, 'incidents'>, budget: Budget): readonly string[] {
  return Object.entries(budget.lostIncidents).flatMap(([severity, limit]) => {
    const lost = incidents.lost.filter((one) => one.severity === (severity as IncidentSeverity))
    if (limit === undefined || lost.length <= limit.value) return []
    return [
      `${lost.length} ${severity} incident${lost.length === 1 ? '' : 's'} of history would not be opened: ${some(lost.map(({ title }) => title))}; ${limitText(limit)}`,
    ]
  })
}

function laterBeyond({ incidents }: Pick<Plan, 'incidents'>, limit: Limit | null): readonly string[] {
  const late = incidents.moved.filter(({ byMs }) => limit !== null && byMs > limit.value)
  if (limit === null || late.length === 0) return []
  const worst = Math.max(...late.map(({ byMs }) => byMs))
  return [
    `${late.length} incident${late.length === 1 ? '' : 's'} of history would be opened later, by up to ${Math.round(worst / 60_000)} minutes: ${some(late.map(({ before }) => before.title))}; the budget is ${limit.value / 60_000} minutes${placeText(limit)}`,
  ]
}

/** The bound on the lines of one rule. */
function limitFor(rule: string, budget: Budget): Limit {
  return (Object.hasOwn(budget.rules, rule) ? budget.rules[rule] : undefined) ?? budget.linesPerRule
}

const maxNamed = 3
const some = (names: readonly string[]) =>
  `${names.slice(0, maxNamed).join(', ')}${names.length > maxNamed ? ` and ${names.length - maxNamed} more` : ''}`
const placeText = ({ place }: Limit) => (place === null ? '' : ` (${formatPlace(place)})`)
const limitText = (limit: Limit) => `the budget is ${limit.value}${placeText(limit)}`
const rounded = (value: number) => Number(value.toFixed(2))
