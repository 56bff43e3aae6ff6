import { hashId, type IncidentNumber, type Observable } from '../model/index.ts'

/** Entity -> the incidents that hold it in the order in which they came to; one number or several, because most entities are of one incident. */
export type EntityIndex = Map<string, IncidentNumber | IncidentNumber[]>

/** Puts an incident under entities under which it is not yet. */
export function addToIndex(index: EntityIndex, number: IncidentNumber, entities: Iterable<string>): void {
  for (const entity of entities) {
    const held = index.get(entity)
    if (held === undefined) index.set(entity, number)
    else if (typeof held === 'number') index.set(entity, [held, number])
    else held.push(number)
  }
}

/** Takes an incident away from its entities. */
export function removeFromIndex(index: EntityIndex, number: IncidentNumber, entities: Iterable<string>): void {
  for (const entity of entities) keepOf(index, entity, (one) => one !== number)
}

/** Takes away everything but the incidents of `kept`, in one walk: one by one it would cost a value of thousands of incidents a walk each. */
export function reduceIndex(index: EntityIndex, kept: { has(number: IncidentNumber): boolean }): void {
  for (const entity of index.keys()) keepOf(index, entity, (one) => kept.has(one))
}

function keepOf(index: EntityIndex, entity: string, keep: (number: IncidentNumber) => boolean): void {
  const held = index.get(entity)
  if (held === undefined) return
  const rest = (typeof held === 'number' ? [held] : held).filter(keep)
  const [only] = rest
  if (only === undefined) index.delete(entity)
  else index.set(entity, rest.length === 1 ? only : rest)
}

/** The incidents under an entity, the one that came last at the end. */
export function heldBy(index: EntityIndex, entity: string): readonly IncidentNumber[] {
  const held = index.get(entity)
  return held === undefined ? [] : typeof held === 'number' ? [held] : held
}

const maxEntity = 100

/** Text as it comes back from the store: what was found by a value in memory must be found by it after a restart. */
export const asStored = (text: string) => text.replaceAll('\u0000', '\ufffd').toWellFormed()

/** What an entity key is kept under: attackers choose values, and memory must not grow with their length. */
export function entityOf(key: string): string {
  const stored = asStored(key)
  return stored.length <= maxEntity ? stored : `${stored.slice(0, stored.indexOf(':') + 1)}#${hashId(stored)}`
}

/** Types of observables that say "the same thing": a shared process or file name says little. */
const linking = new Set(['ip', 'user', 'host', 'email', 'hash', 'domain', 'url', 'access-key', 'resource'])

/** Names that every machine has: what they do on one says nothing about another. */
const everywhere = new Set([
  ...['user:system', 'user:localsystem', 'user:local service', 'user:network service', 'user:localservice'],
  ...[
    'user:networkservice',
    'user:root',
    'user:administrator',
    'user:nobody',
    'user:anonymous logon',
    'user:-',
    'user:',
  ],
  ...['host:localhost', 'host:-', 'host:', 'ip:::1', 'ip:0.0.0.0', 'ip:::'],
])

/** Asked for by several rules one after the other; a weak map of all would carry each alert into the old generation. */
let last: { readonly observables: readonly Observable[]; readonly keys: readonly string[] } | null = null

/**
 * The values by which things are linked: a user by the name without domain and case, a host by its first label. Names
 * that every machine has link nothing.
 */
export function entityKeys(observables: readonly Observable[]): readonly string[] {
  if (last?.observables === observables) return last.keys
  const keys = new Set<string>()
  for (const one of observables) {
    if (!linking.has(one.type)) continue
    const key = entityKey(one.type, one.value)
    if (!everywhere.has(key) && !key.startsWith('ip:127.')) keys.add(key)
  }
  const list = [...keys]
  last = { observables, keys: list }
  return list
}

function entityKey(type: string, value: string): string {
  if (type === 'user' || type === 'email') {
    const account = value.slice(value.lastIndexOf('\\') + 1)
    return `user:${account.split('@')[0]}`.toLowerCase()
  }
  if (type === 'host' && !/^[\d.:]+$/.test(value)) return `host:${value.split('.')[0]}`.toLowerCase()
  return `${type}:${value}`
}
