import type { Atom } from './search.ts'

/** What is known of a text that stands in a field. */
export interface Known {
  readonly text: string
  /** What the index found in it. */
  readonly marks: readonly number[]
  /** Whether it satisfies those atoms that were asked about it. */
  answers: Map<Atom, boolean> | null
}

/** Longer texts seldom come again. */
const maxLength = 16_384
/** What an entry takes beside its text, and an answer, roughly. */
const entryBytes = 200
const answerBytes = 80
/** Rows of a field at first and at most; powers of two. */
const leastRows = 16
const mostRows = 512
/** Texts of a row: those that differ in a few characters only share one. */
const rowLength = 4
/** How many texts that came once a field knows again. */
const onceSeen = 1024
/** Characters of a text that are looked at to find its row, about. */
const samples = 8

/**
 * What was found out about texts that come again and again (programs, accounts, levels), for all fields of a matcher
 * together. Bounded: when it would take more than the bytes allowed all is forgotten, so that a sender of ever new texts
 * costs time and no memory. Changes no answer, only when it is computed.
 */
export class ValueMemory {
  private readonly maxBytes: number
  private readonly fields: TextMemory[] = []
  private bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** A memory for the texts of one field. */
  open(): TextMemory {
    const field = new TextMemory(this)
    this.fields.push(field)
    return field
  }

  /** Whether so much may be kept at all; what is kept already may have to go for it. */
  spend(bytes: number): boolean {
    if (this.maxBytes === 0) return false
    this.bytes += bytes
    if (this.bytes <= this.maxBytes) return true
    for (const field of this.fields) field.clear()
    this.bytes = Math.max(0, bytes)
    return bytes <= this.maxBytes
  }
}

/**
 * The memory of one field. A few characters of a text tell its row, and whichever came last are there: to compare with
 * those costs less than to look a new text up in a map, which must read all of it twice.
 */
export class TextMemory {
  private readonly memory: ValueMemory
  /** Row after row, the newest first. */
  private places: (Known | undefined)[] = new Array(leastRows * rowLength).fill(undefined)
  private rows = leastRows
  /** Prints of texts that came and were not kept: only what comes again is. */
  private readonly prints = new Int32Array(onceSeen)
  /** How many texts lost their place since there were last made more. */
  private displaced = 0

  constructor(memory: ValueMemory) {
    this.memory = memory
  }

  /** What is known of the text; null = nothing. */
  find(text: string): Known | null {
    const { places } = this
    let place = (printOf(text) & (this.rows - 1)) * rowLength
    for (const end = place + rowLength; place < end; place++) {
      const known = places[place]
      if (known === undefined) return null
      if (known.text === text) return known
    }
    return null
  }

  /** Keeps what was found in a text that comes for the second time, unless it is too long to be worth it. */
  keep(text: string, marks: readonly number[]): Known | null {
    const print = printOf(text)
    if (this.prints[print & (onceSeen - 1)] !== print) {
      this.prints[print & (onceSeen - 1)] = print
      return null
    }
    if (text.length > maxLength || !this.memory.spend(costOf(text, marks))) return null
    if (this.displaced > this.places.length && this.rows < mostRows) this.grow()
    const known: Known = { text, marks, answers: null }
    this.place(known, print)
    return known
  }

  /** Keeps the answer to an atom. */
  answer(known: Known, atom: Atom, holds: boolean): boolean {
    known.answers ??= new Map()
    if (this.memory.spend(answerBytes)) known.answers.set(atom, holds)
    return holds
  }

  clear(): void {
    this.places.fill(undefined)
    this.displaced = 0
  }

  private place(known: Known, print: number): void {
    const { places } = this
    const first = (print & (this.rows - 1)) * rowLength
    const last = places[first + rowLength - 1]
    places.copyWithin(first + 1, first, first + rowLength - 1)
    places[first] = known
    if (last === undefined) return
    this.displaced++
    this.memory.spend(-costOf(last.text, last.marks) - answerBytes * (last.answers?.size ?? 0))
  }

  private grow(): void {
    const { places } = this
    this.rows *= 4
    this.places = new Array(this.rows * rowLength).fill(undefined)
    for (const known of places.toReversed()) if (known !== undefined) this.place(known, printOf(known.text))
    this.displaced = 0
  }
}

const costOf = (text: string, marks: readonly number[]) => entryBytes + 2 * text.length + 8 * marks.length

/** A number that tells texts apart well enough: from the length and characters spread over it. Its last bits tell the row. */
function printOf(text: string): number {
  const { length } = text
  const step = Math.ceil(length / samples) | 1
  let sum = length
  for (let at = length - 1; at >= 0; at -= step) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0
  return sum ^ (sum >>> 12)
}
