import type { Alphabet } from './alphabet.ts'
import type { TextBytes } from './text-bytes.ts'
import type { Entry, Hits, TextSearch } from './tree.ts'

/** Characters that are looked at together: no shorter text can be searched for. */
export const gram = 4
const longestStep = 32
/** Bits of the table for each place of a text that is looked at, and of all of them at most: more would not stay near the processor. */
const bitsPerPlace = 64
const mostBits = 2 ** 20
/** The last five bits of four characters, in which letters of either case are alike. */
const folding = 0x1f1f1f1f
const spreading = 0x9e3779b1
/** Texts that are compared at one place at most; with more of them a sender could make that dear. */
const maxAlike = 8

/** Where an entry is looked for: `offset` characters before a gram of that key. */
interface Place {
  readonly key: number
  readonly nth: number
  readonly offset: number
}

/**
 * Finds texts anywhere in another. Steps are so long that each text, where it stands, holds four characters that are
 * looked at, and a bit for each four says whether any text may hold them there. Steps do not depend on what was seen, so
 * that the processor takes several at once. All that is read stands in flat tables: memory, not work, is what it costs.
 */
export class GramSearch implements TextSearch {
  /** What would have to be compared too often, and is left to another search. */
  readonly left: readonly Entry[]
  private readonly entries: readonly Entry[]
  private readonly numbers: Uint8Array
  private readonly step: number
  /** A bit for each spread key. */
  private readonly bits: Int32Array
  /** Whether any key begins with those two characters. */
  private readonly pairs = new Uint8Array(1024)
  /** By how much a spread key is moved to be the number of a bit. */
  private readonly shift: number
  /** Keys are spread over rows: the first place of each, and after the last row the end. */
  private readonly rows: Int32Array
  /** Of each place its key, the number of the entry, and the offset. */
  private readonly places: Int32Array
  /** The texts of all entries, one after another, and where each begins. */
  private readonly texts: Uint8Array
  private readonly begins: Int32Array
  /** By entry the turn in which it was last found: once in a text is enough. */
  private readonly found: Int32Array
  private turn = 0

  /** @param entries none shorter than a {@link gram} */
  constructor(entries: readonly Entry[], alphabet: Alphabet) {
    const shortest = entries.reduce((least, { text }) => Math.min(least, text.length), longestStep + gram)
    this.step = Math.max(1, Math.min(shortest - gram + 1, longestStep))
    this.numbers = alphabet.numbers
    this.entries = entries
    this.found = new Int32Array(entries.length)
    this.texts = Uint8Array.from(entries.flatMap(({ text }) => text))
    this.begins = new Int32Array(entries.length + 1)
    for (const [nth, { text }] of entries.entries()) this.begins[nth + 1] = (this.begins[nth] as number) + text.length
    const { places, left } = placesOf(entries, this.step, alphabet)
    this.left = left
    const size = Math.min(mostBits, 2 ** Math.ceil(Math.log2(places.length * bitsPerPlace + 32)))
    this.shift = 32 - Math.log2(size)
    this.bits = new Int32Array(size / 32)
    for (const { key } of places) {
      this.pairs[(key & 31) | ((key >>> 3) & (31 << 5))] = 1
      const bit = Math.imul(key, spreading) >>> this.shift
      this.bits[bit >> 5] = (this.bits[bit >> 5] as number) | (1 << bit)
    }
    const rowCount = 2 ** Math.ceil(Math.log2(places.length + 1))
    this.rows = new Int32Array(rowCount + 1)
    const ordered = places.toSorted((a, b) => rowOf(a.key, rowCount) - rowOf(b.key, rowCount))
    this.places = Int32Array.from(ordered.flatMap(({ key, nth, offset }) => [key, nth, offset]))
    for (const { key } of places) (this.rows[rowOf(key, rowCount) + 1] as number)++
    for (let row = 0; row < rowCount; row++)
      this.rows[row + 1] = (this.rows[row + 1] as number) + (this.rows[row] as number)
  }

  /** Whether any text may stand in another, which is not read as bytes for that: with a short one it costs less. */
  mayHold(text: string): boolean {
    const { bits, shift, step, pairs } = this
    const end = text.length - gram
    for (let at = step - 1; at <= end; at += step) {
      const a = text.charCodeAt(at)
      const b = text.charCodeAt(at + 1)
      if ((a | b) > 127) return true
      if (pairs[(a & 31) | ((b & 31) << 5)] === 0) continue
      const c = text.charCodeAt(at + 2)
      const d = text.charCodeAt(at + 3)
      if ((c | d) > 127) return true
      const bit = Math.imul((a | (b << 8) | (c << 16) | (d << 24)) & folding, spreading) >>> shift
      if ((((bits[bit >> 5] as number) >>> bit) & 1) !== 0) return true
    }
    return false
  }

