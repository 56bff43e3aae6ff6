import { createTable, type Entry, forget, type Room, type Table } from './table.ts'

/** An entity's values: key, text for people, newest event time, days on which it was seen. */
export interface Habit extends Entry {
  since: number
  values: [key: string, text: string, at: number, days: number][]
}

/** Which entities of a group had a value last: entity key, event time; bounded. */
export interface Shared extends Entry {
  who: [entity: string, at: number][]
}

/** Counts of a group: slice of the window, events in it, and so on in pairs; its most frequent values. */
export interface Group extends Entry {
  since: number
  slices: number[]
  top: string[]
}

/** Counts of one value in one group. */
export interface Counted extends Entry {
  text: string
  slices: number[]
  who: [entity: string, at: number][]
}

/** An entity's events by bucket of time, in pairs; the newest bucket that was a spike. */
export interface Rate extends Entry {
  since: number
  buckets: number[]
  spike: number | null
}

/** Where an entity was last, by event time; bounded. */
export interface Trail extends Entry {
  spots: Spot[]
}

/** One place in time: the centre and radius of a circle that holds it. */
export interface Spot {
  at: number
  latitude: number
  longitude: number
  radiusKm: number
  country: string | null
  /** How it is known. */
  by: 'coordinates' | 'country' | 'address'
}

/** What was said about an entity: digest of the value, event time. */
export interface Said extends Entry {
  said: [value: string, at: number][]
}

/** What a rule did not look at or keep, and why. */
export interface Counts extends Room {
  /** Events older than the lateness. */
  late: number
  /** Events that lack a field of the entity or value, or have no position. */
  unread: number
  /** New values that a full entity did not take. */
  saturated: number
  /** Alerts kept back: said before in the window, or too many about one entity. */
  muted: number
}

interface Base {
  /** The learning digest of the rule, and the rule's id. */
  readonly learns: string
  readonly rule: string
  /** Event time of the first event it looked at; null before. */
  since: number | null
  /** Newest event time. */
  watermark: number
  /** Watermark when it last forgot. */
  sweptAt: number
  readonly counts: Counts
  readonly said: Table<Said>
  /** Whether anything above changed since it was stored. */
  changed: boolean
}

export type FirstSeenMemory = Base & {
  readonly kind: 'first_seen'
  readonly entities: Table<Habit>
  readonly peers: Table<Shared>
}
export type RareMemory = Base & {
  readonly kind: 'rare'
  readonly groups: Table<Group>
  readonly values: Table<Counted>
}
export type SpikeMemory = Base & { readonly kind: 'spike'; readonly entities: Table<Rate> }
export type TravelMemory = Base & { readonly kind: 'impossible_travel'; readonly entities: Table<Trail> }

/** Everything one rule has learnt of a tenant. */
export type Memory = FirstSeenMemory | RareMemory | SpikeMemory | TravelMemory

export const countNames = ['late', 'unread', 'saturated', 'muted', 'evicted', 'full'] as const

/** A memory that has seen nothing. */
export function createMemory(kind: Memory['kind'], rule: string, learns: string): Memory {
  const base = {
    learns,
    rule,
    since: null,
    watermark: 0,
    sweptAt: 0,
    counts: { late: 0, unread: 0, saturated: 0, muted: 0, evicted: 0, full: 0 },
    said: createTable<Said>(),
    changed: true,
  }
  switch (kind) {
    case 'first_seen':
      return { ...base, kind, entities: createTable<Habit>(), peers: createTable<Shared>() }
    case 'rare':
      return { ...base, kind, groups: createTable<Group>(), values: createTable<Counted>() }
    case 'spike':
      return { ...base, kind, entities: createTable<Rate>() }
    case 'impossible_travel':
      return { ...base, kind, entities: createTable<Trail>() }
  }
}

/** One table of a memory, whatever it holds: what forgetting and storing need of it. */
export interface AnyTable {
  readonly name: string
  readonly size: number
  readonly newcomers: number
  readonly keys: () => Iterable<string>
  readonly forget: (at: number) => void
  /** Keys that changed since the last call, with their entries; undefined = gone. */
  readonly take: () => readonly (readonly [key: string, entry: Entry | undefined])[]
}

/** Whether anything in it changed since it was stored: asked of every rule after every batch. */
export function isTouched(memory: Memory): boolean {
  if (memory.changed || memory.said.dirty.size > 0) return true
  switch (memory.kind) {
    case 'first_seen':
      return memory.entities.dirty.size > 0 || memory.peers.dirty.size > 0
    case 'rare':
      return memory.groups.dirty.size > 0 || memory.values.dirty.size > 0
    default:
      return memory.entities.dirty.size > 0
  }
}

/** The tables of a memory by name. */
export function tablesOf(memory: Memory): readonly AnyTable[] {
  const said = plain('said', memory.said)
  switch (memory.kind) {
    case 'first_seen':
      return [plain('entities', memory.entities), plain('peers', memory.peers), said]
    case 'rare':
      return [plain('groups', memory.groups), plain('values', memory.values), said]
    default:
      return [plain<Rate | Trail>('entities', memory.entities as Table<Rate | Trail>), said]
  }
}

function plain<E extends Entry>(name: string, table: Table<E>): AnyTable {
  return {
    name,
    size: table.entries.size,
    newcomers: table.newcomers,
    keys: () => table.entries.keys(),
    forget: (at) => forget(table, at),
    take() {
      const taken = [...table.dirty].map((key) => [key, table.entries.get(key)] as const)
      table.dirty.clear()
      return taken
    },
  }
}
