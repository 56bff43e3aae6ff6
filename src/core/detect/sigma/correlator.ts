import type { Event, EventId } from '../../model/index.ts'
import { type Aggregate, aggregate } from './aggregate.ts'
import { type CorrelationRule, maxEntries } from './correlation-rule.ts'
import { type Anchor, type Derived, type Entry, lose, type SigmaState, type Window } from './correlation-state.ts'
import type { Match } from './matcher.ts'
import { toNumber } from './number-test.ts'
import { View } from './view.ts'

/** A correlation whose condition was met, with what it was met by. */
export interface CorrelationHit {
  readonly rule: CorrelationRule
  /** Fields of `group-by` with their values in lower case; null = the events have no such field. */
  readonly group: readonly (readonly [field: string, value: string | null])[]
  /** The number that the condition was asked of: a count, sum, average, percentile or share in percent. */
  readonly count: number
  /** The values that were counted, or whose share it is; bounded. */
  readonly values: readonly string[]
  /** The rules that matched, in the order the correlation names them, with how often; bounded by what the window kept. */
  readonly rules: readonly { readonly id: string; readonly title: string; readonly count: number }[]
  readonly firstAt: number
  readonly lastAt: number
  /** The newest events that were counted; bounded. */
  readonly eventIds: readonly EventId[]
  /** The event that completed it, as the rule that matched read it; of a window judged at its end only the group. */
  readonly view: View
  /** The newest event of a window that was judged at its end, which is not the event that was observed; else null. */
  readonly anchor: Anchor | null
}

const maxEventIds = 50
const maxInnerIds = 20
const maxListed = 20
const maxText = 300
const maxObservables = 20
const maxElements = 50
const latenessMs = 3_600_000
/** Groups that one correlation keeps windows of; beyond, the tenth that is oldest goes. */
const maxWindows = 50_000

/** Counts matches of one tenant in inbox order. */
export interface Correlator {
  /** Rules and correlations whose own alerts are kept back because a correlation speaks for them. */
  readonly silent: ReadonlySet<string>
  /** The hits that this event made, those of silent correlations left out. */
  observe(state: SigmaState, event: Event, matches: readonly Match[]): readonly CorrelationHit[]
}

/** A match of a detection rule, or a hit of a correlation that others count. */
interface Signal {
  readonly rule: string
  readonly at: number
  readonly event: EventId
  readonly events: readonly EventId[]
  readonly view: View
  readonly group: ReadonlyMap<string, string | null>
}

/**
 * Compiles correlation rules. A window slides on event time and starts anew when its condition was met, so that each
 * alert stands for matches of its own. What comes late is counted where its window still is, and else as a loss; the
 * README of core/detect says when. `caps` are for tests.
 */
export function createCorrelator(
  rules: readonly CorrelationRule[],
  caps: { readonly windows: number } = { windows: maxWindows },
): Correlator {
  const byRule = new Map<string, CorrelationRule[]>()
  for (const rule of rules) for (const id of rule.rules) byRule.set(id, [...(byRule.get(id) ?? []), rule])
  const silent = new Set([...byRule].filter(([, users]) => users.every((rule) => !rule.generate)).map(([id]) => id))
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const owner = {}

  const observe = (state: SigmaState, event: Event, matches: readonly Match[]): readonly CorrelationHit[] => {
    if (event.occurredAt > state.watermark) state.watermark = event.occurredAt
    const derived = derivedOf(state, byId, owner)
    const hits = judgeDue(state, derived, byId)
    const signals = hits.map(signalOf)
    const { id, occurredAt: at } = event
    for (const { rule, view } of matches)
      signals.push({ rule: rule.id, at, event: id, events: [], view, group: noGroup })
    const counted = new Set<string>()
    // What is counted can complete a correlation that others count: the list grows while it is worked off.
    for (const signal of signals) {
      for (const rule of byRule.get(signal.rule) ?? []) {
        const once = `${rule.id}|${signal.event}`
        if (!rule.type.startsWith('temporal') && counted.has(once)) continue
        counted.add(once)
        const hit = count(state, derived, rule, signal, event, caps.windows)
        if (hit === null) continue
        hits.push(hit)
        signals.push(signalOf(hit))
      }
    }
    if (state.watermark - state.sweptAt > latenessMs) sweep(state, derived, byId)
    return hits.filter((hit) => !silent.has(hit.rule.id))
  }
  return { silent, observe }
}

