import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compileRuleSet, createCorrelator, createMatcher, createSigmaState } from '../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../src/core/model/index.ts'
import { documentOf } from '../support/document.ts'

/** A form of the specification with its cases; the format is described in `sigma/README.md`. */
interface Form {
  readonly form: string
  readonly spec: string
  readonly counted: Readonly<Record<string, string | boolean>>
  readonly cases: readonly Case[]
}

interface Case {
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
const forms = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')) as Form[])

const logsource = { product: 'test' }

function compile({ detection, documents, placeholders }: Case) {
  const rules = documents ?? [{ title: 'rule', id: 'rule', logsource, detection: detection ?? {} }]
  const list = placeholders === undefined ? rules : [...rules, { title: 'placeholders', placeholders }]
  const set = compileRuleSet(list.map((one, index) => documentOf(`rules/${index}.yaml`, JSON.stringify(one))))
  return { ...set, problems: set.results.flatMap((one) => one.problems) }
}

describe.each(forms)('$form', ({ cases }) => {
  test.each(cases)('$name', (one) => {
    const { detections, correlations, problems } = compile(one)
    if (one.refused !== undefined) {
      expect(problems.map((problem) => problem.message).join('\n')).toContain(one.refused)
      expect(problems.every((problem) => problem.place !== undefined)).toBe(true)
      return
    }
    expect(problems).toEqual([])
    const matcher = createMatcher(detections)
    const fires = (record: JsonObject) => matcher.match({ logsource, record }).length > 0
    for (const record of one.matches ?? []) expect(fires(record), JSON.stringify(record)).toBe(true)
    for (const record of one.differs ?? []) expect(fires(record), JSON.stringify(record)).toBe(false)
    const correlator = createCorrelator(correlations)
    const state = createSigmaState()
    for (const [index, { at, record, fires: wanted }] of (one.events ?? []).entries()) {
      const event = eventOf(record, startAt + millisecondsOf(at), index)
      const hits = correlator.observe(state, event, matcher.match(event))
      expect(hits.map((hit) => hit.rule.title).sort(), `event ${index}`).toEqual([...(wanted ?? [])].sort())
    }
    expect((one.matches ?? one.events ?? []).length).toBeGreaterThan(0)
  })
})

test('every form has a section of the specification, a way to count it, and cases on both sides', () => {
  expect(new Set(forms.map((one) => one.form)).size).toBe(forms.length)
  for (const { form, spec, counted, cases } of forms) {
    expect(spec, form).toMatch(/^sigma-[a-z-]+\.md#[a-z0-9-]+$/)
    expect(Object.keys(counted), form).toHaveLength(1)
    expect(
      cases.some((one) => one.matches !== undefined || one.events !== undefined || one.refused),
      form,
    ).toBeTruthy()
  }
})

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
