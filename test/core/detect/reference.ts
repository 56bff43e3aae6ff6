import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'

/**
 * Sigma in the plainest words, to hold the engine against: no compilation, no index, no memory. Written from the
 * specification, not from the engine, and slow.
 */
export function referenceMatches(detection: JsonObject, record: JsonObject): boolean {
  const { condition, timeframe: _, ...searches } = detection
  const conditions = Array.isArray(condition) ? (condition as readonly string[]) : [String(condition)]
  return conditions.some((one) => evaluate(one, searches, record))
}

/** A condition turned into words of true and false, and worked off from the inside to the outside. */
function evaluate(condition: string, searches: JsonObject, record: JsonObject): boolean {
  const value = (name: string) => String(search(searches[name] as Json, record))
  const named = (pattern: string) =>
    Object.keys(searches).filter((name) =>
      pattern === 'them' ? !name.startsWith('_') : new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name),
    )
  let text = condition.replace(/\b(1|any|all) of ([\w*]+)/gi, (_all, quantity: string, pattern: string) => {
    const values = named(pattern).map(value)
    return String(quantity.toLowerCase() === 'all' ? !values.includes('false') : values.includes('true'))
  })
  text = text.replace(/[\w-]+/g, (word) =>
    /^(and|or|not|true|false)$/i.test(word) && !Object.hasOwn(searches, word) ? word.toLowerCase() : value(word),
  )
  const step = (from: RegExp, to: (...parts: string[]) => string) => {
    const next = text.replace(from, (_all, ...parts: string[]) => to(...parts))
    const changed = next !== text
    text = next
    return changed
  }
  while (
    step(/\(\s*(true|false)\s*\)/, (inner) => inner) ||
    step(/\bnot\s+(true|false)\b/, (inner) => String(inner !== 'true')) ||
    step(/(?<!not\s+)\b(true|false)\s+and\s+(true|false)\b/, (a, b) => String(a === 'true' && b === 'true')) ||
    step(/(?<!(?:and|not)\s+)\b(true|false)\s+or\s+(true|false)\b(?!\s+and)/, (a, b) =>
      String(a === 'true' || b === 'true'),
    )
  );
  if (text.trim() !== 'true' && text.trim() !== 'false') throw new Error(`"${condition}" ended as "${text}"`)
  return text.trim() === 'true'
}

function search(raw: Json, record: JsonObject): boolean {
  if (Array.isArray(raw))
    return raw.some((one: Json) =>
      typeof one === 'object' && one !== null ? search(one, record) : keyword(one, record),
    )
  if (typeof raw !== 'object' || raw === null) return keyword(raw as Json, record)
  return Object.entries(raw).every(([key, value]) => item(key, value, record))
}

const keyword = (value: Json, record: JsonObject) => item('|contains', value, record)

function item(key: string, raw: Json, record: JsonObject): boolean {
  const [field = '', ...modifiers] = key.split('|')
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw))
    return Object.entries(raw).every(([inner, value]) => item(`${field}.${inner}`, value, record))
  const wanted: readonly Json[] = Array.isArray(raw) ? raw : [raw]
  if (field !== '' && wanted.some((one) => typeof one === 'object' && one !== null))
    return wanted.some((one) => item(field, one, record))
  const seen = field === '' ? scalars(record) : lookUp(record, field)
  const holds = (one: Json) => test(one, seen, field === '' ? ['contains', ...modifiers] : modifiers, record)
  const found = modifiers.includes('all') ? wanted.every(holds) : wanted.some(holds)
  return modifiers.includes('neq') ? !found : found
}

