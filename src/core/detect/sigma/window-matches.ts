import type { EventId } from '../../model/index.ts'
import type { CorrelationRule } from './correlation-rule.ts'
import type { Entry, SigmaState, Window } from './correlation-state.ts'
import { toNumber } from './number-test.ts'
import type { View } from './view.ts'

const maxText = 300
const maxElements = 50
/** How much later than the newest event a match may come at all, beside its timespan. */
export const latenessMs = 3_600_000

/** A match of a detection rule, or a hit of a correlation that others count. */
export interface Signal {
  readonly rule: string
  readonly at: number
  readonly event: EventId
  readonly events: readonly EventId[]
  readonly view: View
  readonly group: ReadonlyMap<string, string | null>
}

/** Moves a window to its newest match; false when the match is too late for it. */
export function slide(rule: CorrelationRule, window: Window, { at }: Signal, state: SigmaState): boolean {
  if (at < state.watermark - rule.timespanMs - latenessMs) return false
  const newest = Math.max(at, window.entries.at(-1)?.[0] ?? at)
  const begin = newest - rule.timespanMs
  const first = window.entries.findIndex(([time]) => time > begin)
  if (first !== 0 && window.entries.length > 0) window.entries = first < 0 ? [] : window.entries.slice(first)
  return at > begin
}

/** Puts a match into its place in time; of equal values and of rules only what decides is kept. */
export function put(
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
export const textOf = (rule: CorrelationRule, signal: Signal, name: string): string | null =>
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
export function valuesOf(rule: CorrelationRule, signal: Signal): readonly (string | number)[] {
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
