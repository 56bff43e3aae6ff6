import { currentTactic, currentTechnique } from '../detect/index.ts'
import {
  type Alert,
  alertId,
  canonicalJson,
  type Event,
  eventId,
  isObject,
  type Json,
  type JsonObject,
  observableKey,
  oneLine,
  own,
  parseTimestamp,
  type RuleRef,
  type TenantId,
} from '../model/index.ts'
import { type Decoded, decodeBody } from './decode.ts'
import { unwrap } from './envelope.ts'
import { evtxType } from './evtx.ts'
import { firstOf, textOf } from './getter.ts'
import type { AlertMapping, Inbound, Integration } from './integration.ts'

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
    }

export interface Normalizer {
  /** Every record of the delivery, each exactly once, at least one. Never throws. */
  normalize(delivery: RawDelivery): readonly Normalized[]
}

const futureMs = 5 * 60_000
const maxExcerpt = 1000
const unknownSource = 'unknown'

/** A normaliser over the manifests of a bundle, for one tenant. */
export function createNormalizer(integrations: readonly Integration[], tenant: TenantId): Normalizer {
  const all = integrations.flatMap((one) => one.inbound)
  const ranked = [...all].sort((a, b) => b.priority - a.priority || (a.ref.id < b.ref.id ? -1 : 1))
  const bySource = new Map(
    integrations.map((one) => [one.id, [...one.inbound].sort((a, b) => b.priority - a.priority)]),
  )
  const byShape = new Map<string, readonly Inbound[]>()

  const candidatesFor = (record: JsonObject): readonly Inbound[] => {
    const shape = Object.keys(record).slice(0, 80).join('\u0000')
    let found = byShape.get(shape)
    if (found === undefined) {
      found = ranked.filter(
        (one) =>
          one.roots?.every(
            (root) => own(record, root) !== undefined || own(record, root.split('.')[0] as string) !== undefined,
          ) ?? true,
      )
      if (byShape.size > 5000) byShape.clear()
      byShape.set(shape, found)
    }
    return found
  }

  return {
    normalize(delivery) {
      const lines = delivery.transport === 'syslog' || /ndjson|jsonl|lines|text\/plain/.test(delivery.contentType ?? '')
      const decoded = decodeBody(delivery.body, {
        evtx: delivery.contentType === evtxType,
        lines,
        plainText: delivery.transport === 'file' || delivery.transport === 'syslog',
        strictKeys: delivery.transport !== 'file',
      })
      const results: Normalized[] = []
      for (const one of decoded) {
        const before = results.length
        try {
          const read = one.ok ? unwrap(one.value) : one
          if (read.ok) normalizeRecord(read.value, delivery, results)
          else results.push(dead(read, delivery.source ?? unknownSource, results.length))
        } catch (error) {
          // A fault of ours must not stop everything behind the record: it is kept with its reason.
          results.length = before
          results.push(
            internal(error, one.ok ? JSON.stringify(one.value) : one.text, delivery.source ?? unknownSource, before),
          )
        }
      }
      return results
    },
  }

  function normalizeRecord(record: JsonObject, delivery: RawDelivery, results: Normalized[]): void {
    const candidates = delivery.source === null ? candidatesFor(record) : (bySource.get(delivery.source) ?? [])
    for (const inbound of delivery.source === null ? ranked : candidates) {
      if (inbound.split.length === 0) continue
      const list = inbound.split.map((getter) => getter(record)[0]).find((value) => Array.isArray(value)) as
        | readonly Json[]
        | undefined
      if (list === undefined) continue
      const items = list.map(readItem)
      if (
        !items.some((item) => item.ok && accepted([inbound], item.value) !== null) &&
        !(delivery.source !== null && list.length === 0)
      )
        continue
      if (items.length === 0)
        results.push({
          kind: 'dropped',
          index: results.length,
          source: inbound.integration,
          reason: 'the list of records is empty',
          rule: inbound.ref,
        })
      for (const item of items) {
        if (!item.ok) results.push(dead(item, inbound.integration, results.length))
        else
          finish(
            accepted(delivery.source === null ? [inbound, ...candidatesFor(item.value)] : candidates, item.value),
            item.value,
            delivery,
            results,
          )
      }
      return
    }
    finish(accepted(candidates, record), record, delivery, results)
  }

  function finish(
    found: { inbound: Inbound; record: JsonObject } | null,
    record: JsonObject,
    delivery: RawDelivery,
    results: Normalized[],
  ): void {
    const index = results.length
    if (found === null) {
      const source = delivery.source ?? unknownSource
      results.push({
        kind: 'dead',
        index,
        source,
        code: 'unaccepted',
        message:
          delivery.source === null
            ? 'no integration accepts this record'
            : `no inbound mapping of ${source} accepts this record`,
        excerpt: excerptOf(JSON.stringify(record)),
      })
      return
    }
    const { inbound } = found
    if (inbound.drop?.test(found.record)) {
      const why = inbound.drop.holding(found.record).join(', ')
      results.push({
        kind: 'dropped',
        index,
        source: inbound.integration,
        reason: `dropped by the manifest: ${why}`,
        rule: inbound.ref,
      })
      return
    }
    results.push(eventOf(tenant, inbound, found.record, delivery, index))
  }
}

