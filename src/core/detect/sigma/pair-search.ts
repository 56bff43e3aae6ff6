import type { Alphabet } from './alphabet.ts'
import type { Entry, Hits, TextSearch } from './tree.ts'

/** With smaller steps than this, looking at every character costs less. */
const leastStep = 3
const longestWindow = 200
/** Texts that would be compared at one place; with more of them a sender could make that dear. */
const maxAlike = 8

/**
 * Finds a few long texts anywhere in another without looking at every character (Wu and Manber 1994, blocks of two). A
 * window of the shortest text's length is laid over the other; the pair of characters at its end says how far it may
 * move on without leaving a text out. For ASCII texts only: others may differ in length from what they are found in.
 */
export class PairSearch implements TextSearch {
  private readonly numbers: Uint8Array
  private readonly size: number
  private readonly window: number
  /** By pair how far the window moves on; 0 where a text may begin with it. */
  private readonly steps: Uint8Array
  /** By pair the entries whose text may begin with the window. */
  private readonly alike = new Map<number, Candidate[]>()
  private turn = 0

  /** A search for the texts, or null if it could cost more than an {@link Automaton} does. */
  static of(entries: readonly Entry[], alphabet: Alphabet): PairSearch | null {
    if (entries.some(({ text }) => text.length < leastStep + 1)) return null
    const search = new PairSearch(entries, alphabet)
    // The step that a text of the same characters allows on average.
    const inner = search.steps.filter((_, pair) => pair >= alphabet.size && pair % alphabet.size > 0)
    const mean = inner.reduce((sum, step) => sum + step, 0) / inner.length
    const isFew = [...search.alike.values()].every((list) => list.length <= maxAlike)
    return isFew && mean >= leastStep ? search : null
  }

  private constructor(entries: readonly Entry[], alphabet: Alphabet) {
    this.numbers = alphabet.numbers
    this.size = alphabet.size
    this.window = windowOf(entries)
    this.steps = new Uint8Array(alphabet.size ** 2).fill(this.window - 1)
    for (const entry of entries) {
      let pair = 0
      for (let at = 1; at < this.window; at++) {
        pair = (entry.text[at - 1] as number) * alphabet.size + (entry.text[at] as number)
        this.steps[pair] = Math.min(this.steps[pair] as number, this.window - 1 - at)
      }
      this.alike.set(pair, [...(this.alike.get(pair) ?? []), { ...entry, foundIn: 0 }])
    }
  }

  scan(text: string, limit: number, hits: Hits): boolean {
    const { steps, window, numbers, size } = this
    this.turn++
    let at = window - 1
    while (at < text.length) {
      const last = text.charCodeAt(at)
      if (last > limit) return false
      const number = numbers[last] as number
      if (number === 0) {
        at += window
        continue
      }
      const before = text.charCodeAt(at - 1)
      if (before > limit) return false
      const pair = (numbers[before] as number) * size + number
      const step = steps[pair] as number
      at += step
      if (step > 0) continue
      for (const candidate of this.alike.get(pair) ?? []) {
        if (candidate.foundIn === this.turn) continue
        const stands = this.compare(text, at - window + 1, candidate.text, limit)
        if (stands === null) return false
        if (!stands) continue
        candidate.foundIn = this.turn
        hits.hit(candidate.marks)
      }
      at++
    }
    return true
  }

  /** Whether the text stands at that place; null when a character there is above the limit. */
  private compare(text: string, start: number, wanted: Entry['text'], limit: number): boolean | null {
    if (start + wanted.length > text.length) return false
    for (let offset = 0; offset < wanted.length; offset++) {
      const code = text.charCodeAt(start + offset)
      if (code > limit) return null
      if (this.numbers[code] !== wanted[offset]) return false
    }
    return true
  }
}

interface Candidate extends Entry {
  /** The turn in which it was last found: once in a text is enough. */
  foundIn: number
}

const windowOf = (entries: readonly Entry[]) => Math.min(longestWindow, ...entries.map(({ text }) => text.length))
