import type { Literal } from './literals.ts'
import type { Atom, Search } from './search.ts'

/** A literal in a field; null = in any value of the record. */
export interface Watch {
  readonly field: string | null
  readonly literal: Literal
}

/** How rarely a literal is expected to be found: the lower the better. */
export type Price = (watch: Watch) => number

/**
 * Watches of which one must be found for the search to hold, at the lowest price; null when the search can hold without
 * any literal, like `not selection`.
 */
export function coverOf(search: Search, price: Price): readonly Watch[] | null {
  switch (search.kind) {
    case 'not':
      return null
    case 'atom':
      return cheapest(
        search.needs.map((literals) => literals.map((literal) => ({ field: search.field, literal }))),
        price,
      )
    case 'and':
      return cheapest(
        search.parts.map((part) => coverOf(part, price)).filter((one) => one !== null),
        price,
      )
    case 'or': {
      const covers = search.parts.map((part) => coverOf(part, price))
      return covers.includes(null) ? null : covers.flatMap((one) => one ?? [])
    }
  }
}

function cheapest(covers: readonly (readonly Watch[])[], price: Price): readonly Watch[] | null {
  let best: readonly Watch[] | null = null
  let lowest = Number.POSITIVE_INFINITY
  for (const cover of covers) {
    const sum = cover.reduce((total, watch) => total + price(watch), 0)
    if (sum < lowest) [best, lowest] = [cover, sum]
  }
  return best
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

function atomsOf(search: Search): readonly Atom[] {
  if (search.kind === 'atom') return [search]
  return search.kind === 'not' ? atomsOf(search.part) : search.parts.flatMap(atomsOf)
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
  const named = atomsOf(search).flatMap((atom) => (atom.field !== null && atom.needs.some(isWhole) ? [atom.field] : []))
  return [...new Set(named)].filter((field) => requiredValues(search, field) !== null)
}

const isWhole = (literals: readonly Literal[]) => literals.every((literal) => literal.at === 'whole')
