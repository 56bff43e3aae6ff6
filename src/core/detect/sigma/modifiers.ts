import ipaddr from 'ipaddr.js'
import type { Json } from '../../model/index.ts'
import { anyOf, literalsOfPattern, type Needs } from './literals.ts'
import { compilePattern, literalOf, parsePattern, surround, withAnyDash } from './pattern.ts'
import { literalsOfRegex } from './regex-literals.ts'
import { unsafeRegex } from './regex-safety.ts'
import type { Field, View } from './view.ts'

/** The modifiers this engine knows; anything else is an error at load. */
export const modifierNames = [
  ...[
    'contains',
    'startswith',
    'endswith',
    'all',
    'cased',
    're',
    'i',
    'm',
    's',
    'cidr',
    'exists',
    'lt',
    'lte',
    'gt',
    'gte',
    'neq',
  ],
  ...['base64', 'base64offset', 'wide', 'utf16', 'utf16le', 'utf16be', 'windash', 'fieldref', 'expand'],
] as const

/** A test of one value of a rule against a field; of keywords, against all values of the record. */
export interface ValueTest {
  readonly test: (view: View, field: Field) => boolean
  /** What one of the field's values must hold for the test to be true. */
  readonly needs: Needs
}

const unbound = (test: ValueTest['test']): ValueTest => ({ test, needs: null })

/** Why a value cannot be compiled. */
export interface ValueFault {
  readonly message: string
  readonly hint?: string
}

/** JavaScript's expressions backtrack: `a+b` on text without b takes the square of its length, 0.4 s at this one. */
const maxRegexInput = 10_000
const encodings = ['base64', 'base64offset', 'wide', 'utf16', 'utf16le', 'utf16be']

/** Compiles one value under the modifiers of its field (`all` aside, which joins values). */
export function compileValueTest(value: Json, modifiers: readonly string[], keyword: boolean): ValueTest | ValueFault {
  const has = (name: string) => modifiers.includes(name)
  if (has('expand'))
    return { message: 'placeholders need configuration, and there is none', hint: 'write the values into the rule' }
  if (has('exists'))
    return typeof value === 'boolean'
      ? unbound((_view, field) => field.present === value)
      : { message: '"exists" takes true or false' }
  if (has('fieldref'))
    return typeof value === 'string'
      ? compareFields(value, modifiers)
      : { message: '"fieldref" takes the name of a field' }
  if (has('re')) return compileRegex(value, modifiers)
  if (has('cidr')) return compileCidr(value)
  const flag = ['i', 'm', 's'].find(has)
  if (flag !== undefined) return { message: `"${flag}" only goes with "re"`, hint: `write |re|${flag}` }
  const order = (['lt', 'lte', 'gt', 'gte'] as const).find(has)
  if (order !== undefined) return compileOrder(value, order)
  if (value === null)
    return unbound((_view, field) => field.values.includes(null) || (field.values.length === 0 && !field.structured))
  if (typeof value === 'object') return { message: 'a value is text, a number, true, false, null or a list of these' }
  return compileText(String(value), modifiers, keyword)
}

function compileText(value: string, modifiers: readonly string[], keyword: boolean): ValueTest | ValueFault {
  const has = (name: string) => modifiers.includes(name)
  const encoded = modifiers.some((name) => encodings.includes(name))
  const parsed = parsePattern(value)
  const literal = literalOf(parsed)
  if (encoded && literal === null) return { message: 'text with wildcards cannot be encoded', hint: 'escape them: \\*' }
  if (encoded && has('windash'))
    return { message: '"windash" and encodings do not go together', hint: 'write one value for each dash' }
  const patterns =
    encoded && literal !== null
      ? encode(literal, modifiers).map((text) => ({ tokens: [{ kind: 'text' as const, text }] }))
      : [has('windash') ? withAnyDash(parsed) : parsed]
  const cased = has('cased') || encoded
  const before = keyword || has('contains') || has('endswith') || has('base64offset')
  const after = keyword || has('contains') || has('startswith') || has('base64offset')
  const whole = patterns.map((pattern) => surround(pattern, before, after))
  const tests = whole.map((pattern) => compilePattern(pattern, cased))
  const needs = anyOf(whole.map((pattern) => literalsOfPattern(pattern, cased)))
  const [only] = tests
  if (cased) {
    const matches = (one: Json) => one !== null && tests.some((test) => test(String(one)))
    return { test: (_view, field) => field.values.some(matches), needs }
  }
  if (tests.length === 1 && only !== undefined) return { test: (_view, field) => field.lower().some(only), needs }
  return { test: (_view, field) => field.lower().some((one) => tests.some((test) => test(one))), needs }
}

