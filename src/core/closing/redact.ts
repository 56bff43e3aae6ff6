import ipaddr from 'ipaddr.js'
import type { Json, JsonObject, Observable, ObservableType } from '../model/index.ts'

/** Replaces what points to people, machines and accounts; the same value becomes the same word everywhere. */
export interface Redactor {
  text(value: string): string
  json<T extends Json>(value: T): T
  /** The values that were replaced and stand in the text all the same; empty = none leaked. */
  leaks(text: string): readonly string[]
  /** How many different values were replaced so far. */
  readonly count: number
}

/** Kept: they are no names of anybody, and rules ask for them. */
const common = new Set([
  ...['system', 'root', 'administrator', 'admin', 'guest', 'nobody', 'anonymous', 'localhost', 'local service'],
  ...['network service', 'nt authority\\system', 'nt authority', 'trustedinstaller', 'www-data', 'everyone', 'unknown'],
])

const secretName = /passw(?:or)?d|secret|token$|credential|private.?key/i
const kept: ReadonlySet<ObservableType> = new Set(['hash', 'process', 'file', 'url'])
const shortest = 3

const patterns: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['secret', /-----BEGIN [A-Z ]{1,40}-----[\s\S]{0,20000}?-----END [A-Z ]{1,40}-----/g],
  ['secret', /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g],
  ['secret', /\b(?:gh[pousr]_|github_pat_|xox[abeprs]-|glpat-|sk_live_)[\w-]{10,}/g],
  ['secret', /(?<=(?:passw(?:or)?d|pwd|secret|token|api[_-]?key)["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"'&,;]{6,}/gi],
  ['access-key', /\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[0-9A-Z]{8,28}\b/g],
  ['email', /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g],
  ['ip', /(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g],
  ['ip', /(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:.])/gi],
  ['account', /(?<![\w-])\d{12}(?![\w-])/g],
]

/**
 * A redactor for events.
 *
 * @param observables what the events are known to name: users, hosts, addresses, domains, keys, resources
 * @param words further words to replace, whoever wrote them
 * @param isPublic whether a value may stand because the repository itself says it, e.g. in a rule
 */
export function createRedactor(
  observables: readonly Observable[],
  words: readonly string[],
  isPublic: (value: string) => boolean,
): Redactor {
  const replaced = new Map<string, string>()
  const made = new Set<string>()
  const counters = new Map<string, number>()
  const next = (kind: string) => {
    const n = (counters.get(kind) ?? 0) + 1
    counters.set(kind, n)
    return n
  }
  const replacement = (kind: string, value: string): string => {
    const key = value.toLowerCase()
    const known = replaced.get(key)
    if (known !== undefined) return known
    const word = madeUp(kind, value, next)
    if (word === null) return value
    replaced.set(key, word)
    made.add(word)
    return word
  }
  const isKept = (value: string) => value.length < shortest || common.has(value.toLowerCase()) || isPublic(value)

  for (const { type, value } of observables) {
    if (kept.has(type) || isKept(value)) continue
    replacement(type, value)
    // A login is seen with and without its domain.
    const [name = '', domain] = value.split('@')
    if (type === 'user' && domain !== undefined && !isKept(name)) replacement('user', name)
    const account = /\\([^\\]+)$/.exec(value)?.[1]
    if (type === 'user' && account !== undefined && !isKept(account)) replacement('user', account)
    const [machine = ''] = value.split('.')
    if (type === 'host' && machine !== value && !isKept(machine) && !ipaddr.isValid(value)) replacement('host', machine)
  }
  for (const word of words) if (word.length >= shortest) replacement('word', word)

  const literals = () => {
    const values = [...replaced.keys()].sort((a, b) => b.length - a.length)
    return values.length === 0 ? null : new RegExp(`(?<![\\w])(?:${values.map(escaped).join('|')})(?![\\w])`, 'gi')
  }
  const known = literals()

  const text = (value: string): string => {
    let out = known === null ? value : value.replace(known, (found) => replaced.get(found.toLowerCase()) ?? found)
    for (const [kind, pattern] of patterns)
      out = out.replace(pattern, (found) =>
        made.has(found) || isMadeUp(found) || isKept(found) ? found : replacement(kind, found),
      )
    return out
  }
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'number') return Number.isSafeInteger(value) ? numberOf(text(String(value)), value) : value
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return (value as readonly Json[]).map(json)
    // Names of members are the vendor's, except where a mapping is keyed by values.
    const members = Object.entries(value as JsonObject).map(([name, one]) => {
      const isSecret = typeof one === 'string' && one.length >= 6 && secretName.test(name)
      return [text(name), isSecret ? replacement('secret', one) : json(one as Json)] as const
    })
    return Object.fromEntries(members)
  }
  return {
    text,
    json: <T extends Json>(value: T) => json(value) as T,
    leaks(given) {
      const lower = given.toLowerCase()
      return [...replaced]
        .filter(([value, word]) => word.toLowerCase() !== value && standsIn(lower, value))
        .map(([value]) => value)
    },
    get count() {
      return replaced.size
    },
  }
}