const noGroup: ReadonlyMap<string, string | null> = new Map()

function signalOf({ rule, lastAt, eventIds, view, group, anchor }: CorrelationHit): Signal {
  const event = anchor?.event ?? eventIds.at(-1)
  if (event === undefined) throw new Error('a correlation was met by no event')
  return { rule: rule.id, at: lastAt, event, events: eventIds.slice(-maxInnerIds), view, group: new Map(group) }
}

function count(
  state: SigmaState,
  derived: Derived,
  rule: CorrelationRule,
  signal: Signal,
  event: Event,
  cap: number,
): CorrelationHit | null {
  const group = rule.groupBy.map((name) => [name, textOf(rule, signal, name)] as const)
  const values = valuesOf(rule, signal)
  if (values.length === 0) return null
  const key = JSON.stringify([rule.id, ...group.map(([, text]) => text)])
  const window = state.windows.get(key) ?? { entries: [] }
  const isOpen =
    rule.judged === 'at-match' ? slide(rule, window, signal, state) : signal.at >= state.watermark - graceOf(rule)
  if (!isOpen) {
    lose(state, 'late', 1, '')
    return null
  }
  for (const value of values) put(rule, window, signal, value)
  const over = Math.max(0, window.entries.length - maxEntries)
  if (over > 0) {
    window.entries = window.entries.slice(over)
    lose(state, 'entries', over, `a window of "${rule.title}" is full: its oldest matches are no longer counted`)
  }
  const reached = rule.judged === 'at-match' ? aggregate(rule, window.entries) : null
  if (reached?.met) {
    remove(state, derived, key, rule)
    return hitOf(rule, group, window.entries, reached, signal.view, null)
  }
  if (rule.judged === 'at-end') {
    if (window.last === undefined || window.last.at <= signal.at) window.last = anchorOf(signal, event)
    schedule(derived, key, dueAt(rule, window))
  }
  if (!state.windows.has(key)) {
    derived.counts.set(rule.id, (derived.counts.get(rule.id) ?? 0) + 1)
    state.windows.set(key, window)
    evict(state, derived, rule, key, cap)
  }
  state.dirty.add(key)
  return null
}

/** Moves a window to its newest match; false when the match is too late for it. */
function slide(rule: CorrelationRule, window: Window, { at }: Signal, state: SigmaState): boolean {
  if (at < state.watermark - rule.timespanMs - latenessMs) return false
  const newest = Math.max(at, window.entries.at(-1)?.[0] ?? at)
  const begin = newest - rule.timespanMs
  const first = window.entries.findIndex(([time]) => time > begin)
  if (first !== 0 && window.entries.length > 0) window.entries = first < 0 ? [] : window.entries.slice(first)
  return at > begin
}

/** Puts a match into its place in time; of equal values and of rules only what decides is kept. */
function put(
  rule: CorrelationRule,
  window: Window,
  { at, event, events, rule: id }: Signal,
  value: string | number,
): void {
  const { entries } = window
  if (rule.type === 'temporal' || (rule.type === 'value_count' && rule.judged === 'at-match')) {
    // Only the newest of its kind: repeating one cannot push the others out.
    const isSame = (one: Entry) => (rule.type === 'temporal' ? one[3] === id : one[2] === value)
    const same = entries.findIndex(isSame)
    if (same >= 0 && (entries[same] as Entry)[0] > at) return
    if (same >= 0) entries.splice(same, 1)
  }
  const index = entries.findLastIndex(([time]) => time <= at) + 1
  entries.splice(index, 0, events.length === 0 ? [at, event, value, id] : [at, event, value, id, events])
  if (rule.type === 'temporal_ordered') thin(entries, index)
}

/** Of a run of matches of one rule the first and the last say all there is to say about order. */
function thin(entries: Entry[], around: number): void {
  for (let index = Math.min(around + 1, entries.length - 2); index >= Math.max(1, around - 1); index--) {
    const [before, one, after] = [entries[index - 1], entries[index], entries[index + 1]]
    if (before?.[3] === one?.[3] && one?.[3] === after?.[3]) entries.splice(index, 1)
  }
}

