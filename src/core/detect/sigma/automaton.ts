import type { Alphabet } from './alphabet.ts'
import type { TextBytes } from './text-bytes.ts'
import { type Entry, type Hits, type TextSearch, Tree } from './tree.ts'

/** Finds many texts anywhere in another in one pass (Aho and Corasick 1975, all transitions in one table). */
export class Automaton implements TextSearch {
  private readonly entries: readonly Entry[]
  private readonly alphabet: Alphabet
  /**
   * By state times the size of the alphabet plus character the next state, that product already made; inverted where
   * texts end.
   */
  private readonly next: Int32Array
  /** By state the place of the entry whose text ends there, or -1. */
  private readonly ends: Int32Array
  /** By state the longest shorter one in which a text ends too, or 0. */
  private readonly shorter: Int32Array

  constructor(entries: readonly Entry[], alphabet: Alphabet) {
    const tree = new Tree(
      entries.map(({ text }) => text),
      alphabet.size,
    )
    this.entries = entries
    this.alphabet = alphabet
    this.next = tree.next
    this.ends = tree.ends
    this.shorter = new Int32Array(tree.ends.length)
    this.link()
  }

  scan({ bytes, length }: TextBytes, hits: Hits): void {
    const { next } = this
    const { numbers } = this.alphabet
    let state = 0
    for (let at = 0; at < length; at++) {
      state = next[state + (numbers[bytes[at] as number] as number)] as number
      if (state < 0) {
        state = ~state
        this.report(state, hits)
      }
    }
  }

  private report(state: number, hits: Hits): void {
    for (let at = state / this.alphabet.size; at !== 0; at = this.shorter[at] as number) {
      const end = this.ends[at] as number
      if (end >= 0) hits.hit((this.entries[end] as Entry).marks)
    }
  }

  /** Turns the tree of texts into the table: where a state has no way on, that of its longest ending that has one. */
  private link(): void {
    const { next, ends, shorter } = this
    const { size } = this.alphabet
    const fallback = new Int32Array(ends.length)
    const queue = new Int32Array(ends.length)
    let filled = 1
    for (let taken = 0; taken < filled; taken++) {
      const state = queue[taken] as number
      const below = (fallback[state] as number) * size
      for (let character = 0; character < size; character++) {
        const edge = state * size + character
        const beside = state === 0 ? 0 : (next[below + character] as number)
        const child = next[edge] as number
        if (child === 0) {
          next[edge] = beside
          continue
        }
        const ending = (beside < 0 ? ~beside : beside) / size
        fallback[child] = ending
        shorter[child] = ends[ending] === -1 ? (shorter[ending] as number) : ending
        queue[filled++] = child
        const reports = ends[child] !== -1 || shorter[child] !== 0
        next[edge] = reports ? ~(child * size) : child * size
      }
    }
  }
}
