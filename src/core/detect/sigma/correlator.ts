import { type Event, type EventId, isObject, type Json, type JsonObject } from '../../model/index.ts'
import type { CorrelationRule } from './correlation-rule.ts'
import type { Match } from './matcher.ts'
import type { View } from './view.ts'

/** A correlation whose condition was met by this event. */
export interface CorrelationHit {
  readonly rule: CorrelationRule
  readonly group: readonly (readonly [field: string, value: string])[]
  readonly count: number
  readonly firstAt: number
  /** The newest events that were counted; bounded. */
  readonly eventIds: readonly EventId[]
  /** The event that completed it, as the rule that matched read it. */
  readonly view: View
}

/** One counted match: event time, event, counted value. */
type Entry = [at: number, event: EventId, value: string]

/** Windows by rule and group; plain data that can be stored key by key. */
export interface SigmaState {
  readonly windows: Map<string, Entry[]>
  /** Greatest event time seen. */
  watermark: number
  /** Watermark at the last sweep of windows that are over. */
  sweptAt: number
  readonly dirty: Set<string>
}

/** Matches that one window can hold; a rule that wants to count further does not load. */
export const maxEntries = 5000
const maxEventIds = 50
const latenessMs = 3_600_000

/** An empty state. */
export function createSigmaState(): SigmaState {
  return { windows: new Map(), watermark: 0, sweptAt: 0, dirty: new Set() }
}

/** The state from stored windows, as {@link takeSigmaChanges} gave them. */
export function restoreSigmaState(watermark: number, rows: Iterable<readonly [key: string, doc: Json]>): SigmaState {
  const windows = new Map<string, Entry[]>()
  for (const [key, doc] of rows) {
    if (!isObject(doc) || !Array.isArray(doc.entries)) continue
    windows.set(
      key,
      (doc.entries as readonly Json[]).map((entry) => entry as unknown as Entry),
    )
  }
  return { windows, watermark, sweptAt: watermark, dirty: new Set() }
}

/** What changed since the last call: windows to store, and keys to remove. */
export function takeSigmaChanges(state: SigmaState): {
  upserts: readonly (readonly [string, JsonObject])[]
  deletes: readonly string[]
} {
  const upserts: (readonly [string, JsonObject])[] = []
  const deletes: string[] = []
  for (const key of state.dirty) {
    const entries = state.windows.get(key)
    if (entries === undefined) deletes.push(key)
    else upserts.push([key, { entries: entries as unknown as Json }])
  }
  state.dirty.clear()
  return { upserts, deletes }
}

/** Counts matches of one tenant in inbox order. */
export interface Correlator {
  /** Rules whose own alerts are kept back because a correlation speaks for them. */
  readonly silent: ReadonlySet<string>
  observe(state: SigmaState, event: Event, matches: readonly Match[]): readonly CorrelationHit[]
}

/**
 * Compiles correlation rules. A window slides on event time; a match older than the newest seen by more than the
 * timespan and an hour is not counted. When a condition is met the window starts anew, so that each alert stands for
 * matches of its own.
 */
export function createCorrelator(rules: readonly CorrelationRule[]): Correlator {
  const byRule = new Map<string, CorrelationRule[]>()
  for (const rule of rules) for (const id of rule.rules) byRule.set(id, [...(byRule.get(id) ?? []), rule])
  const silent = new Set([...byRule].filter(([, users]) => users.every((rule) => !rule.generate)).map(([id]) => id))
  const longestMs = Math.max(0, ...rules.map((rule) => rule.timespanMs))
  return {
    silent,
    observe(state, event, matches) {
      if (event.occurredAt > state.watermark) state.watermark = event.occurredAt
      const hits: CorrelationHit[] = []
      const counted = new Set<CorrelationRule>()
      for (const { rule, view } of matches) {
        for (const correlation of byRule.get(rule.id) ?? []) {
          if (counted.has(correlation)) continue
          counted.add(correlation)
          const hit = count(state, correlation, event, view)
          if (hit !== null) hits.push(hit)
        }
      }
      if (state.watermark - state.sweptAt > latenessMs) sweep(state, longestMs)
      return hits
    },
  }
}

function count(state: SigmaState, rule: CorrelationRule, event: Event, view: View): CorrelationHit | null {
  if (event.occurredAt < state.watermark - rule.timespanMs - latenessMs) return null
  const group = rule.groupBy.map((field) => [field, (view.field(field).lower()[0] ?? '').slice(0, 300)] as const)
  const value = rule.field === null ? '' : (view.field(rule.field).lower()[0] ?? null)
  if (value === null) return null
  const counted = value.slice(0, 300)
  const key = JSON.stringify([rule.id, ...group.map(([, text]) => text)])
  const newest = Math.max(event.occurredAt, ...(state.windows.get(key) ?? []).slice(-1).map(([at]) => at))
  // Of equal values only the newest is kept: repeating one cannot push the others out.
  const isRepeat = (entry: Entry) => rule.type === 'value_count' && entry[2] === counted && entry[0] <= event.occurredAt
  const entries = (state.windows.get(key) ?? []).filter(
    (entry) => entry[0] > newest - rule.timespanMs && !isRepeat(entry),
  )
  if (event.occurredAt > newest - rule.timespanMs) {
    const index = entries.findLastIndex(([at]) => at <= event.occurredAt) + 1
    entries.splice(index, 0, [event.occurredAt, event.id, counted])
  }
  if (entries.length > maxEntries) entries.shift()
  const reached = rule.type === 'event_count' ? entries.length : new Set(entries.map(([, , one]) => one)).size
  const { operator, count: wanted } = rule.condition
  const met = operator === 'gte' ? reached >= wanted : operator === 'gt' ? reached > wanted : reached === wanted
  state.dirty.add(key)
  if (!met) {
    state.windows.set(key, entries)
    return null
  }
  state.windows.delete(key)
  return {
    rule,
    group,
    count: reached,
    firstAt: entries[0]?.[0] ?? event.occurredAt,
    eventIds: entries.slice(-maxEventIds).map(([, id]) => id),
    view,
  }
}

/**
 * Forgets windows that no countable event can reach any more, which changes no decision: the oldest event that still
 * counts lies a timespan and the lateness before the watermark, and looks back one timespan from there.
 */
function sweep(state: SigmaState, longestMs: number): void {
  state.sweptAt = state.watermark
  for (const [key, entries] of state.windows) {
    if ((entries.at(-1)?.[0] ?? 0) > state.watermark - 2 * longestMs - latenessMs) continue
    state.windows.delete(key)
    state.dirty.add(key)
  }
}