/** The text of a field in lower case; null when there is none. */
const textOf = (rule: CorrelationRule, signal: Signal, name: string): string | null =>
  textsOf(rule, signal, name)[0] ?? null

/** The texts of a field, as the correlation's alias reads it in matches of that rule; of a correlation's hit first its group. */
function textsOf(rule: CorrelationRule, { rule: id, view, group }: Signal, name: string): readonly string[] {
  const field = rule.aliases.get(name)?.get(id) ?? name
  const known = group.get(field)
  if (known !== undefined) return known === null ? [] : [known]
  return view
    .field(field)
    .lower()
    .map((text) => text.slice(0, maxText))
}

/** What a match adds to the window: its values, or nothing when it lacks them. */
function valuesOf(rule: CorrelationRule, signal: Signal): readonly (string | number)[] {
  const [first, ...more] = rule.fields
  if (first === undefined) return ['']
  const texts = textsOf(rule, signal, first)
  if (rule.type === 'value_count') {
    if (more.length === 0) return [...new Set(texts.slice(0, maxElements))]
    const all = rule.fields.map((name) => textOf(rule, signal, name))
    return all.includes(null) ? [] : [JSON.stringify(all)]
  }
  if (rule.type === 'value_percentile' && rule.percentile === null) return texts.slice(0, 1)
  const numbers = texts.map(toNumber).filter((one) => one !== null && Math.abs(one) <= Number.MAX_SAFE_INTEGER)
  return numbers.slice(0, 1).filter((one) => one !== null)
}

function anchorOf(signal: Signal, event: Event): Anchor {
  const { receivedAt, source, observables } = event
  return { event: signal.event, at: signal.at, receivedAt, source, observables: observables.slice(0, maxObservables) }
}

/** How long after its end a window still takes matches: its own length, an hour at most. */
const graceOf = (rule: CorrelationRule) => Math.min(rule.timespanMs, latenessMs)
const dueAt = (rule: CorrelationRule, { entries }: Window) => {
  // Rounded up, so that many windows are due at few times.
  const step = Math.max(1000, Math.floor(rule.timespanMs / 60))
  return Math.ceil(((entries[0]?.[0] ?? 0) + rule.timespanMs + graceOf(rule)) / step) * step
}

/** Judges the windows that nothing more can come into: from its first match, as long as the timespan. */
function judgeDue(state: SigmaState, derived: Derived, byId: ReadonlyMap<string, CorrelationRule>): CorrelationHit[] {
  const times = [...derived.due.keys()].filter((at) => at <= state.watermark).sort((a, b) => a - b)
  const hits: CorrelationHit[] = []
  for (const at of times)
    for (const key of [...(derived.due.get(at) ?? [])].sort()) {
      const rule = byId.get(ruleIdOf(key))
      const window = state.windows.get(key)
      if (rule === undefined || window === undefined) continue
      while (window.entries.length > 0 && dueAt(rule, window) <= state.watermark) {
        const end = (window.entries[0] as Entry)[0] + rule.timespanMs
        const members = window.entries.filter(([time]) => time < end)
        window.entries = window.entries.slice(members.length)
        const reached = aggregate(rule, members)
        if (reached.met) hits.push(endOf(rule, key, members, reached, window))
      }
      state.dirty.add(key)
      if (window.entries.length === 0) remove(state, derived, key, rule)
      else schedule(derived, key, dueAt(rule, window))
    }
  return hits
}

function endOf(
  rule: CorrelationRule,
  key: string,
  members: readonly Entry[],
  reached: Aggregate,
  { last }: Window,
): CorrelationHit {
  const texts = (JSON.parse(key) as readonly (string | null)[]).slice(1)
  const group = rule.groupBy.map((name, index) => [name, texts[index] ?? null] as const)
  const [at, event] = members.at(-1) as Entry
  const anchor = {
    event,
    at,
    receivedAt: last?.receivedAt ?? at,
    source: last?.source ?? '',
    observables: last?.observables ?? [],
  }
  return hitOf(rule, group, members, reached, new View(Object.fromEntries(group)), anchor)
}

