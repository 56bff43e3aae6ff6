import { didYouMean } from '../../model/index.ts'
import type { Search } from './search.ts'

/** A condition that cannot be read: what is wrong and the hint. */
export class ConditionFault extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

const maxDepth = 50

/**
 * Reads a Sigma condition over named searches: `and`, `or`, `not`, parentheses, `1 of x*`, `all of them`.
 * Throws {@link ConditionFault}.
 */
export function parseCondition(source: string, searches: ReadonlyMap<string, Search>): Search {
  const tokens = source.match(/\(|\)|[^\s()]+/g) ?? []
  let at = 0
  let depth = 0
  const peek = () => tokens[at]?.toLowerCase()
  const parseOr = (): Search => {
    const parts = [parseAnd()]
    while (peek() === 'or') {
      at++
      parts.push(parseAnd())
    }
    return parts.length === 1 ? (parts[0] as Search) : { kind: 'or', parts }
  }
  const parseAnd = (): Search => {
    const parts = [parseNot()]
    while (peek() === 'and') {
      at++
      parts.push(parseNot())
    }
    return parts.length === 1 ? (parts[0] as Search) : { kind: 'and', parts }
  }
  const parseNot = (): Search => {
    if (++depth > maxDepth) throw new ConditionFault(`the condition nests more than ${maxDepth} deep`)
    try {
      if (peek() === 'not') {
        at++
        return { kind: 'not', part: parseNot() }
      }
      return parsePrimary()
    } finally {
      depth--
    }
  }
  const parsePrimary = (): Search => {
    const token = tokens[at]
    if (token === undefined) throw new ConditionFault('the condition ends where a search was expected')
    at++
    if (token === '(') {
      const inner = parseOr()
      if (tokens[at] !== ')') throw new ConditionFault('a parenthesis is not closed')
      at++
      return inner
    }
    if (token === ')') throw new ConditionFault('there is a ")" without "("')
    if (peek() === 'of') return parseOf(token)
    const found = searches.get(token)
    if (found === undefined)
      throw new ConditionFault(`there is no search "${token}" in detection`, didYouMean(token, searches.keys()))
    return found
  }
  const parseOf = (quantity: string): Search => {
    at++
    const target = tokens[at++]
    if (target === undefined) throw new ConditionFault(`"${quantity} of" needs a name, a pattern or "them"`)
    const quantifier = quantity.toLowerCase()
    if (!['1', 'all', 'any'].includes(quantifier))
      throw new ConditionFault(`"${quantity} of" is not known`, 'write "1 of", "any of" or "all of"')
    const names = [...searches.keys()].filter((name) => selects(target, name))
    if (names.length === 0)
      throw new ConditionFault(`no search is named like "${target}"`, `there are: ${[...searches.keys()].join(', ')}`)
    const parts = names.map((name) => searches.get(name) as Search)
    return { kind: quantifier === 'all' ? 'and' : 'or', parts }
  }
  const result = parseOr()
  if (at < tokens.length)
    throw new ConditionFault(
      `"${tokens[at]}" was not expected`,
      tokens[at] === '|' ? 'aggregations after "|" were replaced by correlation rules' : undefined,
    )
  return result
}

function selects(target: string, name: string): boolean {
  if (target.toLowerCase() === 'them') return !name.startsWith('_')
  const parts = target.split('*')
  const first = parts[0] as string
  const last = parts.at(-1) as string
  if (parts.length === 1) return name === target
  let at = first.length
  if (!name.startsWith(first)) return false
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
