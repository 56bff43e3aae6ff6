import type { Alphabet } from './alphabet.ts'
import type { TextBytes } from './text-bytes.ts'
import type { Entry, Hits, TextSearch } from './tree.ts'

/** Characters that are looked at together: no shorter text can be searched for. */
export const gram = 3
const longestStep = 32
/** Texts that are compared at one place at most; with more of them a sender could make that dear. */
const maxAlike = 8

/**
 * Finds texts anywhere in another. Steps are so long that each text, where it stands, holds three characters that are
 * looked at, and a bit for each three says whether any text holds them there. Steps do not depend on what was seen, so
 * that the processor takes several at once.
 */
export class GramSearch implements TextSearch {
  /** What would have to be compared too often, and is left to another search. */
  readonly left: readonly Entry[]
  private readonly numbers: Uint8Array
  private readonly step: number
  /** By the last five bits of two characters a bit for the last five of the third. */
  private readonly bits = new Int32Array(1024)
  /** By the last five bits of three characters the texts that hold them, and where. */
  private readonly places = new Map<number, Place[]>()
  private turn = 0

  /** @param entries none shorter than a {@link gram} */
  constructor(entries: readonly Entry[], alphabet: Alphabet) {
    this.numbers = alphabet.numbers
    this.step = Math.min(longestStep, ...entries.map(({ text }) => text.length - gram + 1))
    const endings = endingsOf(alphabet)
    const spelled = entries.map((entry) => ({ entry, keys: keysOf(entry.text, endings) }))
    const uses = new Map<number, number>()
    for (const { keys } of spelled) for (const key of new Set(keys.flat())) uses.set(key, (uses.get(key) ?? 0) + 1)
    const left: Entry[] = []
    // Short texts have the least choice.
    for (const { entry, keys } of spelled.sort((a, b) => a.keys.length - b.keys.length))
      if (!this.add(entry, keys, uses)) left.push(entry)
    this.left = left
  }

  scan({ bytes, length }: TextBytes, hits: Hits): void {
    const { bits, step } = this
    const end = length - gram
    this.turn++
    for (let at = step - 1; at <= end; at += step) {
      const pair = (((bytes[at] as number) & 31) << 5) | ((bytes[at + 1] as number) & 31)
      const last = bytes[at + 2] as number
      if ((((bits[pair] as number) >>> last) & 1) !== 0)
        this.compare(bytes, length, at, (pair << 5) | (last & 31), hits)
    }
  }

  /** Puts a text where its characters are those that the fewest texts hold; false when too many are there already. */
  private add(
    { text, marks }: Entry,
    keys: readonly (readonly number[])[],
    uses: ReadonlyMap<number, number>,
  ): boolean {
    let best: { readonly from: number; readonly uses: number } | null = null
    for (let from = 0; from + this.step <= keys.length; from++) {
      const window = keys.slice(from, from + this.step).flat()
      if (window.some((key) => (this.places.get(key)?.length ?? 0) >= maxAlike)) continue
      const sum = window.reduce((total, key) => total + (uses.get(key) ?? 0), 0)
      if (best === null || sum < best.uses) best = { from, uses: sum }
    }
    if (best === null) return false
    const candidate: Candidate = { text: Uint8Array.from(text), marks, foundIn: 0 }
    for (let offset = best.from; offset < best.from + this.step; offset++)
      for (const key of keys[offset] ?? []) {
        this.bits[key >> 5] = (this.bits[key >> 5] as number) | (1 << key)
        const list = this.places.get(key) ?? []
        this.places.set(key, list)
        list.push({ candidate, offset })
      }
    return true
  }

  private compare(bytes: Uint8Array, length: number, at: number, key: number, hits: Hits): void {
    const { numbers, turn } = this
    for (const { candidate, offset } of this.places.get(key) ?? []) {
      if (candidate.foundIn === turn) continue
      const { text } = candidate
      const start = at - offset
      if (start < 0 || start + text.length > length) continue
      let same = 0
      while (same < text.length && numbers[bytes[start + same] as number] === text[same]) same++
      if (same < text.length) continue
      candidate.foundIn = turn
      hits.hit(candidate.marks)
    }
  }
}

interface Place {
  readonly candidate: Candidate
  /** How many characters of the text stand before the three. */
  readonly offset: number
}

interface Candidate {
  readonly text: Uint8Array
  readonly marks: readonly number[]
  /** The turn in which it was last found: once in a text is enough. */
  foundIn: number
}

/** By number of the alphabet the last five bits of the characters that have it. */
function endingsOf({ numbers, size }: Alphabet): readonly (readonly number[])[] {
  const endings = Array.from({ length: size }, () => new Set<number>())
  for (const [code, number] of numbers.entries()) endings[number]?.add(code & 31)
  return endings.map((one) => [...one])
}

/** For each place in a text the keys of the three characters that begin there: several, where one stands for others. */
function keysOf(text: readonly number[], endings: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return Array.from({ length: text.length - gram + 1 }, (_, at) => {
    let keys = [0]
    for (const number of text.slice(at, at + gram))
      keys = keys.flatMap((key) => (endings[number] ?? []).map((ending) => (key << 5) | ending))
    return keys
  })
}
