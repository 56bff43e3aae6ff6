import type { CorrelationRule } from './correlation-rule.ts'
import { type Derived, lose, type SigmaState, type Window } from './correlation-state.ts'
import { latenessMs } from './window-matches.ts'

/** How long after its end a window still takes matches: its own length, an hour at most. */
export const graceOf = (rule: CorrelationRule) => Math.min(rule.timespanMs, latenessMs)
export const dueAt = (rule: CorrelationRule, { entries }: Window) => {
  // Rounded up, so that many windows are due at few times.
  const step = Math.max(1000, Math.floor(rule.timespanMs / 60))
  return Math.ceil(((entries[0]?.[0] ?? 0) + rule.timespanMs + graceOf(rule)) / step) * step
}

/** When a correlation has too many groups, those go whose newest match is oldest; which does not depend on the order of storage. */
export function evict(state: SigmaState, derived: Derived, rule: CorrelationRule, added: string, cap: number): void {
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
export function sweep(state: SigmaState, derived: Derived, byId: ReadonlyMap<string, CorrelationRule>): void {
  state.sweptAt = state.watermark
  for (const [key, { entries }] of state.windows) {
    const rule = byId.get(ruleIdOf(key))
    if (rule?.judged === 'at-end') continue
    if (rule !== undefined && (entries.at(-1)?.[0] ?? 0) > state.watermark - 2 * rule.timespanMs - latenessMs) continue
    remove(state, derived, key, rule)
  }
}

export function remove(state: SigmaState, derived: Derived, key: string, rule: CorrelationRule | undefined): void {
  if (!state.windows.delete(key)) return
  state.dirty.add(key)
  if (rule !== undefined) derived.counts.set(rule.id, (derived.counts.get(rule.id) ?? 1) - 1)
  unschedule(derived, key)
}

export function schedule(derived: Derived, key: string, at: number): void {
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

export function derivedOf(state: SigmaState, byId: ReadonlyMap<string, CorrelationRule>, owner: object): Derived {
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

export function ruleIdOf(key: string): string {
  const [id] = JSON.parse(key) as readonly string[]
  return id ?? ''
}
