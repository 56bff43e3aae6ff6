import { compileSelection, type Selection } from '../detect/index.ts'
import {
  type Document,
  isObject,
  type Json,
  type JsonObject,
  type LogSource,
  type Observable,
  type Problem,
  parseTimestamp,
  problem,
  type Result,
  type RuleRef,
  type SeverityId,
  type TimeForm,
} from '../model/index.ts'
import { type ContractTest, contractReceivedAt } from './contract-test.ts'
import { compileFrom, compileObservables, compileSeverity, compileText } from './extract.ts'
import { compileGetter, type Getter } from './getter.ts'
import { compileLogSource, type PossibleLogSource, possibleLogSource } from './log-source.ts'
import type { IntegrationManifest } from './manifest.generated.ts'
import { reshapers } from './reshape.ts'
import { proofFaults } from './webhook-proof.ts'

/** An action as the manifest declares it; `respond` runs it, `playbook` checks calls against it. */
export interface ActionSpec extends JsonObject {
  readonly id: string
}

/** Where and how deliveries of an integration come in by webhook. */
export interface WebhookSpec {
  readonly path: string
  readonly maxBytes: number
  readonly verify: JsonObject
  readonly handshake: string | null
}

/** How a record becomes a vendor alert. */
export interface AlertMapping {
  readonly when: Selection | null
  readonly severity: (record: JsonObject) => SeverityId
  readonly title: (record: JsonObject) => string | undefined
  readonly description: (record: JsonObject) => string | undefined
  readonly class: (record: JsonObject) => string | undefined
  readonly url: (record: JsonObject) => string | undefined
  readonly confidence: readonly Getter[]
  readonly techniques: readonly Getter[]
  readonly tactics: readonly Getter[]
  readonly detectedAt: { readonly getters: readonly Getter[]; readonly form: TimeForm } | null
  readonly aggregateBy: readonly Getter[] | null
  readonly details: readonly (readonly [name: string, getter: Getter])[]
}

/** One inbound mapping of a manifest, compiled. */
export interface Inbound {
  readonly id: string
  readonly integration: string
  readonly ref: RuleRef
  readonly priority: number
  readonly reshape: ((record: JsonObject) => JsonObject) | null
  readonly split: readonly Getter[]
  readonly accept: Selection
  /** Names of which a record must have at least one member for `accept` to hold; null when that cannot be said. */
  readonly roots: readonly string[] | null
  readonly drop: Selection | null
  readonly key: readonly Getter[]
  readonly updateOf: Getter | null
  readonly times: readonly { readonly getter: Getter; readonly form: TimeForm }[]
  readonly logsource: (record: JsonObject) => LogSource
  /** What `logsource` can come to. */
  readonly gives: PossibleLogSource
  readonly observables: (record: JsonObject) => readonly Observable[]
  readonly alert: AlertMapping | null
}

type InboundManifest = NonNullable<IntegrationManifest['inbound']>[number]
type TestManifest = NonNullable<IntegrationManifest['tests']>[number]

/** A manifest, compiled: what it takes in, and what it can do. */
export interface Integration {
  readonly id: string
  readonly title: string
  readonly ref: RuleRef
  readonly webhook: WebhookSpec | null
  readonly inbound: readonly Inbound[]
  readonly connection: JsonObject | null
  readonly actions: readonly ActionSpec[]
  readonly tests: readonly ContractTest[]
}

const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
const defaultMaxBytes = 1_048_576

/** Compiles a manifest that has passed its schema. */
export function compileIntegration(document: Document): Result<Integration> {
  const problems: Problem[] = []
  // The one place where a document becomes a manifest: it has passed the schema that the type is made from.
  const manifest = document.value as unknown as IntegrationManifest
  const { id: integration, title, webhook, inbound = [], tests = [] } = manifest
  const { connection, actions } = document.value
  const folder = /^integrations\/([^/]+)\/integration\.yaml$/.exec(document.file)?.[1]
  if (folder !== undefined && folder !== integration)
    problems.push(
      problem(
        'integration/id',
        `the id is "${integration}" in the folder "${folder}"`,
        document.place(['id']),
        'name the folder after the id',
      ),
    )
  if (webhook !== undefined)
    for (const { member, message, hint } of proofFaults(webhook.verify))
      problems.push(problem('integration/proof', message, document.place(['webhook', 'verify', member], 'key'), hint))
  const compiled = inbound.map((raw, index) => compileInbound(integration, raw, index, document, problems))
  for (const [index, { confirm }] of (manifest.actions ?? []).entries()) {
    if (confirm === undefined) continue
    const at = ['actions', index, 'confirm', 'done']
    const done = compileSelection(confirm.done, (inner, part) => document.place([...at, ...inner], part))
    if (!done.ok) problems.push(...done.problems)
  }
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      id: integration,
      title,
      ref: { kind: 'integration', id: integration, title, place: document.place(['id']) },
      webhook: webhook === undefined ? null : webhookOf(webhook),
      inbound: compiled,
      connection: isObject(connection) ? connection : null,
      actions: listOf(actions) as readonly ActionSpec[],
      tests: tests.map((raw, index) => contractTest(raw, index, document)),
    },
  }
}