  scan(text: TextBytes, hits: Hits): void {
    const { bits, shift, step } = this
    const { view } = text
    const end = text.length - gram
    this.turn++
    let at = step - 1
    // Four at a time as long as there are so many: one question whether any bit is set instead of four.
    for (const stride = 4 * step; at + 3 * step <= end; at += stride) {
      const first = Math.imul(view.getInt32(at, true) & folding, spreading) >>> shift
      const second = Math.imul(view.getInt32(at + step, true) & folding, spreading) >>> shift
      const third = Math.imul(view.getInt32(at + 2 * step, true) & folding, spreading) >>> shift
      const fourth = Math.imul(view.getInt32(at + 3 * step, true) & folding, spreading) >>> shift
      const some =
        ((bits[first >> 5] as number) >>> first) |
        ((bits[second >> 5] as number) >>> second) |
        ((bits[third >> 5] as number) >>> third) |
        ((bits[fourth >> 5] as number) >>> fourth)
      if ((some & 1) !== 0) this.look(at, at + 3 * step, text, hits)
    }
    this.look(at, end, text, hits)
  }

  /** Looks at the places from one to another. */
  private look(from: number, end: number, { bytes, view, length }: TextBytes, hits: Hits): void {
    const { bits, shift, step } = this
    for (let at = from; at <= end; at += step) {
      const key = view.getInt32(at, true) & folding
      const bit = Math.imul(key, spreading) >>> shift
      if ((((bits[bit >> 5] as number) >>> bit) & 1) !== 0) this.compare(bytes, length, at, key, hits)
    }
  }

  private compare(bytes: Uint8Array, length: number, at: number, key: number, hits: Hits): void {
    const { numbers, turn, places, rows, texts, begins, found } = this
    const row = rowOf(key, rows.length - 1)
    const end = (rows[row + 1] as number) * 3
    for (let place = (rows[row] as number) * 3; place < end; place += 3) {
      if (places[place] !== key) continue
      const nth = places[place + 1] as number
      const start = at - (places[place + 2] as number)
      let text = begins[nth] as number
      const textEnd = begins[nth + 1] as number
      if (start < 0 || start + textEnd - text > length || found[nth] === turn) continue
      let byte = start
      while (text < textEnd && numbers[bytes[byte] as number] === texts[text]) {
        text++
        byte++
      }
      if (text < textEnd) continue
      found[nth] = turn
      hits.hit((this.entries[nth] as Entry).marks)
    }
  }
}

const rowOf = (key: number, rows: number) => (Math.imul(key, spreading) >>> 9) & (rows - 1)

/** Puts each entry where its characters are those that the fewest entries hold; what finds no place is left. */
function placesOf(entries: readonly Entry[], step: number, alphabet: Alphabet) {
  const endings = endingsOf(alphabet)
  const spelled = entries.map(({ text }, nth) => ({ nth, keys: keysOf(text, endings) }))
  const uses = new Map<number, number>()
  for (const { keys } of spelled) for (const key of new Set(keys.flat())) uses.set(key, (uses.get(key) ?? 0) + 1)
  const taken = new Map<number, number>()
  const cost = (key: number) => ((taken.get(key) ?? 0) < maxAlike ? (uses.get(key) ?? 0) : Number.POSITIVE_INFINITY)
  const places: Place[] = []
  const left: Entry[] = []
  // Short texts have the least choice.
  for (const { nth, keys } of spelled.sort((a, b) => a.keys.length - b.keys.length)) {
    const costs = keys.map((list) => list.reduce((sum, key) => sum + cost(key), 0))
    let from = -1
    let least = Number.POSITIVE_INFINITY
    for (let at = 0; at + step <= costs.length; at++) {
      const sum = costs.slice(at, at + step).reduce((total, one) => total + one, 0)
      if (sum < least) [from, least] = [at, sum]
    }
    if (from < 0) left.push(entries[nth] as Entry)
    else
      for (let offset = from; offset < from + step; offset++)
        for (const key of keys[offset] ?? []) {
          taken.set(key, (taken.get(key) ?? 0) + 1)
          places.push({ key, nth, offset })
        }
  }
  return { places, left }
}

/** By number of the alphabet the last five bits of the characters that have it. */
function endingsOf({ numbers, size }: Alphabet): readonly (readonly number[])[] {
  const endings = Array.from({ length: size }, () => new Set<number>())
  for (const [code, number] of numbers.entries()) endings[number]?.add(code & 31)
  return endings.map((one) => [...one])
}

/** For each place in a text the keys of the four characters that begin there: several, where one stands for others. */
function keysOf(text: readonly number[], endings: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return Array.from({ length: text.length - gram + 1 }, (_, at) => {
    let keys = [0]
    for (const [nth, number] of text.slice(at, at + gram).entries())
      keys = keys.flatMap((key) => (endings[number] ?? []).map((ending) => key | (ending << (8 * nth))))
    return keys
  })
}
