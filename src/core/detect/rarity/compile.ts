import {
  canonicalJson,
  type Document,
  isObject,
  type Json,
  type JsonObject,
  type Problem,
  problem,
  type Result,
  type SeverityId,
  type SeverityName,
  severityId,
  sha256,
} from '../../model/index.ts'
import { compileSigmaRule } from '../sigma/rule.ts'
import { dayMs, durationMs } from './duration.ts'
import { type FieldReading, lenses, type Reader } from './reader.ts'
import { type Caps, type PositionFields, type RarityRule, rarityKinds, type WarmUp } from './rule.ts'

/** Changes with the form of what is learnt, so that nothing reads what another version wrote. */
const form = 1
const noPeers = 'none'

/** Compiles a rarity rule; every problem has its place. The document has passed its schema. */
export function compileRarityRule(document: Document): Result<RarityRule> {
  const selects = compileSigmaRule(document)
  if (!selects.ok) return selects
  const problems: Problem[] = []
  const [kind, ...more] = rarityKinds.filter((one) => Object.hasOwn(document.value, one))
  if (kind === undefined || more.length > 0)
    return {
      ok: false,
      problems: [
        problem(
          'rarity/kind',
          kind === undefined
            ? `the rule says nothing about what is unusual`
            : `a rule is of one kind, not ${[kind, ...more].join(' and ')}`,
          document.place(more.length > 0 ? [more[0] as string] : [], 'key'),
          `write one of ${rarityKinds.join(', ')}`,
        ),
      ],
    }
  const raw = objectOf(document.value[kind])
  const fail = (message: string, path: readonly (string | number)[], hint?: string) =>
    problems.push(problem('rarity/value', message, document.place([kind, ...path]), hint))
  const duration = (path: readonly string[], fallback: number): number => {
    const text = path.reduce<Json | undefined>((value, key) => objectOf(value)[key], raw)
    if (text === undefined) return fallback
    const ms = durationMs(text)
    if (ms === null) fail(`${JSON.stringify(text)} is no duration`, path, 'a number and m, h, d or w, like 30d')
    return ms ?? fallback
  }
  const windowMs = duration(['window'], dayMs)
  const latenessMs = duration(['lateness'], Math.min(dayMs, windowMs))
  const warm = objectOf(raw.warmUp)
  const warmUp: WarmUp = { events: numberOf(warm.events, 1), ms: numberOf(warm.days, 0) * dayMs }
  const capsOf = objectOf(raw.caps)
  const caps: Caps = {
    entities: numberOf(capsOf.entities, kind === 'spike' ? 10_000 : 20_000),
    values: numberOf(capsOf.values, kind === 'rare' ? 20_000 : 64),
    alerts: numberOf(capsOf.alerts, 5),
  }
  if (latenessMs > windowMs) fail('the lateness is longer than the window', ['lateness'])
  if (windowMs > 400 * dayMs) fail('the window is longer than 400 days', ['window'])
  if (warmUp.ms > windowMs)
    fail('the warm-up is longer than the window: history that long is never there', ['warmUp', 'days'])
  if (kind === 'first_seen' && caps.values > 500)
    fail('an entity keeps at most 500 values', ['caps', 'values'], 'a value that has more is no habit')
  const common = {
    ...selects.value,
    ref: { ...selects.value.ref, kind: 'rarity' as const },
    selects: selects.value,
    learns: sha256(
      canonicalJson([
        ...[form, kind, document.value.logsource ?? null, document.value.detection ?? null],
        Object.fromEntries(Object.entries(raw).filter(([key]) => key !== 'caps')),
      ]),
    ),
    owner: String(document.value.owner ?? ''),
    entity: readerOf(raw.entity, 'entity'),
    ...{ windowMs, latenessMs, warmUp, caps },
  }
  const rule = ((): RarityRule => {
    switch (kind) {
      case 'first_seen': {
        const peers = objectOf(raw.peers)
        return {
          ...common,
          kind,
          value: readerOf(raw.value, 'value'),
          peers:
            raw.peers === undefined
              ? null
              : {
                  group: readerOf(raw.peers, 'group'),
                  usualFrom: numberOf(peers.usualFrom, 3),
                  severity: peers.level === noPeers ? null : lesser(common.severity, peers.level),
                },
        }
      }
      case 'rare': {
        const below = objectOf(raw.below)
        if (Object.keys(below).length === 0) fail('a bound is missing', ['below'], 'write count, share or entities')
        return {
          ...common,
          kind,
          value: readerOf(raw.value, 'value'),
          group: readerOf(raw.among, 'group'),
          below: { count: maybe(below.count), share: maybe(below.share), entities: maybe(below.entities) },
        }
      }
      case 'spike': {
        const bucketMs = duration(['bucket'], 3_600_000)
        const periodMs = raw.season === 'week' ? 7 * dayMs : raw.season === 'day' ? dayMs : bucketMs
        if (periodMs % bucketMs !== 0) fail('the bucket does not divide the day', ['bucket'], 'like 15m, 1h or 6h')
        if (windowMs < 4 * periodMs)
          fail('the window holds less than four of the periods that are compared', ['window'], 'make it longer')
        if (windowMs / bucketMs > 2000) fail('the window has more than 2000 buckets', ['bucket'], 'make them longer')
        if (warmUp.ms < 3 * periodMs)
          fail('the warm-up is shorter than three of the periods that are compared', ['warmUp'], 'give it more days')
        return {
          ...common,
          ...{ kind, bucketMs, periodMs },
          counted: String(raw.counted ?? 'events'),
          deviations: numberOf(raw.deviations, 6),
          atLeast: numberOf(raw.atLeast, 10),
          unseen: raw.unseen === 'zero' ? 'zero' : 'unknown',
        }
      }
      case 'impossible_travel': {
        const position = positionOf(objectOf(raw.position))
        if ((position.latitude === null) !== (position.longitude === null))
          fail('a latitude needs a longitude, and the other way round', ['position'])
        if (position.latitude === null && position.country === null && position.ip === null)
          fail('nothing says where an event is', ['position'], 'name latitude and longitude, country or ip')
        return {
          ...common,
          ...{ kind, position },
          warmUp: { ...warmUp, events: Math.max(2, warmUp.events) },
          speedKmh: numberOf(raw.speedKmh, 1000),
          distanceKm: numberOf(raw.distanceKm, 500),
        }
      }
    }
  })()
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: rule }
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const numberOf = (value: Json | undefined, fallback: number) => (typeof value === 'number' ? value : fallback)
const maybe = (value: Json | undefined) => (typeof value === 'number' ? value : null)
const textOrNull = (value: Json | undefined) => (typeof value === 'string' ? value : null)

/** What is usual among peers is never worse than what is not. */
function lesser(severity: SeverityId, level: Json | undefined): SeverityId {
  const other = severityId((typeof level === 'string' ? level : 'low') as SeverityName)
  return other < severity ? other : severity
}

function readerOf(value: Json | undefined, label: string): Reader {
  const raw = objectOf(value)
  const fields = Array.isArray(raw.fields) ? (raw.fields as readonly Json[]) : []
  return { label: textOrNull(raw.label) ?? label, fields: fields.flatMap(fieldOf) }
}

function fieldOf(raw: Json): FieldReading[] {
  if (typeof raw === 'string') return [{ field: raw, as: null }]
  if (!isObject(raw) || typeof raw.field !== 'string') return []
  return [{ field: raw.field, as: lenses.find((one) => one === raw.as) ?? null }]
}

function positionOf(raw: JsonObject): PositionFields {
  return {
    latitude: textOrNull(raw.latitude),
    longitude: textOrNull(raw.longitude),
    city: textOrNull(raw.city),
    radiusKm: numberOf(raw.radiusKm, 50),
    country: textOrNull(raw.country),
    ip: textOrNull(raw.ip),
  }
}
