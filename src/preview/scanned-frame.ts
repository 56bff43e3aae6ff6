import { deserialize, serialize } from 'node:v8'
import type { EventHead, EventId, Observable, TenantId } from '../core/model/index.ts'
import type { Scanned } from '../core/replay/index.ts'

/** What scanners and deciders of one program say to each other: quiet events as columns, since nearly all are. */
interface Columns {
  readonly tenant: string
  readonly seq: number
  readonly receivedAt: number
  readonly ids: string
  readonly indexes: Uint32Array
  readonly times: Float64Array
  /** Position of the source and of the list of observables; the note on the time. */
  readonly sources: Uint32Array
  readonly observables: Uint32Array
  readonly notes: Uint8Array
  readonly sourceNames: readonly string[]
  readonly observableLists: readonly (readonly Observable[])[]
  /** Everything else, with its position among all. */
  readonly others: readonly (readonly [position: number, item: Scanned])[]
  readonly count: number
}

const notes = ['as-sent', 'missing', 'clamped'] as const

/** What a delivery came to as bytes, with every number and text as it is. */
export function encodeScanned(items: readonly Scanned[]): Buffer {
  const quiet = items.flatMap((one) => (one.kind === 'quiet' ? [one.event] : []))
  const sources = new Table<string>((one) => one)
  const observables = new Table<readonly Observable[]>((one) => JSON.stringify(one))
  const [first] = quiet
  const columns: Columns = {
    tenant: first?.tenant ?? '',
    seq: first?.seq ?? 0,
    receivedAt: first?.receivedAt ?? 0,
    ids: quiet.map(({ id }) => id).join('\n'),
    indexes: Uint32Array.from(quiet, ({ index }) => index),
    times: Float64Array.from(quiet, ({ occurredAt }) => occurredAt),
    sources: Uint32Array.from(quiet, ({ source }) => sources.positionOf(source)),
    observables: Uint32Array.from(quiet, (one) => observables.positionOf(one.observables)),
    notes: Uint8Array.from(quiet, ({ timeNote }) => notes.indexOf(timeNote)),
    sourceNames: sources.values,
    observableLists: observables.values,
    others: items.flatMap((one, position) => (one.kind === 'quiet' ? [] : [[position, one] as const])),
    count: items.length,
  }
  return serialize(columns)
}

/** The items of {@link encodeScanned}, in their order. */
export function decodeScanned(body: Uint8Array): readonly Scanned[] {
  const columns = deserialize(body) as Columns
  const { tenant, seq, receivedAt } = columns
  const others = new Map(columns.others)
  const ids = columns.ids.split('\n')
  let nth = 0
  return Array.from({ length: columns.count }, (_, position): Scanned => {
    const other = others.get(position)
    if (other !== undefined) return other
    const event: EventHead = {
      id: ids[nth] as EventId,
      tenant: tenant as TenantId,
      source: columns.sourceNames[columns.sources[nth] ?? 0] ?? '',
      seq,
      index: columns.indexes[nth] ?? 0,
      occurredAt: columns.times[nth] ?? 0,
      timeNote: notes[columns.notes[nth] ?? 0] ?? 'missing',
      receivedAt,
      observables: columns.observableLists[columns.observables[nth] ?? 0] ?? [],
    }
    nth++
    return { kind: 'quiet', event }
  })
}

/** Values that come again and again, each kept once. */
class Table<T> {
  readonly values: T[] = []
  private readonly positions = new Map<string, number>()
  private readonly keyOf: (one: T) => string

  constructor(keyOf: (one: T) => string) {
    this.keyOf = keyOf
  }

  positionOf(one: T): number {
    const key = this.keyOf(one)
    const known = this.positions.get(key)
    if (known !== undefined) return known
    this.positions.set(key, this.values.length)
    return this.values.push(one) - 1
  }
}
