import { isObject, type Json, type JsonObject } from '../../model/index.ts'

/** The variables that conditions of an export name, with what they mean. */
export type Named = Map<string, string>

const operators: ReadonlyMap<string, string> = new Map([
  ['equal', '='],
  ['notEqual', '!='],
  ['lessThan', '<'],
  ['lessThanInclusive', '<='],
  ['greaterThan', '>'],
  ['greaterThanInclusive', '>='],
  ['in', 'IN'],
  ['inCidr', 'ISSUBSET'],
])

/**
 * One of our conditions in the STIX patterning that CACAO wants: every fact is an external variable. A comparison that the
 * grammar does not have becomes a variable of its own that says in words what it means.
 */
export function patternText(condition: Json | undefined, named: Named): string {
  if (!isObject(condition)) return `${variable('condition', 'an unknown condition', named)}:value = 'true'`
  if (Array.isArray(condition.all)) return group(condition.all, ' AND ', named)
  if (Array.isArray(condition.any)) return group(condition.any, ' OR ', named)
  if (condition.not !== undefined) return `NOT (${patternText(condition.not, named)})`
  return comparison(condition, named)
}

const group = (list: readonly Json[], word: string, named: Named) =>
  list.length === 1 ? patternText(list[0], named) : `(${list.map((one) => patternText(one, named)).join(word)})`

function comparison({ fact = '', operator = '', value = null }: JsonObject, named: Named): string {
  const sign = operators.get(String(operator))
  if (sign === undefined) {
    const words = `${String(fact)} ${String(operator)} ${JSON.stringify(value)}`
    return `${variable(`${String(fact)}-${String(operator)}`, `whether ${words}`, named)}:value = 'true'`
  }
  const name = `${variable(String(fact), `the fact ${String(fact)}`, named)}:value`
  return Array.isArray(value)
    ? `${name} ${sign} (${value.map((one: Json) => constant(one)).join(', ')})`
    : `${name} ${sign} ${constant(value)}`
}

const constant = (value: Json) =>
  typeof value === 'number' ? String(value) : `'${String(value).replace(/[\\']/g, '\\$&')}'`

function variable(words: string, meaning: string, named: Named): string {
  const plain = words.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 150)
  const base = /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`
  let name = base
  for (let n = 2; named.has(name) && named.get(name) !== meaning; n++) name = `${base}_${n}`
  named.set(name, meaning)
  return `__${name}__`
}
