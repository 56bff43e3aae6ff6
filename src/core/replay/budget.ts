import type { NoiseLine, Plan } from './plan.ts'
import type { Replayed } from './replayed.ts'

/** What a change may cost people per day of history. */
export interface Budget {
  /** Lines for people that one rule may raise. */
  readonly linesPerRule: number
  /** For single rules, by id. */
  readonly rules: Readonly<Record<string, number>>
  /** Incidents and questions that all content may raise; null = not bounded. */
  readonly incidents: number | null
  readonly approvals: number | null
}

export const defaultBudget: Budget = { linesPerRule: 20, rules: {}, incidents: null, approvals: null }

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
      const budgetPerDay = Object.hasOwn(budget.rules, rule.id)
        ? (budget.rules[rule.id] ?? budget.linesPerRule)
        : budget.linesPerRule
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

/** What breaks the budget, in sentences. */
export function exceededBy(
  noise: readonly NoiseLine[],
  totals: Plan['totals'],
  budget: Budget,
  days: number,
): readonly string[] {
  const perDay = (value: number) => Number((value / days).toFixed(2))
  const overall = (['incidents', 'approvals'] as const).flatMap((name) => {
    const [before, after] = totals[name]
    const limit = budget[name]
    if (limit === null || after / days <= limit || after <= before) return []
    return [`${name}: ${perDay(after)} a day, ${perDay(before)} before, the budget is ${limit}`]
  })
  return [
    ...noise
      .filter((one) => one.isExceeded)
      .map(
        ({ rule, afterPerDay, beforePerDay, budgetPerDay }) =>
          `"${rule.title}" (${rule.id}): ${perDay(afterPerDay * days)} a day, ${perDay(beforePerDay * days)} before, the budget is ${budgetPerDay}`,
      ),
    ...overall,
  ]
}
