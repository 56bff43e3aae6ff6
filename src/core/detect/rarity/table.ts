/** What a table remembers under one key; plain data. */
export interface Entry {
  /** Newest event time that was counted, as exactly as the rule needs it. */
  at: number
  /** Events that were counted, until there were enough to be established. */
  n: number
  /** Whether it has history: it is then forgotten only when its time is over, never for somebody else's sake. */
  ok: boolean
}

/** A bounded memory that can be stored key by key. */
export interface Table<E extends Entry> {
  readonly entries: Map<string, E>
  readonly dirty: Set<string>
  /** How many entries are not established. */
  newcomers: number
}

/** What a table did for want of room. */
export interface Room {
  evicted: number
  full: number
}

export function createTable<E extends Entry>(entries: Iterable<readonly [string, E]> = []): Table<E> {
  const map = new Map(entries)
  let newcomers = 0
  for (const entry of map.values()) if (!entry.ok) newcomers++
  return { entries: map, dirty: new Set(), newcomers }
}

/**
 * Puts an entry under a new key. In a full table it takes the place of entries that are not established: first of those
 * that were seen once, then of the oldest by event time, then by key; an eighth of the table goes at a time. Where all
 * are established it is refused: whoever makes keys up pushes out nobody's history.
 */
export function admit<E extends Entry>(table: Table<E>, key: string, entry: E, cap: number, room: Room): boolean {
  if (table.entries.size >= cap && !makeRoom(table, cap, room)) {
    room.full++
    return false
  }
  table.entries.set(key, entry)
  if (!entry.ok) table.newcomers++
  table.dirty.add(key)
  return true
}

function makeRoom<E extends Entry>(table: Table<E>, cap: number, room: Room): boolean {
  if (table.newcomers === 0) return false
  const newcomers = [...table.entries].filter(([, entry]) => !entry.ok)
  newcomers.sort(
    ([a, one], [b, two]) => Number(one.n > 1) - Number(two.n > 1) || one.at - two.at || (a < b ? -1 : a > b ? 1 : 0),
  )
  // All that is above the cap goes too: a rule may come back with a smaller one.
  const over = table.entries.size - cap
  for (const [key] of newcomers.slice(0, over + Math.max(1, cap >> 3))) {
    remove(table, key)
    room.evicted++
  }
  return table.entries.size < cap
}

/** Marks an entry as having history. */
export function establish<E extends Entry>(table: Table<E>, entry: E): void {
  if (entry.ok) return
  entry.ok = true
  table.newcomers--
}

/** Takes the history of an entry away, which goes on under its key. */
export function renew<E extends Entry>(table: Table<E>, key: string, entry: E): void {
  if (table.entries.get(key)?.ok === false) table.newcomers--
  table.entries.set(key, entry)
  if (!entry.ok) table.newcomers++
  table.dirty.add(key)
}

/** Forgets everything whose newest event is not after `at`. */
export function forget<E extends Entry>(table: Table<E>, at: number): void {
  for (const [key, entry] of table.entries) if (entry.at <= at) remove(table, key)
}

function remove<E extends Entry>(table: Table<E>, key: string): void {
  if (table.entries.get(key)?.ok === false) table.newcomers--
  table.entries.delete(key)
  table.dirty.add(key)
}
