import type { Atom } from './search.ts'

/** What is known of a text that stands in a field. */
export interface Known {
  /** What the index found in it. */
  readonly marks: readonly number[]
  /** Whether it satisfies those atoms that were asked about it. */
  answers: Map<Atom, boolean> | null
}

/** Longer texts seldom come again. */
const maxLength = 2048
/** What an entry takes beside its text, and an answer, roughly. */
const entryBytes = 200
const answerBytes = 80

/**
 * What was found out about texts that come again and again (programs, accounts, levels), for all fields of a matcher
 * together. Bounded: when it would take more than the bytes allowed all is forgotten, so that a sender of ever new texts
 * costs time and no memory. Changes no answer, only when it is computed.
 */
export class ValueMemory {
  private readonly maxBytes: number
  private readonly fields: Map<string, Known>[] = []
  private bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** A memory for the texts of one field. */
  open(): Map<string, Known> {
    const field = new Map<string, Known>()
    this.fields.push(field)
    return field
  }

  /** Keeps what was found in a text, unless it is too long to be worth it. */
  keep(field: Map<string, Known>, text: string, marks: readonly number[]): Known | null {
    if (text.length > maxLength || this.maxBytes === 0) return null
    this.spend(entryBytes + 2 * text.length + 8 * marks.length)
    const known: Known = { marks, answers: null }
    field.set(text, known)
    return known
  }

  /** Keeps the answer to an atom. */
  answer(known: Known, atom: Atom, holds: boolean): boolean {
    this.spend(answerBytes)
    known.answers ??= new Map()
    known.answers.set(atom, holds)
    return holds
  }

  private spend(bytes: number): void {
    this.bytes += bytes
    if (this.bytes <= this.maxBytes) return
    for (const field of this.fields) field.clear()
    this.bytes = bytes
  }
}
