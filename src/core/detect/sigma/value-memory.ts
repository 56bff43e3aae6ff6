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
/** Every so manyth text is kept at once: two that come by turns and share a place among the prints would never be. */
const keptAnyway = 8
/** Characters of a text that are looked at to find its row, about: of a long one more. */
const samples = 8
const mostSamples = 64
const sampled = 16
/** And so many at its end, where numbers stand. */
const ending = 4

/**
 * What was found out about texts that come again and again (programs, accounts, levels), for all fields of a matcher
 * together. Bounded: when it would take more than the bytes allowed all is forgotten, so that a sender of ever new texts
 * costs time and no memory. Changes no answer, only when it is computed.
 */
export class ValueMemory {
  readonly maxBytes: number
  private readonly parts: { clear(): void }[] = []
  private bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** A memory for the texts of one field. */
  open(): TextMemory {
    const field = new TextMemory(this)
    this.join(field)
    return field
  }

  /** Takes in what is to forget with all others. */
  join(part: { clear(): void }): void {
    this.parts.push(part)
  }

  /** Counts what is kept, or let go of; beyond what is allowed all is forgotten. */
  spend(bytes: number): void {
    this.bytes += bytes
    if (this.bytes <= this.maxBytes) return
    for (const part of this.parts) part.clear()
    this.bytes = Math.max(0, bytes)
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
  /** The print of each: to look at that first spares most of the comparing. */
  private prints = new Int32Array(leastRows * rowLength)
  /** Prints of texts that came and were not kept: only what comes again is. */
  private readonly once = new Int32Array(onceSeen)
  /** How many texts came that were not known. */
  private unknown = 0
  /** How many texts lost their place since there were last made more. */
  private displaced = 0

  constructor(memory: ValueMemory) {
    this.memory = memory
  }

  /** What is known of the text; null = nothing. */
  find(text: string): Known | null {
    const { prints } = this
    const print = printOf(text)
    let place = (print & (this.rows - 1)) * rowLength
    for (const end = place + rowLength; place < end; place++) {
      if (prints[place] !== print) continue
      const known = this.places[place]
      if (known !== undefined && known.text === text) return known
    }
    return null
  }

  /** Whether to keep what is found in a text that is not known: when it comes for the second time, as a rule, and is not too long. */
  admits(text: string): boolean {
    if (text.length > maxLength || this.memory.maxBytes === 0) return false
    const print = printOf(text)
    const place = print & (onceSeen - 1)
    if (this.once[place] === print || ++this.unknown % keptAnyway === 0) return true
    this.once[place] = print
    return false
  }

  /** Keeps what was found in a text. */
  keep(text: string, marks: readonly number[]): Known {
    this.memory.spend(costOf(text, marks))
    if (this.displaced > this.places.length && this.rows < mostRows) this.grow()
    const known: Known = { text, marks, answers: null }
    this.place(known, printOf(text))
    return known
  }

  /** Keeps the answer to an atom. */
  answer(known: Known, atom: Atom, holds: boolean): boolean {
    known.answers ??= new Map()
    this.memory.spend(answerBytes)
    known.answers.set(atom, holds)
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
    this.prints.copyWithin(first + 1, first, first + rowLength - 1)
    this.prints[first] = print
    if (last === undefined) return
    this.displaced++
    this.memory.spend(-costOf(last.text, last.marks) - answerBytes * (last.answers?.size ?? 0))
  }

  private grow(): void {
    const { places } = this
    this.rows *= 4
    this.places = new Array(this.rows * rowLength).fill(undefined)
    this.prints = new Int32Array(this.rows * rowLength)
    for (const known of places.toReversed()) if (known !== undefined) this.place(known, printOf(known.text))
    this.displaced = 0
  }
}

const costOf = (text: string, marks: readonly number[]) => entryBytes + roomOf(text) + 8 * marks.length

/** What the characters of a text take: a byte each, unless one is beyond Latin-1. */
export const roomOf = (text: string): number => (/[^\0-\xff]/.test(text) ? 2 : 1) * text.length

/** A number that tells texts apart well enough: from length, end and characters spread over it. Its last bits tell the row. */
export function printOf(text: string): number {
  const { length } = text
  const step = Math.ceil(length / Math.min(mostSamples, Math.max(samples, length / sampled))) | 1
  let sum = length
  for (let at = 0; at < length; at += step) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0
  for (let at = Math.max(0, length - ending); at < length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0
  return sum ^ (sum >>> 12)
}
