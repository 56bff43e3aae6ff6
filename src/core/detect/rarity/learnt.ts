import { type Counts, tablesOf } from './memory.ts'
import type { RarityState } from './state.ts'

/** What one rule has learnt, in numbers. */
export interface Learnt {
  readonly rule: string
  /** Event time of its first event and its newest; null before there was one. */
  readonly since: number | null
  readonly until: number | null
  /** By table: how many keys it remembers, and how many of them have history. */
  readonly tables: readonly { readonly name: string; readonly size: number; readonly established: number }[]
  readonly counts: Counts
}

/** What the rules of a state have learnt, by rule id. */
export function learntBy(state: RarityState): readonly Learnt[] {
  return [...state.memories.values()]
    .map((memory) => ({
      rule: memory.rule,
      since: memory.since,
      until: memory.since === null ? null : memory.watermark,
      tables: tablesOf(memory).map(({ name, size, newcomers }) => ({ name, size, established: size - newcomers })),
      counts: { ...memory.counts },
    }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1))
}
