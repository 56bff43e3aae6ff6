import {
  type Document,
  type Event,
  eventId,
  isObject,
  type Json,
  type JsonObject,
  type LogSource,
  type Problem,
  parseTimestamp,
  problem,
  type Result,
  tenantId,
} from '../model/index.ts'
import { durationMs } from './rarity/duration.ts'

/** One story of a fixture file: events in the order in which they arrive, each with the line it comes from. */
export interface Story {
  readonly kind: 'positive' | 'negative'
  readonly index: number
  readonly name: string
  readonly events: readonly { readonly line: number; readonly event: Event }[]
  /** Alerts that each line's events raise together. */
  readonly alerts: readonly number[]
  /** What the sentence of the last alert must hold. */
  readonly says: readonly string[]
}

/** What the record of a line is laid over, and what kind of event that is. */
export interface StoryBase {
  readonly record: JsonObject
  readonly logsource: LogSource
}

const tenant = tenantId('fixture')
const storyKeys = ['name', 'says', 'events']
const lineKeys = ['at', 'times', 'every', 'late', 'alerts', 'record']
const maxEvents = 20_000

/**
 * Reads the stories of a fixture file. `baseOf` says what a line's record is laid over, by the members that it knows of a line
 * besides (`lineKeys`); `fileKeys` are those of the file. A base of null is a fault that it has said itself.
 */
export function readStoryFile(
  fixture: Document,
  parts: {
    readonly fileKeys: readonly string[]
    readonly lineKeys: readonly string[]
    readonly baseOf: (line: JsonObject, fail: (message: string, key: string, hint?: string) => void) => StoryBase | null
  },
): Result<readonly Story[]> {
  const problems: Problem[] = []
  const fail = (message: string, path: readonly (string | number)[], hint?: string) =>
    problems.push(problem('fixture/form', message, fixture.place(path), hint))
  const known = (value: JsonObject, keys: readonly string[], path: readonly (string | number)[]) => {
    for (const key of Object.keys(value))
      if (!keys.includes(key)) fail(`"${key}" is not known here`, [...path, key], `known: ${keys.join(', ')}`)
  }
  const allLineKeys = [...lineKeys, ...parts.lineKeys]
  known(fixture.value, ['positive', 'negative', ...parts.fileKeys], [])
  const stories = (['positive', 'negative'] as const).flatMap((kind) => {
    const list = fixture.value[kind]
    const raw = Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : []
    if (!Array.isArray(list) || raw.length === 0 || raw.length !== list.length)
      fail(`"${kind}" must list at least one story, and nothing but stories`, [kind])
    return raw.map((story, index): Story => {
      const path = [kind, index]
      known(story, storyKeys, path)
      const lines = Array.isArray(story.events) ? (story.events as readonly Json[]).filter(isObject) : []
      if (lines.length === 0) fail('a story lists its events', [...path, 'events'])
      const alerts = lines.map((line) => (typeof line.alerts === 'number' ? line.alerts : 0))
      const total = alerts.reduce((sum, one) => sum + one, 0)
      if (total > 0 !== (kind === 'positive'))
        fail(kind === 'positive' ? 'no line of the story raises an alert' : 'a negative story raises alerts', path)
      const arrivals = lines.flatMap((line, number) => {
        const at = [...path, 'events', number]
        known(line, allLineKeys, at)
        const base = parts.baseOf(line, (message, key, hint) => fail(message, [...at, key], hint))
        return base === null ? [] : expand(line, number, base, (message, key) => fail(message, [...at, key]))
      })
      if (arrivals.length > maxEvents) fail(`a story has at most ${maxEvents} events`, path)
      arrivals.sort((a, b) => a.arrivesAt - b.arrivesAt || a.line - b.line)
      const events = arrivals.slice(0, maxEvents).map((one, n) => ({
        line: one.line,
        event: eventOf(one, `${kind} ${index}`, n),
      }))
      const { says } = story
      const texts = (Array.isArray(says) ? (says as readonly Json[]) : [says ?? null]).filter(
        (one) => typeof one === 'string',
      )
      return { kind, index, name: String(story.name ?? `story ${index + 1}`), events, alerts, says: texts }
    })
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: stories }
}

interface Arrival {
  readonly line: number
  readonly at: number
  readonly arrivesAt: number
  readonly record: JsonObject
  readonly logsource: LogSource
}

function expand(
  line: JsonObject,
  number: number,
  base: StoryBase,
  fail: (message: string, key: string) => void,
): readonly Arrival[] {
  const start = parseTimestamp(line.at, 'rfc3339')
  const times = line.times ?? 1
  const every = line.every === undefined ? 0 : spanMs(line.every)
  const late = line.late === undefined ? 0 : spanMs(line.late)
  if (start === null) fail('"at" is a time like 2026-05-12T08:00:00Z', 'at')
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > maxEvents)
    fail(`"times" is a number from 1 to ${maxEvents}`, 'times')
  if (every === null) fail('"every" is a duration like 10s or 1d', 'every')
  if (late === null) fail('"late" is a duration like 2h', 'late')
  if (!isObject(line.record ?? {})) fail('"record" is a mapping', 'record')
  if (start === null || typeof times !== 'number' || every === null || late === null) return []
  const record = merged(base.record, isObject(line.record) ? line.record : {})
  return Array.from({ length: Math.min(times, maxEvents) }, (_, n) => {
    const at = start + n * every
    return {
      ...{ line: number, at, arrivesAt: at + late, logsource: base.logsource },
      record: filled(record, [number, n], at),
    }
  })
}

/** Like the durations of rules, which count no seconds. */
function spanMs(text: Json): number | null {
  const [, seconds] = typeof text === 'string' ? (/^([1-9]\d{0,5})s$/.exec(text) ?? []) : []
  return seconds === undefined ? durationMs(text) : Number(seconds) * 1000
}

/** The members of the second mapping over those of the first, mappings in them likewise. */
function merged(base: JsonObject, over: JsonObject): JsonObject {
  const members = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined
    return [key, isObject(value) && isObject(below) ? merged(below, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(members) }
}

/** `$time` is the time of the event, `$n` the number of its repetition from 0, `$line` that of its line. */
function filled(record: JsonObject, [line, n]: readonly [number, number], at: number): JsonObject {
  const fill = (value: Json): Json => {
    if (typeof value === 'string')
      return value.replace(/\$(time|line|n)\b/g, (_, name) =>
        name === 'time' ? new Date(at).toISOString() : `${name === 'line' ? line : n}`,
      )
    if (Array.isArray(value)) return (value as readonly Json[]).map(fill)
    return isObject(value) ? filled(value, [line, n], at) : value
  }
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, fill(value)]))
}

function eventOf({ at, arrivesAt, record, logsource }: Arrival, story: string, n: number): Event {
  return {
    id: eventId(tenant, story, String(n)),
    tenant,
    source: 'fixture',
    inbound: 'fixture',
    seq: n + 1,
    index: 0,
    occurredAt: at,
    timeNote: 'as-sent',
    receivedAt: arrivesAt,
    logsource,
    observables: [],
    record,
  }
}