const numberOf = (text: string, otherwise: number) => (/^\d+$/.test(text) ? Number(text) : otherwise)

/** A short value counts only as a word of its own: three letters are part of many. */
function standsIn(lower: string, value: string): boolean {
  return value.length >= 6 ? lower.includes(value) : new RegExp(`(?<![\\w])${escaped(value)}(?![\\w])`).test(lower)
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Values of the ranges and names that are kept for examples (RFC 5737, 3849, 2606) are nobody's. */
const isMadeUp = (value: string) =>
  /@(?:[\w-]+\.)?example\.com$/i.test(value) ||
  /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/.test(value) ||
  /^2001:db8:/i.test(value) ||
  /EXAMPLE\d*$/.test(value) ||
  /^0{4,}\d*$/.test(value)

/** Something of the same kind and form that is nobody's; null where the value says nothing about anybody. */
function madeUp(kind: string, value: string, next: (kind: string) => number): string | null {
  switch (kind) {
    case 'ip':
      return addressFor(value, next)
    case 'email':
      return `user${next('user')}@example.com`
    case 'user':
      return value.includes('@') ? `user${next('user')}@example.com` : `user${next('user')}`
    case 'host':
      return ipaddr.isValid(value)
        ? addressFor(value, next)
        : value.includes('.')
          ? `host${next('host')}.example.com`
          : `host${next('host')}`
    case 'domain':
      return `site${next('domain')}.example`
    case 'access-key':
      return `${value.slice(0, 4)}${String(next('key')).padStart(Math.max(1, value.length - 11), '0')}EXAMPLE`
    case 'account':
      return String(next('account')).padStart(12, '0')
    case 'resource':
      return value
        .replace(/[^:/]+$/, () => `resource${next('resource')}`)
        .replace(/(?<![\w-])\d{12}(?![\w-])/g, () => '000000000000')
    case 'word':
      return `word${next('word')}`
    default:
      return `REDACTED-${next('secret')}`
  }
}

/** An address of the same range, since rules ask whether one is private. Special ones stay. */
function addressFor(value: string, next: (kind: string) => number): string | null {
  if (!ipaddr.isValid(value)) return null
  const range = ipaddr.process(value).range()
  const isV6 = value.includes(':') && ipaddr.process(value).kind() === 'ipv6'
  if (range === 'private') {
    const n = next('private')
    return `10.200.${Math.floor((n - 1) / 250)}.${((n - 1) % 250) + 1}`
  }
  if (range === 'uniqueLocal') return `fd00:db8::${next('local').toString(16)}`
  if (range !== 'unicast') return null
  const n = next('public')
  if (isV6) return `2001:db8::${n.toString(16)}`
  return n <= 250 ? `203.0.113.${n}` : n <= 500 ? `198.51.100.${n - 250}` : `192.0.2.${((n - 501) % 250) + 1}`
}
