import { isObject, type Json, type JsonObject, oneLine, type TenantId } from '../model/index.ts'
import { decodeBody, scalarText } from './decode.ts'
import { unwrap } from './envelope.ts'
import { evtxType } from './evtx.ts'
import type { Inbound, Integration } from './integration.ts'
import { createResults, type Normalized, type RawDelivery, type Results } from './normalized.ts'
import { type Accepted, accepted, createRecognition } from './recognition.ts'
import { eventOf } from './to-event.ts'

export interface Normalizer {
  /** Every record of the delivery, each exactly once, at least one. Never throws. */
  normalize(delivery: RawDelivery): readonly Normalized[]
}

const unknownSource = 'unknown'

/** A normaliser over the manifests of a bundle, for one tenant. */
export function createNormalizer(integrations: readonly Integration[], tenant: TenantId): Normalizer {
  const recognition = createRecognition(integrations)

  return {
    normalize(delivery) {
      const results = createResults()
      const source = delivery.source ?? unknownSource
      const options = {
        evtx: delivery.contentType === evtxType,
        lines: delivery.transport === 'syslog' || /ndjson|jsonl|lines|text\/plain/.test(delivery.contentType ?? ''),
        plainText: delivery.transport === 'file' || delivery.transport === 'syslog',
        strictKeys: delivery.transport !== 'file',
      }
      decodeBody(delivery.body, options, (one) => {
        const read = one.ok ? guarded(one.value, source, results, () => unwrap(one.value)) : one
        if (read === undefined) return
        if (read.ok) normalizeRecord(read.value, delivery, results)
        else results.refuse({ source, ...read })
      })
      return results.list()
    },
  }

  function normalizeRecord(record: JsonObject, delivery: RawDelivery, results: Results): void {
    const split = guarded(record, delivery.source ?? unknownSource, results, () => splitOf(record, delivery.source))
    if (split === null) finish(record, recognition.candidates(delivery.source, record), delivery, results)
    else if (split !== undefined) normalizeList(split.inbound, split.list, delivery, results)
  }

  function normalizeList(inbound: Inbound, list: readonly Json[], delivery: RawDelivery, results: Results): void {
    const source = inbound.integration
    if (list.length === 0) {
      const reason = 'the list of records is empty'
      results.add({ kind: 'dropped', index: results.next, source, reason, rule: inbound.ref })
    }
    for (const item of list) {
      if (!isObject(item)) {
        const message = 'an element is not an object'
        results.refuse({ source, code: 'not-an-object', message, text: scalarText(item) })
        continue
      }
      const read = guarded(item, source, results, () => unwrap(item))
      if (read === undefined) continue
      if (!read.ok) results.refuse({ source, ...read })
      else {
        const candidates = recognition.candidates(delivery.source, read.value)
        finish(read.value, delivery.source === null ? [inbound, ...candidates] : candidates, delivery, results)
      }
    }
  }

  /** The list that a record is an envelope of: the first that a mapping names and has an element that it accepts. */
  function splitOf(record: JsonObject, source: string | null): { inbound: Inbound; list: readonly Json[] } | null {
    for (const inbound of recognition.splitting(source)) {
      const list = inbound.split.map((getter) => getter.first(record)).find((value) => Array.isArray(value))
      if (list === undefined) continue
      const items = list as readonly Json[]
      const isOurs = (item: Json) => {
        const read = isObject(item) ? unwrap(item) : null
        return read?.ok === true && accepted([inbound], read.value) !== null
      }
      if (items.length === 0 ? source !== null : items.some(isOurs)) return { inbound, list: items }
    }
    return null
  }

  function finish(record: JsonObject, candidates: readonly Inbound[], delivery: RawDelivery, results: Results): void {
    const { source } = delivery
    const done = guarded(record, source ?? unknownSource, results, () => {
      const found = accepted(candidates, record)
      return found === null ? 'unaccepted' : resultOf(found, delivery, results.next)
    })
    if (done === 'unaccepted') {
      const message =
        source === null ? 'no integration accepts this record' : `no inbound mapping of ${source} accepts this record`
      results.refuse({ source: source ?? unknownSource, code: 'unaccepted', message, text: JSON.stringify(record) })
    } else if (done !== undefined) results.add(done)
  }

  function resultOf(found: Accepted, delivery: RawDelivery, index: number) {
    const { inbound, record } = found
    if (inbound.drop?.test(record) !== true) return eventOf(tenant, inbound, record, delivery, index)
    const reason = `dropped by the manifest: ${inbound.drop.holding(record).join(', ')}`
    return { kind: 'dropped', index, source: inbound.integration, reason, rule: inbound.ref } as const
  }
}

/** A fault of ours must not stop everything behind the record: it is kept with its reason. */
function guarded<T>(record: JsonObject, source: string, results: Results, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    const message = `a fault of gitsoc: ${oneLine((error as Error).message, 200)}`
    results.refuse({ source, code: 'internal', message, text: JSON.stringify(record) })
    return undefined
  }
}
