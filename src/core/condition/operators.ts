import ipaddr from 'ipaddr.js'
import type { Json } from '../model/index.ts'

type Test = (seen: Json, wanted: Json) => boolean

/** An operator: what `value` must be for it, and the test. Types are never coerced. */
export interface OperatorSpec {
  readonly accepts: (wanted: Json) => boolean
  readonly test: Test
}

/** A value that something seen can be equal to: a missing fact is null and never compared. */
const scalar = (value: Json) => typeof value !== 'object' && (typeof value !== 'number' || Number.isFinite(value))
const scalars = (value: Json) => Array.isArray(value) && value.length > 0 && value.every(scalar)
const isNumber = (value: Json) => typeof value === 'number'
const isText = (value: Json) => typeof value === 'string'
const numbers = (compare: (a: number, b: number) => boolean): OperatorSpec => ({
  accepts: isNumber,
  test: (seen, wanted) => typeof seen === 'number' && typeof wanted === 'number' && compare(seen, wanted),
})
const texts = (compare: (a: string, b: string) => boolean): OperatorSpec => ({
  accepts: isText,
  test: (seen, wanted) =>
    typeof seen === 'string' && typeof wanted === 'string' && compare(seen.toLowerCase(), wanted.toLowerCase()),
})
const list: Test = (seen, wanted) => Array.isArray(seen) && seen.includes(wanted)

/** The operators of conditions, by name. */
export const operators: ReadonlyMap<string, OperatorSpec> = new Map<string, OperatorSpec>([
  ['equal', { accepts: scalar, test: (seen, wanted) => seen === wanted }],
  ['notEqual', { accepts: scalar, test: (seen, wanted) => seen !== wanted }],
  ['in', { accepts: scalars, test: (seen, wanted) => list(wanted, seen) }],
  ['notIn', { accepts: scalars, test: (seen, wanted) => !list(wanted, seen) }],
  ['contains', { accepts: scalar, test: list }],
  ['doesNotContain', { accepts: scalar, test: (seen, wanted) => Array.isArray(seen) && !seen.includes(wanted) }],
  [
    'containsAny',
    {
      accepts: scalars,
      test: (seen, wanted) => Array.isArray(wanted) && wanted.some((one: Json) => list(seen, one)),
    },
  ],
  [
    'containsAll',
    {
      accepts: scalars,
      test: (seen, wanted) => Array.isArray(wanted) && wanted.every((one: Json) => list(seen, one)),
    },
  ],
  ['lessThan', numbers((a, b) => a < b)],
  ['lessThanInclusive', numbers((a, b) => a <= b)],
  ['greaterThan', numbers((a, b) => a > b)],
  ['greaterThanInclusive', numbers((a, b) => a >= b)],
  ['startsWith', texts((a, b) => a.startsWith(b))],
  ['endsWith', texts((a, b) => a.endsWith(b))],
  ['includes', texts((a, b) => a.includes(b))],
  ['exists', { accepts: (wanted) => typeof wanted === 'boolean', test: (seen, wanted) => (seen !== null) === wanted }],
  [
    'inCidr',
    {
      accepts: isCidr,
      test: (seen, wanted) => typeof seen === 'string' && typeof wanted === 'string' && inCidr(seen, wanted),
    },
  ],
])

function isCidr(wanted: Json): boolean {
  return typeof wanted === 'string' && ipaddr.isValidCIDR(wanted)
}

function inCidr(address: string, range: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  const [network, bits] = ipaddr.parseCIDR(range)
  return parsed.kind() === network.kind() && parsed.match(network, bits)
}
