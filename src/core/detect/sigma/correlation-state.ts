import { type EventId, isObject, type Json, type JsonObject, type Observable } from '../../model/index.ts'

/** One counted match: event time, event, counted value, id of the rule that matched, the events behind a correlation's hit. */
export type Entry = [at: number, event: EventId, value: string | number, rule: string, events?: readonly EventId[]]

/** The event that a window speaks through when it is judged at its end. */
export interface Anchor {
  readonly event: EventId
  readonly at: number
  readonly receivedAt: number
  readonly source: string
  readonly observables: readonly Observable[]
}

/** Matches of one group, in order of time. */
export interface Window {
  entries: Entry[]
  /** Of windows that are judged at their end: the newest event. */
  last?: Anchor
}

/** What was not counted, for a reason that is nobody's rule. */
export interface CorrelationLosses {
  /** Matches that came too late for their window. */
  late: number
  /** Matches that a full window let go of, the oldest first. */
  entries: number
  /** Windows that a correlation with too many groups let go of, the oldest first. */
  windows: number
}

/** Windows by rule and group; plain data that can be stored key by key. */
export interface SigmaState {
  readonly windows: Map<string, Window>
  /** Greatest event time seen. */
  watermark: number
  /** Watermark at the last sweep of windows that are over. */
  sweptAt: number
  readonly losses: CorrelationLosses
  readonly dirty: Set<string>
  /** Sentences for whoever runs the server, since the last {@link takeSigmaChanges}. */
  readonly notices: string[]
  /** What follows from the windows and is not stored; made by the correlator that uses the state. */
  derived: Derived | null
}

/** Where windows stand that are to be judged, and how many each correlation has. */
export interface Derived {
  readonly owner: object
  /** Keys by the time at which they are due. */
  readonly due: Map<number, Set<string>>
  readonly dueOf: Map<string, number>
  readonly counts: Map<string, number>
}

/** Under this key the losses are stored beside the windows. */
const lossesKey = JSON.stringify('losses')
const noLosses: CorrelationLosses = { late: 0, entries: 0, windows: 0 }

/** An empty state. */
export function createSigmaState(): SigmaState {
  return {
    windows: new Map(),
    watermark: 0,
    sweptAt: 0,
    losses: { ...noLosses },
    dirty: new Set(),
    notices: [],
    derived: null,
  }
}

/** The state from stored windows, as {@link takeSigmaChanges} gave them. */
export function restoreSigmaState(watermark: number, rows: Iterable<readonly [key: string, doc: Json]>): SigmaState {
  const state = createSigmaState()
  for (const [key, doc] of rows) {
    if (!isObject(doc)) continue
    if (key === lossesKey) Object.assign(state.losses, doc)
    else if (Array.isArray(doc.entries)) state.windows.set(key, doc as unknown as Window)
  }
  return { ...state, watermark, sweptAt: watermark }
}

/** What changed since the last call: windows to store, keys to remove, and what whoever runs the server should know. */
export function takeSigmaChanges(state: SigmaState): {
  upserts: readonly (readonly [string, JsonObject])[]
  deletes: readonly string[]
  notices: readonly string[]
} {
  const upserts: (readonly [string, JsonObject])[] = []
  const deletes: string[] = []
  for (const key of state.dirty) {
    const doc = key === lossesKey ? state.losses : state.windows.get(key)
    if (doc === undefined) deletes.push(key)
    else upserts.push([key, doc as unknown as JsonObject])
  }
  state.dirty.clear()
  return { upserts, deletes, notices: state.notices.splice(0) }
}

/** Counts a loss; the first of each kind since the last notice is told. */
export function lose(state: SigmaState, kind: keyof CorrelationLosses, count: number, sentence: string): void {
  if (count === 0) return
  state.losses[kind] += count
  state.dirty.add(lossesKey)
  if (kind !== 'late' && !state.notices.includes(sentence)) state.notices.push(sentence)
}
