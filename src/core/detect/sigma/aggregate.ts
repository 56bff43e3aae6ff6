import { type Comparison, meets } from './correlation-condition.ts'
import type { CorrelationRule } from './correlation-rule.ts'
import type { Entry } from './correlation-state.ts'

/** What the matches of a window come to. */
export interface Aggregate {
  readonly met: boolean
  /** The number that the condition was asked of. */
  readonly number: number
  /** The values it stands for, in order; of `value_` types. */
  readonly values: readonly string[]
}

/** Computes what a correlation's condition is about, over entries in order of time. */
export function aggregate(rule: CorrelationRule, entries: readonly Entry[]): Aggregate {
  const of = (number: number, values: readonly string[] = []): Aggregate => ({
    met: meets(rule.condition, number),
    number,
    values,
  })
  switch (rule.type) {
    case 'event_count':
      return of(entries.length)
    case 'value_count': {
      const values = [...new Set(entries.map(([, , value]) => String(value)))]
      return of(values.length, values)
    }
    case 'temporal':
      return of(new Set(entries.map(([, , , id]) => id)).size)
    case 'temporal_ordered':
      return of(longestChain(inOrder(rule, entries)))
    case 'value_sum':
      return of(numbersOf(entries).reduce((sum, one) => sum + one, 0))
    case 'value_avg': {
      const numbers = numbersOf(entries)
      return of(numbers.reduce((sum, one) => sum + one, 0) / numbers.length)
    }
    case 'value_percentile':
      return rule.percentile === null
        ? shares(rule.condition, entries)
        : of(
            percentileOf(
              [...numbersOf(entries)].sort((a, b) => a - b),
              rule.percentile,
            ),
          )
  }
}

const numbersOf = (entries: readonly Entry[]) => entries.map(([, , value]) => (typeof value === 'number' ? value : 0))

/**
 * The p-th percentile of sorted numbers, linear between the two closest ranks: rank p/100 * (n - 1), as NumPy's default
 * and spreadsheets' PERCENTILE.INC have it (Hyndman and Fan, type 7).
 */
export function percentileOf(sorted: readonly number[], percentile: number): number {
  const rank = (percentile / 100) * (sorted.length - 1)
  const low = sorted[Math.floor(rank)] ?? 0
  const high = sorted[Math.ceil(rank)] ?? low
  return low + (high - low) * (rank - Math.floor(rank))
}

/** The share of each value in all of them, in percent; the rarest that meets the condition speaks for the others. */
function shares(condition: readonly Comparison[], entries: readonly Entry[]): Aggregate {
  const counts = new Map<string, number>()
  for (const [, , value] of entries) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  const found = [...counts]
    .map(([value, count]) => ({ value, share: (count / entries.length) * 100 }))
    .sort((a, b) => a.share - b.share || (a.value < b.value ? -1 : 1))
  const meeting = found.filter(({ share }) => meets(condition, share))
  const [first] = meeting.length > 0 ? meeting : found
  return { met: meeting.length > 0, number: first?.share ?? 0, values: meeting.map(({ value }) => value) }
}

/** The rules' places in the order written; of one event, which is one step and no more, the last first. */
function inOrder({ rules }: CorrelationRule, entries: readonly Entry[]): readonly number[] {
  const places: number[] = []
  let ofEvent: number[] = []
  const close = () => {
    places.push(...ofEvent.sort((a, b) => b - a))
    ofEvent = []
  }
  for (const [index, [, event, , id]] of entries.entries()) {
    if (index > 0 && entries[index - 1]?.[1] !== event) close()
    ofEvent.push(rules.indexOf(id))
  }
  close()
  return places
}

/** How many different rules occur one after another in the order in which they are written. */
export function longestChain(indexes: readonly number[]): number {
  // The least last rule of a chain of each length: patience sorting.
  const tails: number[] = []
  for (const index of indexes) {
    const at = tails.findIndex((tail) => tail >= index)
    tails[at < 0 ? tails.length : at] = index
  }
  return tails.length
}
