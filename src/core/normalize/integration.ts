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
import { compileGetter, type Getter, textOf } from './getter.ts'
import { compileLogSource, type PossibleLogSource, possibleLogSource } from './log-source.ts'
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
  const { id, title, webhook, inbound, connection, actions, tests } = document.value
  const integration = String(id)
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
  if (isObject(webhook) && isObject(webhook.verify))
    for (const { member, message, hint } of proofFaults(webhook.verify))
      problems.push(problem('integration/proof', message, document.place(['webhook', 'verify', member], 'key'), hint))
  const compiled = listOf(inbound).map((raw, index) => compileInbound(integration, raw, index, document, problems))
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      id: integration,
      title: String(title),
      ref: { kind: 'integration', id: integration, title: String(title), place: document.place(['id']) },
      webhook: isObject(webhook) ? webhookOf(integration, webhook) : null,
      inbound: compiled,
      connection: isObject(connection) ? connection : null,
      actions: listOf(actions) as readonly ActionSpec[],
      tests: listOf(tests).map((raw, index) => contractTest(raw, index, document)),
    },
  }
}

function webhookOf(integration: string, raw: JsonObject): WebhookSpec {
  return {
    path: textOf(raw.path) ?? integration,
    maxBytes: typeof raw.maxBytes === 'number' ? raw.maxBytes : defaultMaxBytes,
    verify: isObject(raw.verify) ? raw.verify : {},
    handshake: textOf(raw.handshake) ?? null,
  }
}

function contractTest(raw: JsonObject, index: number, document: Document): ContractTest {
  const at = textOf(raw.receivedAt)
  const { transport } = raw
  const expect = isObject(raw.expect) ? raw.expect : {}
  return {
    name: textOf(raw.name) ?? `test ${index + 1}`,
    payload: raw.payload ?? null,
    contentType: textOf(raw.contentType) ?? 'application/json',
    transport: transport === 'file' || transport === 'syslog' ? transport : 'webhook',
    receivedAt: parseTimestamp(at, 'rfc3339') ?? contractReceivedAt,
    recognised: raw.recognised !== false && expect.kind !== 'dead',
    expect,
    place: (path, part) => document.place(['tests', index, ...path], part),
  }
}

function compileInbound(
  integration: string,
  raw: JsonObject,
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
  const id = String(raw.id)
  const reshape =
    typeof raw.reshape === 'string' && Object.hasOwn(reshapers, raw.reshape) ? (reshapers[raw.reshape] ?? null) : null
  return {
    id,
    integration,
    ref: {
      kind: 'integration',
      id: `${integration}/${id}`,
      title: textOf(raw.title) ?? String(document.value.title),
      place: document.place(at(['id'])),
    },
    priority:
      typeof raw.priority === 'number' ? raw.priority : isObject(raw.accept) ? Object.keys(raw.accept).length * 10 : 10,
    reshape,
    split: compileFrom(raw.split),
    accept,
    roots: reshape === null && isObject(raw.accept) ? rootsOf(raw.accept) : null,
    drop: select('drop', raw.drop),
    key: compileFrom(raw.key),
    updateOf: typeof raw.updateOf === 'string' ? compileGetter(raw.updateOf) : null,
    times: listOf(Array.isArray(raw.time) ? raw.time : raw.time === undefined ? [] : [raw.time]).flatMap((one) =>
      compileFrom(one.from).map((getter) => ({ getter, form: (textOf(one.as) ?? 'rfc3339') as TimeForm })),
    ),
    logsource: compileLogSource(raw.logsource),
    gives: possibleLogSource(raw.logsource),
    observables: compileObservables(raw.observables),
    alert: isObject(raw.alert)
      ? compileAlert(raw.alert, at(['alert']), document, problems, (value) => select('when', value, ['alert', 'when']))
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
  raw: JsonObject,
  path: readonly (string | number)[],
  document: Document,
  problems: Problem[],
  select: (value: Json | undefined) => Selection | null,
): AlertMapping {
  const text = (key: string) => compileText(raw[key], [...path, key], document.place, problems)
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
    detectedAt: isObject(detected)
      ? { getters: compileFrom(detected.from), form: (textOf(detected.as) ?? 'rfc3339') as TimeForm }
      : null,
    aggregateBy: raw.aggregateBy === undefined ? null : compileFrom(raw.aggregateBy),
    details: Object.entries(isObject(raw.details) ? raw.details : {}).map(
      ([name, from]) => [name, compileGetter(String(from))] as const,
    ),
  }
}
