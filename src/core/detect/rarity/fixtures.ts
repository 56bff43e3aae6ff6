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
} from '../../model/index.ts'
import type { FixtureCase } from '../fixtures.ts'
import { bindingsOf, type SourceMapping } from '../sigma/log-source.ts'
import { createRarityDetector, type RarityHit } from './detector.ts'
import { durationMs } from './duration.ts'
import type { Locate, Located } from './locate.ts'
import type { RarityRule } from './rule.ts'
import { createRarityState } from './state.ts'

/** One story of a fixture file: events in the order in which they arrive, each with the line it comes from. */
export interface FixtureStory {
  readonly kind: 'positive' | 'negative'
  readonly index: number
  readonly name: string
  readonly events: readonly { readonly line: number; readonly event: Event }[]
  /** Alerts that each line's events raise together. */
  readonly alerts: readonly number[]
  /** What the sentence of the last alert must hold. */
  readonly says: readonly string[]
  readonly locate: Locate
}

const tenant = tenantId('fixture')
const fileKeys = ['record', 'positions', 'positive', 'negative']
const storyKeys = ['name', 'says', 'events']
const lineKeys = ['at', 'times', 'every', 'late', 'alerts', 'record']
const maxEvents = 20_000

/**
 * Runs a rarity rule over the stories of its fixture file. Each story begins with nothing learnt; its lines say when
 * their events happened, how often, and how many alerts they raise (none unless said). Both lists need a story, and
 * every positive one an alert.
 */
export function checkRarityFixture(
  rule: RarityRule,
  fixture: Document,
  mappings: readonly SourceMapping[] = [],
): Result<readonly FixtureCase[]> {
  const read = readStories(rule, fixture, mappings)
  if (!read.ok) return read
  const detector = createRarityDetector([rule], mappings)
  return {
    ok: true,
    value: read.value.map((story): FixtureCase => {
      const state = createRarityState()
      const raised = story.alerts.map((): RarityHit[] => [])
      let last: RarityHit | undefined
      for (const { line, event } of story.events)
        for (const hit of detector.observe(state, event, story.locate)) {
          raised[line]?.push(hit)
          last = hit
        }
      const wrong = story.alerts.findIndex((wanted, line) => raised[line]?.length !== wanted)
      const unsaid = story.says.find((text) => last?.sentence.includes(text) !== true)
      const { kind, index, name } = story
      const found = [
        { name: 'story', value: name },
        ...(wrong < 0
          ? []
          : [{ name: `alerts of line ${wrong + 1}`, value: raised[wrong]?.length ?? 0 }, wanted(story, wrong)]),
        ...(unsaid === undefined ? [] : [{ name: 'does not say', value: unsaid }]),
        ...(last === undefined ? [] : [{ name: 'says', value: last.sentence }]),
      ]
      const place = fixture.place(wrong < 0 ? [kind, index] : [kind, index, 'events', wrong])
      return { kind, index, place, passed: wrong < 0 && unsaid === undefined, facts: found }
    }),
  }
}

const wanted = (story: FixtureStory, line: number) => ({ name: 'wanted', value: story.alerts[line] ?? 0 })

/** The stories of a fixture file as events, as `rules test` runs them. */
export function readStories(
  rule: RarityRule,
  fixture: Document,
  mappings: readonly SourceMapping[] = [],
): Result<readonly FixtureStory[]> {
  const problems: Problem[] = []
  const fail = (message: string, path: readonly (string | number)[], hint?: string) =>
    problems.push(problem('fixture/form', message, fixture.place(path), hint))
  const known = (value: JsonObject, keys: readonly string[], path: readonly (string | number)[]) => {
    for (const key of Object.keys(value))
      if (!keys.includes(key)) fail(`"${key}" is not known here`, [...path, key], `known: ${keys.join(', ')}`)
  }
  known(fixture.value, fileKeys, [])
  const base = isObject(fixture.value.record) ? fixture.value.record : {}
  const locate = locateBy(fixture.value.positions)
  const logsource = bindingsOf(rule.selects.logsource, mappings)[0]?.given ?? rule.selects.logsource
  const stories = (['positive', 'negative'] as const).flatMap((kind) => {
    const list = fixture.value[kind]
    const raw = Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : []
    if (!Array.isArray(list) || raw.length === 0 || raw.length !== list.length)
      fail(`"${kind}" must list at least one story, and nothing but stories`, [kind])
    return raw.map((story, index): FixtureStory => {
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
        known(line, lineKeys, at)
        return expand(line, number, base, (message, key) => fail(message, [...at, key]))
      })
      if (arrivals.length > maxEvents) fail(`a story has at most ${maxEvents} events`, path)
      arrivals.sort((a, b) => a.arrivesAt - b.arrivesAt || a.line - b.line)
      const events = arrivals.slice(0, maxEvents).map((one, n) => ({
        line: one.line,
        event: eventOf(one, `${kind} ${index}`, n, logsource),
      }))
      const { says } = story
      const texts = (Array.isArray(says) ? (says as readonly Json[]) : [says ?? null]).filter(
        (one) => typeof one === 'string',
      )
      return { kind, index, name: String(story.name ?? `story ${index + 1}`), events, alerts, says: texts, locate }
    })
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: stories }
}

interface Arrival {
  readonly line: number
  readonly at: number
  readonly arrivesAt: number
  readonly record: JsonObject
}

function expand(
  line: JsonObject,
  number: number,
  base: JsonObject,
  fail: (message: string, key: string) => void,
): readonly Arrival[] {
  const start = parseTimestamp(line.at, 'rfc3339')
  const times = line.times ?? 1
  const every = line.every === undefined ? 0 : durationMs(line.every)
  const late = line.late === undefined ? 0 : durationMs(line.late)
  if (start === null) fail('"at" is a time like 2026-05-12T08:00:00Z', 'at')
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > maxEvents)
    fail(`"times" is a number from 1 to ${maxEvents}`, 'times')
  if (every === null) fail('"every" is a duration like 1d', 'every')
  if (late === null) fail('"late" is a duration like 2h', 'late')
  if (!isObject(line.record ?? {})) fail('"record" is a mapping', 'record')
  if (start === null || typeof times !== 'number' || every === null || late === null) return []
  const record = merged(base, isObject(line.record) ? line.record : {})
  return Array.from({ length: Math.min(times, maxEvents) }, (_, n) => {
    const at = start + n * every
    return { line: number, at, arrivesAt: at + late, record: filled(record, [number, n], at) }
  })
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

function eventOf({ at, arrivesAt, record }: Arrival, story: string, n: number, logsource: LogSource): Event {
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

function locateBy(raw: Json | undefined): Locate {
  const positions = isObject(raw) ? raw : {}
  return (ip): Located | null => {
    const found = Object.hasOwn(positions, ip) ? positions[ip] : undefined
    if (!isObject(found)) return null
    const { country, latitude, longitude, radiusKm } = found
    return {
      country: typeof country === 'string' ? country : null,
      point:
        typeof latitude === 'number' && typeof longitude === 'number'
          ? { latitude, longitude, radiusKm: typeof radiusKm === 'number' ? radiusKm : 50 }
          : null,
    }
  }
}
