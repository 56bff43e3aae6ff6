import { type JsonObject, own } from '../model/index.ts'
import type { Inbound, Integration } from './integration.ts'

/** A record in the form that the mapping reads. */
export interface Accepted {
  readonly inbound: Inbound
  readonly record: JsonObject
}

/** Which mappings may read a record, the most particular first. */
export interface Recognition {
  /** Those of an integration; without one, those of all that could accept a record of this shape. */
  candidates(source: string | null, record: JsonObject): readonly Inbound[]
  /** Those that take lists apart. */
  splitting(source: string | null): readonly Inbound[]
}

const maxShapes = 5000
const shapeMembers = 80
const none: readonly Inbound[] = []

export function createRecognition(integrations: readonly Integration[]): Recognition {
  const byPriority = (a: Inbound, b: Inbound) => b.priority - a.priority
  const ranked = integrations
    .flatMap((one) => one.inbound)
    .sort((a, b) => byPriority(a, b) || (a.ref.id < b.ref.id ? -1 : 1))
  const bySource = new Map(integrations.map((one) => [one.id, [...one.inbound].sort(byPriority)]))
  const splitting = ranked.filter((one) => one.split.length > 0)
  const splittingBySource = new Map(
    [...bySource].map(([id, inbound]) => [id, inbound.filter((one) => one.split.length > 0)]),
  )
  const byShape = new Map<string, readonly Inbound[]>()
  return {
    candidates(source, record) {
      if (source !== null) return bySource.get(source) ?? none
      const shape = Object.keys(record).slice(0, shapeMembers).join('\u0000')
      const known = byShape.get(shape)
      if (known !== undefined) return known
      const found = ranked.filter((one) => one.roots?.every((root) => hasRoot(record, root)) ?? true)
      if (byShape.size > maxShapes) byShape.clear()
      byShape.set(shape, found)
      return found
    },
    splitting: (source) => (source === null ? splitting : (splittingBySource.get(source) ?? none)),
  }
}

const hasRoot = (record: JsonObject, root: string) =>
  own(record, root) !== undefined || own(record, root.split('.')[0] as string) !== undefined

/** The first mapping that accepts the record, in the form that the mapping gives it. */
export function accepted(candidates: readonly Inbound[], record: JsonObject): Accepted | null {
  for (const inbound of candidates) {
    const shaped = inbound.reshape === null ? record : inbound.reshape(record)
    if (inbound.accept.test(shaped)) return { inbound, record: shaped }
  }
  return null
}
