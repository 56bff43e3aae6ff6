import type { Comparison } from '../condition/index.ts'
import type { Json } from '../model/index.ts'
import { type Type, without } from '../template/index.ts'

const needs: readonly (readonly [operators: readonly string[], kind: 'number' | 'string' | 'list'])[] = [
  [['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'], 'number'],
  [['startsWith', 'endsWith', 'includes', 'inCidr'], 'string'],
  [['contains', 'doesNotContain', 'containsAny', 'containsAll'], 'list'],
]

/** Why a comparison can never hold for a fact of that type, or null. */
export function whyNever({ operator, value }: Comparison, seen: Type): string | null {
  const there = without(seen, 'null', 'undefined')
  if (operator === 'exists')
    return there.kinds.size === 0 && value === true ? (seen.missing ?? 'it is not there') : null
  if (there.kinds.size === 0) return seen.missing ?? 'it is not there'
  const need = needs.find(([operators]) => operators.includes(operator))?.[1]
  if (need !== undefined) return there.kinds.has(need) ? null : `it is ${[...there.kinds].join(' or ')}`
  const wanted: readonly Json[] = Array.isArray(value) ? value : [value]
  const isOfKind = wanted.some((one) => there.kinds.has(typeof one as 'string'))
  if (!isOfKind) return `it is ${[...there.kinds].join(' or ')}`
  if (operator !== 'equal' && operator !== 'in') return null
  if (there.values === null || wanted.some((one) => there.values?.includes(one))) return null
  return `it is one of ${there.values.map((one) => JSON.stringify(one)).join(', ') || 'none'}`
}
