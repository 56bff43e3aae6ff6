import {
  type Alert,
  canonicalJson,
  isObject,
  type Json,
  type JsonObject,
  observableKey,
  type Place,
  severityName,
  tenantId,
} from '../model/index.ts'
import type { ContractTest } from './contract-test.ts'
import type { Integration } from './integration.ts'
import type { Normalized, RawDelivery } from './normalized.ts'
import { createNormalizer, type Normalizer } from './normalizer.ts'
import { eventToOcsf, toOcsf } from './ocsf.ts'

/** One member of an expectation that does not hold. */
export interface Difference {
  /** Path in `expect`, e.g. `alert.severity`. */
  readonly path: string
  readonly expected: Json
  readonly actual: Json
  readonly place: Place
}

/** What became of one test: read as a delivery of its integration, and recognised among all of them. */
export interface ContractResult {
  readonly integration: string
  readonly name: string
  readonly place: Place
  readonly differences: readonly Difference[]
  /** OCSF of the events the payload came to. */
  readonly ocsf: readonly JsonObject[]
}

/**
 * Runs the `tests:` of integrations through decoding, splitting and normalising, twice each: as a delivery of the
 * integration, and as one of unknown origin that all manifests compete for. `all` are the manifests that compete.
 */
export function runContracts(
  chosen: readonly Integration[],
  all: readonly Integration[] = chosen,
): readonly ContractResult[] {
  const normalizer = createNormalizer(all, tenantId('contract'))
  return chosen.flatMap((one) => one.tests.map((test) => runContract(one.id, test, normalizer)))
}

/** The payload of a test as the delivery it would come in. */
export function deliveryOf(test: ContractTest, source: string | null): RawDelivery {
  const { payload, transport, contentType, receivedAt } = test
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return { seq: 1, source, transport, contentType, receivedAt, body: new TextEncoder().encode(text) }
}

function runContract(integration: string, test: ContractTest, normalizer: Normalizer): ContractResult {
  const differences = new Map<string, Difference>()
  let ocsf: readonly JsonObject[] = []
  for (const source of test.recognised ? [integration, null] : [integration]) {
    const results = normalizer.normalize(deliveryOf(test, source))
    const actual = summaryOf(results, integration)
    if (source !== null) ocsf = results.flatMap((one) => (one.kind === 'event' ? [ocsfOf(one)] : []))
    for (const [path, expected, found] of mismatches({ source: integration, ...test.expect }, actual, []))
      differences.set(`${path.join('.')}=${canonicalJson(found)}`, {
        path: path.join('.') + (source === null && path[0] === 'source' ? ' (recognised)' : ''),
        expected,
        actual: found,
        place: test.place(['expect', ...path]),
      })
  }
  return { integration, name: test.name, place: test.place(['name']), differences: [...differences.values()], ocsf }
}

const ocsfOf = (one: Extract<Normalized, { kind: 'event' }>) =>
  one.alert === null ? eventToOcsf(one.event) : toOcsf(one.alert)

/** The first result in the words of `expect`. */
function summaryOf(results: readonly Normalized[], integration: string): JsonObject {
  const [first] = results
  const common = { kind: first?.kind ?? 'nothing', count: results.length }
  // What nobody recognised has no source.
  if (first === undefined || first.kind === 'dead')
    return { ...common, source: integration, code: first?.code ?? '', message: first?.message ?? '' }
  if (first.kind === 'dropped') return { ...common, source: first.source, reason: first.reason }
  const { event, alert } = first
  return {
    ...common,
    source: event.source,
    inbound: event.inbound,
    logsource: { ...event.logsource },
    occurredAt: new Date(event.occurredAt).toISOString(),
    timeNote: event.timeNote,
    observables: event.observables.map(observableKey),
    roles: event.observables.map((one) => `${one.role}:${observableKey(one)}`),
    alert: alert === null ? null : alertSummary(alert),
    ocsf: ocsfOf(first),
  }
}

const alertSummary = (alert: Alert): JsonObject => ({
  severity: severityName(alert.severity),
  title: alert.title,
  description: alert.description,
  confidence: alert.confidence,
  detectedAt: new Date(alert.detectedAt).toISOString(),
  techniques: alert.techniques,
  tactics: alert.tactics,
  updateOf: alert.updateOf,
  url: alert.url,
  details: alert.details,
})

type Mismatch = readonly [path: readonly (string | number)[], expected: Json, actual: Json]

/**
 * Where a value does not hold what is expected of it: members that are not named are free, of a list every element that
 * is named must be there, and an empty list is an empty list. `logsource` must be equal as a whole.
 */
function mismatches(expected: Json, actual: Json | undefined, path: readonly (string | number)[]): readonly Mismatch[] {
  const found = actual === undefined ? null : actual
  if (isObject(expected) && isObject(found)) {
    const names =
      path.length === 1 && path[0] === 'logsource' ? Object.keys({ ...expected, ...found }) : Object.keys(expected)
    return names.flatMap((name) =>
      Object.hasOwn(expected, name)
        ? mismatches(expected[name] as Json, Object.hasOwn(found, name) ? found[name] : undefined, [...path, name])
        : [[[...path], expected, found] as const],
    )
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    const list = found as readonly Json[]
    if (expected.length === 0) return list.length === 0 ? [] : [[path, expected, list]]
    return (expected as readonly Json[]).flatMap((one, index): readonly Mismatch[] =>
      list.some((other) => mismatches(one, other, path).length === 0) ? [] : [[[...path, index], one, list]],
    )
  }
  return actual !== undefined && canonicalJson(expected) === canonicalJson(found) ? [] : [[path, expected, found]]
}
