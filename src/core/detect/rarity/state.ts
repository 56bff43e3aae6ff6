import { hashId, isObject, type Json, type JsonObject } from '../../model/index.ts'
import { type Counts, countNames, createMemory, isTouched, type Memory, tablesOf } from './memory.ts'
import { rarityKinds } from './rule.ts'
import { createTable, type Entry } from './table.ts'

/** What all rarity rules have learnt of one tenant; plain data that can be stored key by key. */
export interface RarityState {
  /** By rule id. */
  readonly memories: Map<string, Memory>
  /** Stored keys of what was given up. */
  readonly gone: Set<string>
  /** What people should hear of: rules that started anew. */
  readonly notices: string[]
  /** The rules that the memories were last compared with. */
  rules: object | null
}

/** What changed since the last call: rows to store, keys to remove, and what people should hear of. */
export interface RarityChanges {
  readonly upserts: readonly (readonly [key: string, doc: JsonObject])[]
  readonly deletes: readonly string[]
  readonly notices: readonly string[]
}

/** An empty state. */
export function createRarityState(): RarityState {
  return { memories: new Map(), gone: new Set(), notices: [], rules: null }
}

/** What changed since the last call; a state restored from all rows that were ever given goes on exactly as this one. */
export function takeRarityChanges(state: RarityState): RarityChanges {
  const upserts: (readonly [string, JsonObject])[] = []
  const deletes = new Set(state.gone)
  for (const memory of state.memories.values()) {
    if (!isTouched(memory)) continue
    for (const table of tablesOf(memory)) {
      for (const [key, entry] of table.take()) {
        const stored = storedKey(memory.rule, table.name, key)
        if (entry === undefined) deletes.add(stored)
        else {
          deletes.delete(stored)
          upserts.push([stored, { k: key, e: { ...entry } as unknown as Json }])
        }
      }
    }
    if (!memory.changed) continue
    memory.changed = false
    const { kind, learns, since, watermark, sweptAt, counts } = memory
    deletes.delete(memory.rule)
    upserts.push([memory.rule, { kind, learns, since, watermark, sweptAt, counts: { ...counts } }])
  }
  const notices = state.notices.splice(0)
  state.gone.clear()
  return { upserts, deletes: [...deletes], notices }
}

/** The state from stored rows, in whatever order they come. */
export function restoreRarityState(rows: Iterable<readonly [key: string, doc: Json]>): RarityState {
  const state = createRarityState()
  const entries = new Map<string, [string, Entry][]>()
  for (const [stored, doc] of rows) {
    if (!isObject(doc)) continue
    const at = stored.lastIndexOf('|')
    if (at >= 0) {
      const name = stored.slice(0, at)
      const list = entries.get(name) ?? []
      entries.set(name, list)
      if (typeof doc.k === 'string' && isObject(doc.e)) list.push([doc.k, doc.e as unknown as Entry])
      continue
    }
    const kind = rarityKinds.find((one) => one === doc.kind)
    if (kind === undefined || typeof doc.learns !== 'string') continue
    const memory = createMemory(kind, stored, doc.learns)
    memory.since = typeof doc.since === 'number' ? doc.since : null
    memory.watermark = Number(doc.watermark)
    memory.sweptAt = Number(doc.sweptAt)
    memory.changed = false
    if (isObject(doc.counts)) restoreCounts(memory.counts, doc.counts)
    state.memories.set(stored, memory)
  }
  for (const [rule, memory] of state.memories) state.memories.set(rule, withTables(memory, entries))
  return state
}

/** Gives a memory up: its rows are removed with the next changes. */
export function giveUp(state: RarityState, memory: Memory): void {
  state.memories.delete(memory.rule)
  state.gone.add(memory.rule)
  for (const table of tablesOf(memory)) {
    for (const [key] of table.take()) state.gone.add(storedKey(memory.rule, table.name, key))
    for (const key of table.keys()) state.gone.add(storedKey(memory.rule, table.name, key))
  }
}

/** Bounded whatever the key is: the database's index takes no long keys. */
const storedKey = (rule: string, table: string, key: string) =>
  `${rule}|${table}|${/^[\w.@:/-]{1,80}$/.test(key) ? `=${key}` : hashId(key)}`

function restoreCounts(counts: Counts, stored: JsonObject): void {
  for (const name of countNames) counts[name] = Number(stored[name] ?? 0)
}

function withTables(memory: Memory, entries: ReadonlyMap<string, [string, Entry][]>): Memory {
  const tables = Object.fromEntries(
    tablesOf(memory).map(({ name }) => [name, createTable(entries.get(`${memory.rule}|${name}`))]),
  )
  return { ...memory, ...tables } as Memory
}