function hitOf(
  rule: CorrelationRule,
  group: CorrelationHit['group'],
  entries: readonly Entry[],
  reached: Aggregate,
  view: View,
  anchor: Anchor | null,
): CorrelationHit {
  const counts = Map.groupBy(entries, ([, , , id]) => id)
  const ids = entries.flatMap(([, event, , , inner]) => inner ?? [event])
  return {
    rule,
    group,
    count: reached.number,
    values: reached.values.slice(0, maxListed),
    rules: rule.rules.flatMap((id) => {
      const found = counts.get(id)
      return found === undefined ? [] : [{ id, title: rule.titles.get(id) ?? id, count: found.length }]
    }),
    firstAt: entries[0]?.[0] ?? 0,
    lastAt: entries.at(-1)?.[0] ?? 0,
    eventIds: [...new Set(ids)].slice(-maxEventIds),
    view,
    anchor,
  }
}

/** When a correlation has too many groups, those go whose newest match is oldest; which does not depend on the order of storage. */
function evict(state: SigmaState, derived: Derived, rule: CorrelationRule, added: string, cap: number): void {
  if ((derived.counts.get(rule.id) ?? 0) <= cap) return
  const prefix = `[${JSON.stringify(rule.id)}`
  const oldest = [...state.windows]
    .filter(([key]) => key !== added && key.startsWith(prefix) && ruleIdOf(key) === rule.id)
    .map(([key, { entries }]) => ({ key, at: entries.at(-1)?.[0] ?? 0 }))
    .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
    .slice(0, Math.max(1, Math.floor(cap / 10)))
  for (const { key } of oldest) remove(state, derived, key, rule)
  lose(state, 'windows', oldest.length, `"${rule.title}" has more than ${cap} groups: it no longer counts the oldest`)
}

/**
 * Forgets windows that no countable event can reach any more, which changes no decision: the oldest event that still
 * counts lies a timespan and the lateness before the watermark, and looks back one timespan from there. Windows of
 * correlations that are no more go too.
 */
function sweep(state: SigmaState, derived: Derived, byId: ReadonlyMap<string, CorrelationRule>): void {
  state.sweptAt = state.watermark
  for (const [key, { entries }] of state.windows) {
    const rule = byId.get(ruleIdOf(key))
    if (rule?.judged === 'at-end') continue
    if (rule !== undefined && (entries.at(-1)?.[0] ?? 0) > state.watermark - 2 * rule.timespanMs - latenessMs) continue
    remove(state, derived, key, rule)
  }
}

function remove(state: SigmaState, derived: Derived, key: string, rule: CorrelationRule | undefined): void {
  if (!state.windows.delete(key)) return
  state.dirty.add(key)
  if (rule !== undefined) derived.counts.set(rule.id, (derived.counts.get(rule.id) ?? 1) - 1)
  unschedule(derived, key)
}

function schedule(derived: Derived, key: string, at: number): void {
  if (derived.dueOf.get(key) === at) return
  unschedule(derived, key)
  derived.dueOf.set(key, at)
  const keys = derived.due.get(at) ?? new Set()
  derived.due.set(at, keys.add(key))
}

function unschedule(derived: Derived, key: string): void {
  const at = derived.dueOf.get(key)
  if (at === undefined) return
  derived.dueOf.delete(key)
  const keys = derived.due.get(at)
  keys?.delete(key)
  if (keys?.size === 0) derived.due.delete(at)
}

function derivedOf(state: SigmaState, byId: ReadonlyMap<string, CorrelationRule>, owner: object): Derived {
  if (state.derived?.owner === owner) return state.derived
  const derived: Derived = { owner, due: new Map(), dueOf: new Map(), counts: new Map() }
  for (const [key, window] of state.windows) {
    const rule = byId.get(ruleIdOf(key))
    if (rule === undefined) continue
    derived.counts.set(rule.id, (derived.counts.get(rule.id) ?? 0) + 1)
    if (rule.judged === 'at-end') schedule(derived, key, dueAt(rule, window))
  }
  state.derived = derived
  return derived
}

function ruleIdOf(key: string): string {
  const [id] = JSON.parse(key) as readonly string[]
  return id ?? ''
}