function encode(value: string, modifiers: readonly string[]): string[] {
  let bytes = Buffer.from(value, 'utf8')
  if (modifiers.includes('wide') || modifiers.includes('utf16le')) bytes = Buffer.from(value, 'utf16le')
  if (modifiers.includes('utf16be')) bytes = Buffer.from(value, 'utf16le').swap16()
  if (modifiers.includes('utf16')) bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(value, 'utf16le')])
  if (modifiers.includes('base64offset')) {
    return [0, 1, 2].map((offset) => {
      const text = Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .replace(/=+$/, '')
      const tail = (bytes.length + offset) % 3
      return text.slice([0, 2, 3][offset], tail === 0 ? undefined : -1)
    })
  }
  return [modifiers.includes('base64') ? bytes.toString('base64') : bytes.toString('latin1')]
}

function compileRegex(value: Json, modifiers: readonly string[]): ValueTest | ValueFault {
  if (typeof value !== 'string') return { message: '"re" takes text' }
  const inline = /^\(\?([ims]+)\)/.exec(value)
  const source = inline === null ? value : value.slice(inline[0].length)
  const unsafe = unsafeRegex(source)
  if (unsafe !== null)
    return {
      message: `the regular expression could stall the engine: ${unsafe}`,
      hint: 'use contains, startswith or wildcards, or split the expression',
    }
  const flags = [
    ...new Set([...['i', 'm', 's'].filter((flag) => modifiers.includes(flag)), ...(inline?.[1] ?? '')]),
  ].join('')
  try {
    const regex = new RegExp(source, flags)
    return {
      test: (_view, field) =>
        field.values.some((one) => one !== null && regex.test(String(one).slice(0, maxRegexInput))),
      needs: literalsOfRegex(source),
    }
  } catch (error) {
    return { message: `the regular expression is not valid: ${(error as Error).message}` }
  }
}

function compileCidr(value: Json): ValueTest | ValueFault {
  if (typeof value !== 'string' || !ipaddr.isValidCIDR(value))
    return { message: `"cidr" takes a network like 10.0.0.0/8, this is ${JSON.stringify(value)}` }
  const [network, bits] = ipaddr.parseCIDR(value)
  return unbound((_view, field) =>
    field.values.some((one) => {
      if (typeof one !== 'string' || one.length > 45 || !isAddress(one)) return false
      const address = ipaddr.process(one)
      return address.kind() === network.kind() && address.match(network, bits)
    }),
  )
}

/** Short and octal forms such as `10.1` are no addresses: programs read them differently. */
const isAddress = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)

function compileOrder(value: Json, order: 'lt' | 'lte' | 'gt' | 'gte'): ValueTest | ValueFault {
  const wanted = toNumber(value)
  if (wanted === null) return { message: `"${order}" takes a number` }
  const test = {
    lt: (seen: number) => seen < wanted,
    lte: (seen: number) => seen <= wanted,
    gt: (seen: number) => seen > wanted,
    gte: (seen: number) => seen >= wanted,
  }[order]
  return unbound((_view, field) =>
    field.values.some((one) => {
      const seen = toNumber(one)
      return seen !== null && test(seen)
    }),
  )
}

function toNumber(value: Json): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) return null
  return Number(value)
}

function compareFields(other: string, modifiers: readonly string[]): ValueTest {
  const compare = modifiers.includes('contains')
    ? (a: string, b: string) => a.includes(b)
    : modifiers.includes('startswith')
      ? (a: string, b: string) => a.startsWith(b)
      : modifiers.includes('endswith')
        ? (a: string, b: string) => a.endsWith(b)
        : (a: string, b: string) => a === b
  const texts = modifiers.includes('cased') ? casedTexts : (field: Field) => field.lower()
  return unbound((view, field) => {
    const others = texts(view.field(other))
    return texts(field).some((a) => others.some((b) => compare(a, b)))
  })
}

const casedTexts = (field: Field) => field.values.flatMap((one) => (one === null ? [] : [String(one)]))
