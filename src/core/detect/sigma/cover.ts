import type { Literal } from './literals.ts'
import { type Atom, atomsOf, type Search } from './search.ts'

/** A literal in a field; null = in any value of the record. */
export interface Watch {
  readonly field: string | null
  readonly literal: Literal
}

/** Watches of which one must be found for a search to hold. */
export type Cover = readonly Watch[]

/** Texts that are shorter and may stand anywhere cost more to look for than they spare, beside others. */
const leastExtra = 8
const isCheap = ({ literal }: Watch) => literal.at !== 'anywhere' || literal.text.length >= leastExtra

/** How often a literal is expected to be found: the higher the less it tells. */
export type Price = (watch: Watch) => number

const maxCovers = 3
/** Covers beside the first may have this many watches: they are there to spare work. */
const maxExtra = 40

/**
 * Covers of a search, all of which must be found for it to hold, the most telling first; none when it can hold without
 * any literal, like `not selection`. `settled` is a field that tells nothing more, for all events have what is wanted there.
 */
export function coversOf(search: Search, price: Price, settled?: string): readonly Cover[] {
  const cost = new Map<Cover, number>()
  const costOf = (cover: Cover) => {
    const known = cost.get(cover) ?? cover.reduce((sum, watch) => sum + price(watch), 0)
    cost.set(cover, known)
    return known
  }
  const best = (covers: readonly Cover[]) =>
    covers
      .toSorted((a, b) => costOf(a) - costOf(b))
      .filter((cover, index) => index === 0 || (cover.length <= maxExtra && cover.every(isCheap)))
      .slice(0, maxCovers)
  const visit = (part: Search): readonly Cover[] => {
    switch (part.kind) {
      case 'not':
        return []
      case 'atom':
        if (part.field === settled) return []
        return best(part.needs.map((literals) => literals.map((literal) => ({ field: part.field, literal }))))
      case 'and':
        return best(part.parts.flatMap(visit))
      case 'or': {
        const covers = part.parts.map(visit)
        if (covers.some((one) => one.length === 0)) return []
        const most = Math.max(1, ...covers.map((one) => one.length))
        return best(
          Array.from({ length: most }, (_, nth) => covers.flatMap((one) => one[Math.min(nth, one.length - 1)] ?? [])),
        )
      }
    }
  }
  return visit(search)
}

/**
 * Prices for a set of rules. Long texts are rare; texts that many rules name, or name to leave them out, are those that
 * events are full of.
 */
export function pricesOf(searches: readonly Search[]): Price {
  const users = new Map<string, number>()
  for (const search of searches)
    for (const text of new Set(atomsOf(search).flatMap((atom) => atom.needs.flat().map((one) => one.text))))
      users.set(text, (users.get(text) ?? 0) + 1)
  return ({ field, literal: { text } }) =>
    (2 ** -Math.min(text.length, 20) + (users.get(text) ?? 0) / searches.length) * (field === null ? 10 : 1)
}

/** The values of which the field must have one for the search to hold; null when it need not. */
export function requiredValues(search: Search, field: string): readonly string[] | null {
  switch (search.kind) {
    case 'not':
      return null
    case 'atom': {
      const whole = search.field === field ? search.needs.find(isWhole) : undefined
      return whole?.map((literal) => literal.text) ?? null
    }
    case 'and':
      return search.parts.map((part) => requiredValues(part, field)).find((values) => values !== null) ?? null
    case 'or': {
      const values = search.parts.map((part) => requiredValues(part, field))
      return values.includes(null) ? null : values.flatMap((one) => one ?? [])
    }
  }
}

/** The fields that must have one of certain values for the search to hold. */
export function wholeFields(search: Search): readonly string[] {
  const isNamed = (atom: Atom) => atom.field !== null && atom.needs.some(isWhole)
  const named = atomsOf(search).flatMap((atom) => (isNamed(atom) ? [atom.field ?? ''] : []))
  return [...new Set(named)].filter((field) => requiredValues(search, field) !== null)
}

const isWhole = (literals: readonly Literal[]) => literals.every((literal) => literal.at === 'whole')