function test(
  wanted: Json,
  seen: readonly Json[] | undefined,
  modifiers: readonly string[],
  record: JsonObject,
): boolean {
  const has = (name: string) => modifiers.includes(name)
  if (has('exists')) return (seen !== undefined) === wanted
  if (wanted === null)
    return seen === undefined || seen.includes(null) || seen.every((one) => Array.isArray(one) && one.length === 0)
  const values = (seen ?? []).filter((one) => one !== null && typeof one !== 'object').map(String)
  const fold = (text: string) => (has('cased') ? text : text.toLowerCase())
  if (has('fieldref')) {
    const others = (lookUp(record, String(wanted)) ?? []).filter((one) => one !== null && typeof one !== 'object')
    return values.some((a) => others.some((b) => place(fold(a), fold(String(b)), modifiers)))
  }
  if (has('re')) {
    const inline = /^\(\?([ims]+)\)/.exec(String(wanted))
    const flags = ['i', 'm', 's'].filter((one) => has(one) || inline?.[1]?.includes(one)).join('')
    return values.some((one) => new RegExp(String(wanted).slice(inline?.[0].length ?? 0), flags).test(one))
  }
  if (has('cidr')) return values.some((one) => inNetwork(one, String(wanted)))
  for (const [name, order] of Object.entries(orders))
    if (has(name)) return values.some((one) => /^-?\d+(\.\d+)?$/.test(one) && order(Number(one), Number(wanted)))
  const texts = encodings(String(wanted), modifiers)
  if (texts !== null)
    return values.some((one) =>
      texts.some((text) => place(fold(one), fold(text), [...modifiers, has('base64offset') ? 'contains' : ''])),
    )
  const pattern = expression(String(wanted), has('windash'))
  const whole = `^${has('contains') || has('endswith') ? '[\\s\\S]*' : ''}(?:${pattern})${has('contains') || has('startswith') ? '[\\s\\S]*' : ''}$`
  return values.some((one) => new RegExp(whole, has('cased') ? '' : 'i').test(one))
}

const orders: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
}

function place(text: string, part: string, modifiers: readonly string[]): boolean {
  if (modifiers.includes('contains')) return text.includes(part)
  if (modifiers.includes('startswith')) return text.startsWith(part)
  return modifiers.includes('endswith') ? text.endsWith(part) : text === part
}

/** A Sigma string as a regular expression: `*` and `?` are wildcards unless a backslash stands before them. */
function expression(sigma: string, windash: boolean): string {
  let before = ' '
  return sigma.replace(/\\([*?\\])|./gs, (all, escaped: string | undefined, offset: number) => {
    const character = escaped ?? all
    const after = sigma[offset + all.length] ?? ' '
    const isOption = windash && /[-/\u2013-\u2015]/.test(character) && !/\w/.test(before) && /\w/.test(after)
    before = character
    if (isOption) return '[-/\u2013\u2014\u2015]'
    if (escaped === undefined && all === '*') return '[\\s\\S]*'
    if (escaped === undefined && all === '?') return '[\\s\\S]'
    return /[a-z0-9]/i.test(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function encodings(text: string, modifiers: readonly string[]): readonly string[] | null {
  const plain = text.replace(/\\([*?\\])/g, '$1')
  const wide = modifiers.some((one) => ['wide', 'utf16le'].includes(one))
  const bytes = Buffer.from(plain, wide ? 'utf16le' : 'utf8')
  if (modifiers.includes('base64')) return [bytes.toString('base64')]
  if (!modifiers.includes('base64offset')) return null
  return [0, 1, 2].map((offset) => {
    // What stands in the encoded text whatever lies around: found by encoding it among two different fillings.
    const among = (filling: string) =>
      Buffer.concat([Buffer.from(filling.repeat(offset)), bytes, Buffer.from(filling.repeat(3))]).toString('base64')
    const [a, b] = [among('\u0000'), among('~')]
    const same = [...a].map((character, index) => (character === b[index] ? character : ' ')).join('')
    return (
      same
        .trim()
        .split(' ')
        .sort((x, y) => y.length - x.length)[0] ?? ''
    )
  })
}

function inNetwork(address: string, network: string): boolean {
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : null
  const [net = '', bits] = network.split('/')
  if (family === null || (isIPv4(net) ? 'ipv4' : 'ipv6') !== family) return false
  const list = new BlockList()
  list.addSubnet(net, Number(bits), family)
  return list.check(address, family)
}

/** All elements that a field of a record holds, or undefined when there is no such field. */
function lookUp(value: Json, name: string): readonly Json[] | undefined {
  if (Array.isArray(value)) {
    const found = value.map((one: Json) => lookUp(one, name)).filter((one) => one !== undefined)
    return found.length === 0 ? undefined : found.flat()
  }
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as JsonObject
  if (Object.hasOwn(record, name)) return elements(record[name] as Json)
  const dot = name.indexOf('.')
  if (dot < 0 || !Object.hasOwn(record, name.slice(0, dot))) return undefined
  return lookUp(record[name.slice(0, dot)] as Json, name.slice(dot + 1))
}

function elements(value: Json): readonly Json[] {
  if (!Array.isArray(value)) return [value]
  return value.length === 0 ? [value] : value.flatMap(elements)
}

function scalars(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [value]
  return Object.values(value).flatMap(scalars)
}
