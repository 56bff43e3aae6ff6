import type { Alphabet } from './alphabet.ts'
import type { TextBytes } from './text-bytes.ts'
import { type Entry, type Hits, type TextSearch, Tree } from './tree.ts'

/** Finds the texts with which another begins or ends, or which it is, looking no further than they reach. */
export class EdgeSearch implements TextSearch {
  private readonly entries: readonly Entry[]
  private readonly alphabet: Alphabet
  private readonly edge: 'start' | 'end' | 'whole'
  private readonly tree: Tree

  constructor(entries: readonly Entry[], alphabet: Alphabet, edge: 'start' | 'end' | 'whole') {
    this.entries = entries
    this.alphabet = alphabet
    this.edge = edge
    const texts = entries.map(({ text }) => (edge === 'end' ? text.toReversed() : text))
    this.tree = new Tree(texts, alphabet.size)
  }

  scan({ bytes, length }: TextBytes, hits: Hits): void {
    const { edge } = this
    const { next, ends } = this.tree
    const { numbers, size } = this.alphabet
    const last = length - 1
    let state = 0
    for (let at = 0; at <= last; at++) {
      const byte = bytes[edge === 'end' ? last - at : at] as number
      state = next[state * size + (numbers[byte] as number)] as number
      if (state === 0) return
      const end = ends[state] as number
      if (end >= 0 && (edge !== 'whole' || at === last)) hits.hit((this.entries[end] as Entry).marks)
    }
  }
}
