import {
  compileRarityRule,
  createRarityDetector,
  createRarityState,
  type RarityRule,
} from '../../../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../../../src/core/model/index.ts'
import { documentOf } from '../../../support/document.ts'

const tenant = tenantId('main')
export const base = Date.parse('2026-05-01T00:00:00Z')
export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** A rarity rule of one kind on events of product `p`. */
export const documentOfRule = (body: JsonObject, head: JsonObject = {}) =>
  documentOf(
    'rules/rarity/x.yaml',
    JSON.stringify({
      ...{ title: 'Unusual', id: 'r-1', description: 'd', owner: 'o', level: 'high', tags: [] },
      ...{ logsource: { product: 'p' }, detection: { s: { 'user|exists': true }, condition: 's' } },
      ...head,
      ...body,
    }),
  )

export function ruleOf(body: JsonObject, head: JsonObject = {}): RarityRule {
  const compiled = compileRarityRule(documentOfRule(body, head))
  if (compiled.ok) return compiled.value
  throw new Error(compiled.problems.map((one) => one.message).join('; '))
}

let count = 0

/** An event of product `p` so many milliseconds after the base. */
export function eventAt(ms: number, record: JsonObject): Event {
  const occurredAt = base + ms
  return {
    ...{ id: eventId(tenant, 's', String(count++)), tenant, source: 's', inbound: 'x', seq: count, index: 0 },
    ...{ occurredAt, timeNote: 'as-sent', receivedAt: occurredAt, logsource: { product: 'p' }, observables: [] },
    record,
  }
}

const user = { label: 'user', fields: ['user'] }
const place = { label: 'place', fields: ['place'] }

/** A small rule of every kind, tight enough that short sequences reach every bound. */
export const smallRules: readonly RarityRule[] = [
  ruleOf({
    first_seen: {
      ...{ entity: user, value: place, window: '4h', lateness: '2h', warmUp: { events: 2 } },
      peers: { label: 'team', fields: ['team'], usualFrom: 1, level: 'low' },
      caps: { entities: 3, values: 3, alerts: 3 },
    },
  }),
  ruleOf(
    {
      rare: {
        ...{ entity: user, value: place, among: { label: 'team', fields: ['team'] }, below: { count: 2, entities: 2 } },
        ...{ window: '4h', lateness: '2h', warmUp: { events: 3 }, caps: { entities: 10, values: 4, alerts: 2 } },
      },
    },
    { id: 'r-2' },
  ),
  ruleOf(
    {
      spike: {
        ...{ entity: user, counted: 'things', bucket: '15m', season: 'none', deviations: 1, atLeast: 2 },
        ...{ unseen: 'zero', window: '4h', lateness: '2h', warmUp: { days: 0.04 }, caps: { entities: 3, alerts: 2 } },
      },
    },
    { id: 'r-3' },
  ),
  ruleOf(
    {
      impossible_travel: {
        ...{ entity: user, position: { country: 'place', ip: 'ip' }, speedKmh: 500, distanceKm: 100 },
        ...{ window: '4h', lateness: '2h', caps: { entities: 3, alerts: 2 } },
      },
    },
    { id: 'r-4' },
  ),
]

/** A rule that hears events one by one, where no address has a place. */
export function hearing(rule: RarityRule) {
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  return {
    state,
    hear: (ms: number, record: JsonObject) => detector.observe(state, eventAt(ms, record), () => null),
  }
}