function readItem(item: Json): Decoded {
  return isObject(item)
    ? unwrap(item)
    : { ok: false, code: 'not-an-object', message: 'an element is not an object', text: JSON.stringify(item) }
}

function accepted(candidates: readonly Inbound[], record: JsonObject): { inbound: Inbound; record: JsonObject } | null {
  for (const inbound of candidates) {
    const shaped = inbound.reshape === null ? record : inbound.reshape(record)
    if (inbound.accept.test(shaped)) return { inbound, record: shaped }
  }
  return null
}

function eventOf(
  tenant: TenantId,
  inbound: Inbound,
  record: JsonObject,
  delivery: RawDelivery,
  index: number,
): Normalized {
  const parts = inbound.key.map((getter) => textOf(getter(record)[0]))
  const key =
    parts.length > 0 && parts.every((part) => part !== undefined) ? parts.join('\u0000') : canonicalJson(record)
  const id = eventId(tenant, inbound.integration, key)
  let occurredAt = delivery.receivedAt
  let timeNote: Event['timeNote'] = 'missing'
  for (const { getter, form } of inbound.times) {
    const at = parseTimestamp(getter(record)[0], form, delivery.receivedAt)
    if (at === null) continue
    occurredAt = at > delivery.receivedAt + futureMs ? delivery.receivedAt : at
    timeNote = occurredAt === at ? 'as-sent' : 'clamped'
    break
  }
  const event: Event = {
    id,
    tenant,
    source: inbound.integration,
    inbound: inbound.id,
    seq: delivery.seq,
    index,
    occurredAt,
    timeNote,
    receivedAt: delivery.receivedAt,
    logsource: inbound.logsource(record),
    observables: inbound.observables(record),
    record,
  }
  const mapping = inbound.alert
  return {
    kind: 'event',
    event,
    alert: mapping !== null && (mapping.when?.test(record) ?? true) ? alertFrom(event, inbound, mapping) : null,
  }
}

function alertFrom(event: Event, inbound: Inbound, mapping: AlertMapping): Alert {
  const { record } = event
  const title = clean(mapping.title(record)) ?? inbound.ref.title
  const kind = mapping.class(record) ?? title
  const updateOf = inbound.updateOf === null ? null : (textOf(inbound.updateOf(record)[0], 500) ?? null)
  const confidence = firstOf(mapping.confidence, record)
  const detectedAt =
    mapping.detectedAt === null
      ? null
      : parseTimestamp(firstOf(mapping.detectedAt.getters, record), mapping.detectedAt.form, event.receivedAt)
  const entities = event.observables
    .filter((one) => one.role === 'target' || one.role === 'attacker')
    .slice(0, 4)
    .map(observableKey)
  const grouped = mapping.aggregateBy?.map((getter) => textOf(getter(record)[0], 200) ?? '') ?? [kind, ...entities]
  const flat = (getters: AlertMapping['techniques']) =>
    getters
      .flatMap((getter) => getter(record))
      .flatMap((one) => (Array.isArray(one) ? (one as readonly Json[]) : [one]))
      .map((one) => textOf(one, 100))
      .filter((one) => one !== undefined)
  return {
    id: alertId(event.tenant, inbound.ref.id, event.id),
    tenant: event.tenant,
    kind: 'vendor',
    source: event.source,
    rule: inbound.ref,
    title,
    description: clean(mapping.description(record), 2000) ?? '',
    severity: mapping.severity(record),
    confidence: typeof confidence === 'number' && confidence >= 0 && confidence <= 100 ? confidence : null,
    occurredAt: event.occurredAt,
    detectedAt:
      detectedAt === null || detectedAt > event.receivedAt ? event.receivedAt : Math.max(detectedAt, event.occurredAt),
    ingestedAt: event.receivedAt,
    techniques: [
      ...new Set(
        flat(mapping.techniques)
          .map(currentTechnique)
          .filter((one) => one !== null),
      ),
    ].sort(),
    tactics: [...new Set(flat(mapping.tactics).map(currentTactic))].sort(),
    observables: event.observables,
    key: updateOf === null ? `${inbound.ref.id}|${grouped.join('|')}` : `${inbound.ref.id}|finding|${updateOf}`,
    updateOf,
    eventIds: [event.id],
    url: urlOf(mapping.url(record)),
    details: Object.fromEntries(
      mapping.details.flatMap(([name, getter]) => {
        const value = clean(textOf(getter(record)[0], 300))
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

const clean = (text: string | undefined, limit = 300) =>
  text === undefined ? undefined : oneLine(text, limit) || undefined
const urlOf = (text: string | undefined) =>
  text !== undefined && /^https:\/\/[^\s"'<>]{3,1000}$/.test(text) ? text : null
const excerptOf = (text: string) => oneLine(text, maxExcerpt)

function internal(error: unknown, text: string, source: string, index: number): Normalized {
  return {
    kind: 'dead',
    index,
    source,
    code: 'internal',
    message: `a fault of gitsoc: ${oneLine((error as Error).message, 200)}`,
    excerpt: excerptOf(text),
  }
}

function dead(one: Extract<Decoded, { ok: false }>, source: string, index: number): Normalized {
  return { kind: 'dead', index, source, code: one.code, message: one.message, excerpt: excerptOf(one.text) }
}
