import type { Json, JsonObject, Result } from '../../model/index.ts'
import type { Variable, Variables } from './variables.ts'

const maxLength = 2000
const maxDepth = 6
const token =
  /\s+|(__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__)(:value)?|('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(-?\d{1,15}(?:\.\d{1,15})?)(?![\w.])|(<=|>=|!=|<>|==|=|<|>)|([()[\],])|([A-Za-z]+)/y

interface Token {
  readonly kind: 'variable' | 'text' | 'number' | 'operator' | 'mark' | 'word'
  readonly text: string
}

const comparisons: ReadonlyMap<string, string> = new Map([
  ['=', 'equal'],
  ['==', 'equal'],
  ['!=', 'notEqual'],
  ['<>', 'notEqual'],
  ['<', 'lessThan'],
  ['<=', 'lessThanInclusive'],
  ['>', 'greaterThan'],
  ['>=', 'greaterThanInclusive'],
])

class Unreadable extends Error {}

/**
 * A condition of a CACAO step as one of ours: comparisons of the playbook's variables with constants (`=`, `!=`, `<`,
 * `<=`, `>`, `>=`, `IN`, `ISSUBSET` for networks), `AND`, `OR`, `NOT` and brackets, after the STIX 2.1 patterning grammar (section 9).
 * The rest of that grammar is refused with its reason: a condition that cannot be decided exactly is not decided at all.
 */
export function readPattern(source: string, variables: Variables): Result<JsonObject, string> {
  if (source.length > maxLength) return { ok: false, problems: `it has more than ${maxLength} characters` }
  try {
    const parser = { tokens: tokensOf(source), at: 0, depth: 0, variables }
    const condition = either(parser)
    const rest = parser.tokens[parser.at]
    if (rest !== undefined) throw new Unreadable(`"${rest.text.slice(0, 40)}" is not expected there`)
    return { ok: true, value: condition }
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problems: error.message }
    throw error
  }
}

interface Parser {
  readonly tokens: readonly Token[]
  readonly variables: Variables
  at: number
  depth: number
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const start = token.lastIndex
    const match = token.exec(source)
    if (match === null) throw new Unreadable(`it cannot be read from "${source.slice(start, start + 30)}"`)
    const [, variable, , text, number, operator, mark, word] = match
    if (variable !== undefined) tokens.push({ kind: 'variable', text: variable.slice(2, -2) })
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.slice(1, -1).replace(/\\(.)/g, '$1') })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator })
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
  }
  return tokens
}

function take(parser: Parser, kind: Token['kind'], text?: string): boolean {
  const next = parser.tokens[parser.at]
  if (next?.kind !== kind || (text !== undefined && next.text.toUpperCase() !== text)) return false
  parser.at += 1
  return true
}

function either(parser: Parser): JsonObject {
  const ways = [both(parser)]
  while (take(parser, 'word', 'OR')) ways.push(both(parser))
  return ways.length === 1 ? (ways[0] as JsonObject) : { any: ways }
}

function both(parser: Parser): JsonObject {
  const parts = [one(parser)]
  while (take(parser, 'word', 'AND')) parts.push(one(parser))
  return parts.length === 1 ? (parts[0] as JsonObject) : { all: parts }
}

function one(parser: Parser): JsonObject {
  if (take(parser, 'word', 'NOT')) return { not: deeper(parser, one) }
  for (const [open, close] of [
    ['(', ')'],
    ['[', ']'],
  ] as const)
    if (take(parser, 'mark', open)) {
      const inside = deeper(parser, either)
      if (!take(parser, 'mark', close)) throw new Unreadable(`a "${close}" is missing`)
      return inside
    }
  return comparison(parser)
}

function deeper(parser: Parser, read: (parser: Parser) => JsonObject): JsonObject {
  parser.depth += 1
  if (parser.depth > maxDepth) throw new Unreadable(`it nests more than ${maxDepth} deep`)
  const condition = read(parser)
  parser.depth -= 1
  return condition
}

function comparison(parser: Parser): JsonObject {
  const name = parser.tokens[parser.at]
  if (name?.kind !== 'variable')
    throw new Unreadable(
      `a comparison begins with a variable like __name__:value, not "${name?.text.slice(0, 40) ?? ''}"`,
    )
  parser.at += 1
  const variable = parser.variables.get(name.text)
  if (variable === undefined) throw new Unreadable(`there is no variable __${name.text}__`)
  const fact = `vars.${variable.name}`
  const isNot = take(parser, 'word', 'NOT')
  const compared = compare(parser, variable, fact)
  return isNot ? { not: compared } : compared
}

function compare(parser: Parser, variable: Variable, fact: string): JsonObject {
  const next = parser.tokens[parser.at]
  parser.at += 1
  if (next?.kind === 'operator') {
    const operator = comparisons.get(next.text) as string
    const value = constant(parser, variable)
    if (/Than/.test(operator) && typeof value !== 'number') throw new Unreadable(`"${next.text}" compares numbers only`)
    return { fact, operator, value }
  }
  const word = next?.kind === 'word' ? next.text.toUpperCase() : ''
  if (word === 'IN') {
    if (!take(parser, 'mark', '(')) throw new Unreadable('IN takes a list in brackets')
    const values = [constant(parser, variable)]
    while (take(parser, 'mark', ',')) values.push(constant(parser, variable))
    if (!take(parser, 'mark', ')')) throw new Unreadable('a ")" is missing')
    return { fact, operator: 'in', value: values }
  }
  if (word === 'ISSUBSET') return { fact, operator: 'inCidr', value: constant(parser, variable) }
  throw new Unreadable(word === '' ? 'a comparison is missing' : `"${word.slice(0, 40)}" cannot be expressed here`)
}

function constant(parser: Parser, variable: Variable): Json {
  const next = parser.tokens[parser.at]
  parser.at += 1
  if (next?.kind === 'variable') throw new Unreadable('two variables cannot be compared with each other')
  const text = next?.kind === 'text' || next?.kind === 'number' || next?.kind === 'word' ? next.text : null
  if (text === null) throw new Unreadable('a value to compare with is missing')
  if (variable.type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if ((variable.type === 'integer' || variable.type === 'number') && /^-?\d{1,15}(\.\d{1,15})?$/.test(text))
    return Number(text)
  if (variable.type === 'string' && next?.kind !== 'word') return text
  throw new Unreadable(`${JSON.stringify(text.slice(0, 40))} is no ${variable.type}`)
}
