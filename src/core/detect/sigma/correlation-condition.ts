import { isObject, type Json } from '../../model/index.ts'

export const correlationOperators = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const

/** One criterion of a correlation's condition; all of a condition must hold. */
export interface Comparison {
  readonly operator: (typeof correlationOperators)[number]
  readonly value: number
}

const compare: Readonly<Record<Comparison['operator'], (seen: number, wanted: number) => boolean>> = {
  gt: (seen, wanted) => seen > wanted,
  gte: (seen, wanted) => seen >= wanted,
  lt: (seen, wanted) => seen < wanted,
  lte: (seen, wanted) => seen <= wanted,
  eq: (seen, wanted) => seen === wanted,
  neq: (seen, wanted) => seen !== wanted,
}

/** Whether a number meets all criteria. */
export function meets(condition: readonly Comparison[], seen: number): boolean {
  return condition.every(({ operator, value }) => compare[operator](seen, value))
}

/** The criteria of a condition, in the order of {@link correlationOperators}; null when one is no number. */
export function comparisonsOf(raw: Json): readonly Comparison[] | null {
  if (!isObject(raw)) return null
  const found = correlationOperators.filter((operator) => Object.hasOwn(raw, operator))
  const comparisons = found.flatMap((operator): readonly Comparison[] => {
    const value = raw[operator]
    return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? [{ operator, value }] : []
  })
  return comparisons.length === found.length ? comparisons : null
}

/** The condition as text: `at least 3 and less than 10`. */
export function conditionText(condition: readonly Comparison[]): string {
  return condition.map(({ operator, value }) => `${words[operator]} ${value}`).join(' and ')
}

const words: Readonly<Record<Comparison['operator'], string>> = {
  gt: 'more than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
  eq: 'exactly',
  neq: 'other than',
}

/** What a condition comes to over the whole numbers from 1 to `most`, which is all that a window can count. */
export function shapeOf(condition: readonly Comparison[], most: number): 'never' | 'rising' | 'other' {
  const near = condition.flatMap(({ value }) => [value - 1, value, value + 1].map(Math.round))
  const tried = [...new Set([1, most, ...near])].filter((one) => one >= 1 && one <= most).sort((a, b) => a - b)
  const held = tried.map((one) => meets(condition, one))
  if (!held.includes(true)) return 'never'
  const first = held.indexOf(true)
  return held.slice(first).includes(false) ? 'other' : 'rising'
}