function webhookOf(raw: NonNullable<IntegrationManifest['webhook']>): WebhookSpec {
  const { path, maxBytes = defaultMaxBytes, verify, handshake = null } = raw
  return { path, maxBytes, verify, handshake }
}

function contractTest(raw: TestManifest, index: number, document: Document): ContractTest {
  const { name, payload, contentType = 'application/json', transport = 'webhook', expect } = raw
  return {
    name,
    payload,
    contentType,
    transport,
    receivedAt: parseTimestamp(raw.receivedAt, 'rfc3339') ?? contractReceivedAt,
    recognised: raw.recognised !== false && expect.kind !== 'dead',
    expect,
    place: (path, part) => document.place(['tests', index, ...path], part),
  }
}

function compileInbound(
  integration: string,
  raw: InboundManifest,
  index: number,
  document: Document,
  problems: Problem[],
): Inbound {
  const at = (path: readonly (string | number)[]) => ['inbound', index, ...path]
  const select = (
    key: string,
    value: Json | undefined,
    path: readonly (string | number)[] = [key],
  ): Selection | null => {
    if (value === undefined) return null
    const compiled = compileSelection(value, (inner, part) => document.place(at([...path, ...inner]), part))
    if (compiled.ok) return compiled.value
    problems.push(...compiled.problems)
    return null
  }
  const accept = select('accept', raw.accept) ?? { fields: [], test: () => true, holding: () => [] }
  const { id } = raw
  const reshape = raw.reshape === undefined ? null : (reshapers[raw.reshape] ?? null)
  return {
    id,
    integration,
    ref: {
      kind: 'integration',
      id: `${integration}/${id}`,
      title: raw.title ?? String(document.value.title),
      place: document.place(at(['id'])),
    },
    priority: raw.priority ?? (isObject(raw.accept) ? Object.keys(raw.accept).length * 10 : 10),
    reshape,
    split: compileFrom(raw.split),
    accept,
    roots: reshape === null && isObject(raw.accept) ? rootsOf(raw.accept) : null,
    drop: select('drop', raw.drop),
    key: compileFrom(raw.key),
    updateOf: raw.updateOf === undefined ? null : compileGetter(raw.updateOf),
    times: [raw.time ?? []]
      .flat()
      .flatMap(({ from, as: form = 'rfc3339' }) => compileFrom(from).map((getter) => ({ getter, form }))),
    logsource: compileLogSource(raw.logsource),
    gives: possibleLogSource(raw.logsource),
    observables: compileObservables(raw.observables),
    alert:
      raw.alert !== undefined
        ? compileAlert(raw.alert, at(['alert']), document, problems, (value) =>
            select('when', value, ['alert', 'when']),
          )
        : null,
  }
}

/** Every accept condition but `exists: false` needs its field: one of them is enough to rule a record out early. */
function rootsOf(accept: JsonObject): readonly string[] {
  return Object.entries(accept)
    .filter(([key, value]) => value !== null && !(key.endsWith('|exists') && value === false) && !key.includes('|neq'))
    .map(([key]) => key.split('|')[0] as string)
    .filter((name) => name !== '')
}

function compileAlert(
  raw: NonNullable<InboundManifest['alert']>,
  path: readonly (string | number)[],
  document: Document,
  problems: Problem[],
  select: (value: Json | undefined) => Selection | null,
): AlertMapping {
  const text = (key: 'title' | 'description' | 'class' | 'url') =>
    compileText(raw[key], [...path, key], document.place, problems)
  const detected = raw.detectedAt
  return {
    when: select(raw.when),
    severity: compileSeverity(raw.severity),
    title: text('title'),
    description: text('description'),
    class: text('class'),
    url: text('url'),
    confidence: compileFrom(raw.confidence),
    techniques: compileFrom(raw.techniques),
    tactics: compileFrom(raw.tactics),
    detectedAt: detected !== undefined ? { getters: compileFrom(detected.from), form: detected.as ?? 'rfc3339' } : null,
    aggregateBy: raw.aggregateBy === undefined ? null : compileFrom(raw.aggregateBy),
    details: Object.entries(raw.details ?? {}).map(([name, from]) => [name, compileGetter(from)] as const),
  }
}
