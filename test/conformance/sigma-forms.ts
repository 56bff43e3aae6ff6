import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { compileRuleSet, createCorrelator, createMatcher, createSigmaState } from '../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, type Problem, tenantId } from '../../src/core/model/index.ts'
import { documentOf } from '../support/document.ts'

/** A form of the specification with its cases; the format is described in `sigma/README.md`. */
export interface Form {
  readonly form: string
  readonly spec: string
  readonly counted: Readonly<Record<string, string | boolean>>
  readonly cases: readonly Case[]
}

export interface Case {
  readonly name: string
  readonly detection?: JsonObject
  readonly documents?: readonly JsonObject[]
  readonly placeholders?: Readonly<Record<string, readonly string[]>>
  readonly matches?: readonly JsonObject[]
  readonly differs?: readonly JsonObject[]
  readonly refused?: string
  readonly events?: readonly { readonly at: string; readonly record: JsonObject; readonly fires?: readonly string[] }[]
}

const folder = new URL('sigma/', import.meta.url)

/** All forms, in order of their files. */
export const forms: readonly Form[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')) as Form[])

const logsource = { product: 'test' }

/** Runs a case through the engine as it is used; what went otherwise than it says, a sentence each. */
export function differencesOf(one: Case): readonly string[] {
  const { detections, correlations, problems } = compile(one)
  if (one.refused !== undefined) return refusalDifferences(one.refused, problems)
  if (problems.length > 0) return problems.map((problem) => `does not load: ${problem.message}`)
  if ((one.matches ?? one.events ?? []).length === 0) return ['shows no record on which anything fires']
  const matcher = createMatcher(detections)
  const fires = (record: JsonObject) => matcher.match({ logsource, record }).length > 0
  const found = [
    ...(one.matches ?? [])
      .filter((record) => !fires(record))
      .map((record) => `stays silent on ${JSON.stringify(record)}`),
    ...(one.differs ?? []).filter(fires).map((record) => `fires on ${JSON.stringify(record)}`),
  ]
  const correlator = createCorrelator(correlations)
  const state = createSigmaState()
  for (const [index, { at, record, fires: wanted = [] }] of (one.events ?? []).entries()) {
    const event = eventOf(record, startAt + millisecondsOf(at), index)
    const hits = correlator.observe(state, event, matcher.match(event)).map((hit) => hit.rule.title)
    if (JSON.stringify(hits.sort()) !== JSON.stringify([...wanted].sort()))
      found.push(`event ${index}: ${JSON.stringify(hits)} fired, not ${JSON.stringify(wanted)}`)
  }
  return found
}

function compile({ detection, documents, placeholders }: Case) {
  const rules = documents ?? [{ title: 'rule', id: 'rule', logsource, detection: detection ?? {} }]
  const list = placeholders === undefined ? rules : [...rules, { title: 'placeholders', placeholders }]
  const set = compileRuleSet(list.map((one, index) => documentOf(`rules/${index}.yaml`, JSON.stringify(one))))
  return { ...set, problems: set.results.flatMap((one) => one.problems) }
}

function refusalDifferences(refused: string, problems: readonly Problem[]): readonly string[] {
  const messages = problems.map((problem) => problem.message).join('\n')
  if (!messages.includes(refused)) return [`is not refused for "${refused}" but: ${messages || 'it loads'}`]
  return problems.filter((problem) => problem.place === undefined).map((problem) => `no place: ${problem.message}`)
}

const startAt = Date.UTC(2026, 0, 1)
const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const tenant = tenantId('main')

function millisecondsOf(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text)
  if (match === null) throw new Error(`"${text}" is no time`)
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
}

function eventOf(record: JsonObject, occurredAt: number, seq: number): Event {
  return {
    ...{ id: eventId(tenant, 's', String(seq)), tenant, source: 's', inbound: 'x', seq, index: 0 },
    ...{ occurredAt, timeNote: 'as-sent', receivedAt: occurredAt, logsource, observables: [], record },
  }
}
