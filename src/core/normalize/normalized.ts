import { type Alert, type Event, oneLine, type RuleRef } from '../model/index.ts'

/** A delivery as the inbox keeps it: bytes as they came. */
export interface RawDelivery {
  readonly seq: number
  /** Id of the integration whose webhook, file or port took it; null = to be recognised. */
  readonly source: string | null
  readonly transport: 'webhook' | 'file' | 'syslog' | 'api'
  readonly contentType: string | null
  readonly receivedAt: number
  readonly body: Uint8Array
}

/** What one record of a delivery came to. */
export type Normalized =
  | { readonly kind: 'event'; readonly event: Event; readonly alert: Alert | null }
  | {
      readonly kind: 'dropped'
      readonly index: number
      readonly source: string
      readonly reason: string
      readonly rule: RuleRef
    }
  | {
      readonly kind: 'dead'
      readonly index: number
      readonly source: string
      readonly code: string
      readonly message: string
      readonly excerpt: string
      /** How many records it stands for: past a hundred of the same kind they are told together. */
      readonly records: number
    }

const maxLetters = 100
const maxExcerpt = 1000

/** What a record could not be taken for. */
export interface Refusal {
  readonly source: string
  readonly code: string
  readonly message: string
  /** The record, or its beginning. */
  readonly text: string
}

/** What the records of one delivery came to, in order. */
export interface Results {
  /** Position of the next record. */
  readonly next: number
  add(one: Exclude<Normalized, { kind: 'dead' }>): void
  refuse(refusal: Refusal): void
  /** Everything, each record once. */
  list(): readonly Normalized[]
}

type Letter = Extract<Normalized, { kind: 'dead' }>

/**
 * Collects results. A delivery of a million things that are no records is a hundred dead letters and one that stands
 * for the rest: every record is counted, and neither memory nor the list of letters grows with what a sender makes up.
 */
export function createResults(): Results {
  const found: Normalized[] = []
  const letters = new Map<string, number>()
  const folded = new Map<string, { readonly at: number; records: number }>()
  let next = 0
  return {
    get next() {
      return next
    },
    add(one) {
      found.push(one)
      next++
    },
    refuse(refusal) {
      const { source, code, message } = refusal
      const index = next++
      const kind = `${source}\u0000${code}`
      const before = letters.get(kind) ?? 0
      letters.set(kind, before + 1)
      if (before > maxLetters) {
        const rest = folded.get(kind)
        if (rest !== undefined) rest.records++
        return
      }
      if (before === maxLetters) folded.set(kind, { at: found.length, records: 1 })
      const excerpt = oneLine(refusal.text.slice(0, maxExcerpt * 4), maxExcerpt)
      found.push({ kind: 'dead', index, source, code, message, excerpt, records: 1 })
    },
    list() {
      for (const { at, records } of folded.values()) {
        const letter = found[at] as Letter
        if (records > 1)
          found[at] = { ...letter, records, message: `${letter.message}, and ${records - 1} more like it` }
      }
      return found
    },
  }
}
