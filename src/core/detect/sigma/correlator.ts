import { type EventHead, type EventId, hashId } from '../../model/index.ts'
import { type Aggregate, aggregate } from './aggregate.ts'
import { type CorrelationRule, maxEntries } from './correlation-rule.ts'
import { type Anchor, type Derived, type Entry, lose, type SigmaState, type Window } from './correlation-state.ts'
import type { Match } from './matcher.ts'
import { View } from './view.ts'
import { derivedOf, dueAt, evict, graceOf, remove, ruleIdOf, schedule, sweep } from './window-care.ts'
import { latenessMs, put, type Signal, slide, textOf, valuesOf } from './window-matches.ts'

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
const maxObservables = 20
/** Groups that one correlation keeps windows of; beyond, the tenth that is oldest goes. */
const maxWindows = 50_000

/** Counts matches of one tenant in inbox order. */
export interface Correlator {
  /** Rules and correlations whose own alerts are kept back because a correlation speaks for them. */
  readonly silent: ReadonlySet<string>
  /** The hits that this event made, those of silent correlations left out. */
  observe(state: SigmaState, event: EventHead, matches: readonly Match[]): readonly CorrelationHit[]
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

  const observe = (state: SigmaState, event: EventHead, matches: readonly Match[]): readonly CorrelationHit[] => {
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

/** PostgreSQL's index takes keys of up to 2,704 bytes, and a sender chooses what a group holds. */
const maxKeyBytes = 2000
const hashBytes = 40

/** A text that takes no more room in a key than it may: a longer one keeps its beginning and is told apart by its hash. */
function fitted(text: string | null, room: number): string | null {
  const size = (one: string) => Buffer.byteLength(JSON.stringify(one))
  if (text === null || text.length * 6 + 2 <= room || size(text) <= room) return text
  let kept = text.slice(0, Math.max(0, room - hashBytes))
  while (size(kept) > room - hashBytes) kept = kept.slice(0, Math.floor(kept.length / 2))
  return `${kept.toWellFormed()}…${hashId(text)}`
}

function count(
  state: SigmaState,
  derived: Derived,
  rule: CorrelationRule,
  signal: Signal,
  event: EventHead,
  cap: number,
): CorrelationHit | null {
  const room = Math.floor(maxKeyBytes / (rule.groupBy.length + 1))
  const group = rule.groupBy.map((name) => [name, fitted(textOf(rule, signal, name), room)] as const)
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

function anchorOf(signal: Signal, event: EventHead): Anchor {
  const { receivedAt, source, observables } = event
  return { event: signal.event, at: signal.at, receivedAt, source, observables: observables.slice(0, maxObservables) }
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
