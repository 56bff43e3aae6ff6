import { currentTactic, currentTechnique } from '../detect/index.ts'
import {
  type Alert,
  alertId,
  canonicalJson,
  type Event,
  eventId,
  type Json,
  type JsonObject,
  observableKey,
  oneLine,
  parseTimestamp,
  type TenantId,
} from '../model/index.ts'
import { firstOf, textOf } from './getter.ts'
import type { AlertMapping, Inbound } from './integration.ts'
import type { Normalized, RawDelivery } from './normalized.ts'

const futureMs = 5 * 60_000

/** What a record is as an event, and as an alert where the manifest says that it is one. */
export function eventOf(
  tenant: TenantId,
  inbound: Inbound,
  record: JsonObject,
  delivery: RawDelivery,
  index: number,
): Extract<Normalized, { kind: 'event' }> {
  const id = eventId(tenant, inbound.integration, keyOf(inbound, record))
  let occurredAt = delivery.receivedAt
  let timeNote: Event['timeNote'] = 'missing'
  for (const { getter, form } of inbound.times) {
    const at = parseTimestamp(getter.first(record), form, delivery.receivedAt)
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

/** What makes a second delivery a duplicate: the members that the manifest names when all are there, else the whole record. */
function keyOf(inbound: Inbound, record: JsonObject): string {
  let key = ''
  for (const getter of inbound.key) {
    const part = textOf(getter.first(record))
    if (part === undefined) return canonicalJson(record)
    key = key === '' ? part : `${key}\u0000${part}`
  }
  return key === '' ? canonicalJson(record) : key
}

function alertFrom(event: Event, inbound: Inbound, mapping: AlertMapping): Alert {
  const { record } = event
  const title = clean(mapping.title(record)) ?? inbound.ref.title
  const kind = mapping.class(record) ?? title
  const updateOf = inbound.updateOf === null ? null : (textOf(inbound.updateOf.first(record), 500) ?? null)
  const confidence = firstOf(mapping.confidence, record)
  const detectedAt =
    mapping.detectedAt === null
      ? null
      : parseTimestamp(firstOf(mapping.detectedAt.getters, record), mapping.detectedAt.form, event.receivedAt)
  const entities = event.observables
    .filter((one) => one.role === 'target' || one.role === 'attacker')
    .slice(0, 4)
    .map(observableKey)
  const grouped = mapping.aggregateBy?.map((getter) => textOf(getter.first(record), 200) ?? '') ?? [kind, ...entities]
  const flat = (getters: AlertMapping['techniques']) =>
    getters
      .flatMap((getter) => getter.all(record))
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
        const value = clean(textOf(getter.first(record), 300))
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

const clean = (text: string | undefined, limit = 300) =>
  text === undefined ? undefined : oneLine(text, limit) || undefined
const urlOf = (text: string | undefined) =>
  text !== undefined && /^https:\/\/[^\s"'<>]{3,1000}$/.test(text) ? text : null
