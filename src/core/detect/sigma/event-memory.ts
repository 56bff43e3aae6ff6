import type { Outline } from './outline.ts'
import { roomOf, type ValueMemory } from './value-memory.ts'

/** What came of events that have the same outline. */
interface Known<Outcome> {
  readonly print: number
  readonly values: Outline['values']
  readonly outcome: Outcome
  readonly bytes: number
}

/** Rows at first and at most; powers of two. */
const leastRows = 16
const mostRows = 512
/** Events of a row: outlines that differ in a few characters of a long text share one. */
const rowLength = 16
/** Events with more text are not kept, */
const maxLength = 16_384
/** and with more than this only when they come for the second time. */
const longLength = 2048
/** How many outlines that came once are known again. */
const onceSeen = 512
/** What an entry takes beside its texts, and a value of it, roughly. */
const entryBytes = 200
const valueBytes = 16
/** Of so many events that were looked for, */
const period = 512
/** where not one in that many was known, */
const leastShare = 6
/** only so many of the next are. */
const probe = 64

/**
 * What came of events whose outline comes again: the rules ask about nothing else, so that it is the same. Bounded like
 * {@link ValueMemory}, and part of it. Where hardly any event comes again it seldom looks.
 */
export class EventMemory<Outcome> {
  private readonly memory: ValueMemory
  private places: (Known<Outcome> | undefined)[] = new Array(leastRows * rowLength).fill(undefined)
  private rows = leastRows
  /** The print of each: to look at that first spares most of the comparing. */
  private prints = new Int32Array(leastRows * rowLength)
  /** By row the place that is taken next. */
  private turns = new Uint8Array(leastRows)
  private displaced = 0
  /** Prints of long events that came once. */
  private readonly once = new Int32Array(onceSeen)
  private asked = 0
  private looked = 0
  private found = 0
  private isResting = false

  constructor(memory: ValueMemory) {
    this.memory = memory
    memory.join(this)
  }

  /** Whether to look for the next event at all. */
  isWorthwhile(): boolean {
    if (this.memory.maxBytes === 0) return false
    if (this.asked++ === period) {
      this.isResting = this.found * leastShare < this.looked
      this.asked = 0
      this.looked = 0
      this.found = 0
    }
    return !this.isResting || this.asked <= probe
  }

  /** What came of an event with that outline; undefined = it is not known. */
  find({ print, values }: Outline): Outcome | undefined {
    const { prints } = this
    this.looked++
    let place = (print & (this.rows - 1)) * rowLength
    for (const end = place + rowLength; place < end; place++) {
      if (prints[place] !== print) continue
      const known = this.places[place]
      if (known === undefined || !isSame(known.values, values)) continue
      this.found++
      return known.outcome
    }
    return undefined
  }

  /** Keeps what came of an event. */
  keep({ print, values }: Outline, outcome: Outcome, outcomeBytes: number): void {
    const length = textOf(values, (text) => text.length)
    if (length > maxLength || (length > longLength && !this.cameBefore(print))) return
    if (this.displaced * 4 > this.places.length && this.rows < mostRows) this.grow()
    const bytes = entryBytes + textOf(values, roomOf) + valueBytes * values.length + outcomeBytes
    this.memory.spend(bytes)
    this.place({ print, values: [...values], outcome, bytes })
  }

  private cameBefore(print: number): boolean {
    const place = (print >>> 3) & (onceSeen - 1)
    const came = this.once[place] === print
    this.once[place] = print
    return came
  }

  clear(): void {
    this.places.fill(undefined)
    this.displaced = 0
  }

  /** In the oldest place of its row. */
  private place(known: Known<Outcome>): void {
    const { places } = this
    const row = known.print & (this.rows - 1)
    const turn = this.turns[row] as number
    this.turns[row] = (turn + 1) % rowLength
    const place = row * rowLength + turn
    const before = places[place]
    places[place] = known
    this.prints[place] = known.print
    if (before === undefined) return
    this.displaced++
    this.memory.spend(-before.bytes)
  }

  private grow(): void {
    const { places } = this
    this.rows *= 4
    this.places = new Array(this.rows * rowLength).fill(undefined)
    this.prints = new Int32Array(this.rows * rowLength)
    this.turns = new Uint8Array(this.rows)
    for (const known of places) if (known !== undefined) this.place(known)
    this.displaced = 0
  }
}

function textOf(values: Outline['values'], measure: (text: string) => number): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? measure(value) : 0), 0)
}

function isSame(known: Outline['values'], values: Outline['values']): boolean {
  for (let slot = 0; slot < values.length; slot++) if (known[slot] !== values[slot]) return false
  return true
}
