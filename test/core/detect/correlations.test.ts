import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type CorrelationRule,
  createCorrelator,
  createMatcher,
  createSigmaState,
  type SigmaRule,
} from '../../../src/core/detect/index.ts'
import { type Event, eventId, isObject, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'

const { detection, sequences, mappings } = await ownBundle()
const byId = new Map(detection.map((rule) => [rule.id, rule]))
const counting = sequences.filter((rule) => rule.type.endsWith('_count') && rule.judged === 'at-match')

/** The records that show a counted rule to fire. */
function positives(rule: SigmaRule): readonly JsonObject[] {
  const name = rule.ref.place?.file.split('/').at(-1) ?? ''
  const path = `rules/detection/fixtures/${name}`
  const { positive } = documentOf(path, readFileSync(path, 'utf8')).value
  return Array.isArray(positive) ? positive.filter(isObject) : []
}

function eventOf(record: JsonObject, index: number): Event {
  const at = Date.UTC(2026, 4, 12, 8) + index * 1000
  return {
    id: eventId(tenantId('main'), 'test', String(index)),
    tenant: tenantId('main'),
    source: 'test',
    inbound: 'test',
    seq: index,
    index: 0,
    occurredAt: at,
    timeNote: 'as-sent',
    receivedAt: at,
    logsource: {},
    observables: [],
    record,
  }
}

/** The record with another value in the counted field, whether its name is one member or a path. */
function withValue(record: JsonObject, field: string, value: string): JsonObject {
  const [first = '', ...rest] = field.split('.')
  if (rest.length === 0 || Object.hasOwn(record, field)) return { ...record, [field]: value }
  const inner = record[first]
  return { ...record, [first]: withValue(isObject(inner) ? inner : {}, rest.join('.'), value) }
}

/** How many alerts come of so many matches, each with a value of its own in the counted field. */
function alertsOf(correlation: CorrelationRule, counted: SigmaRule, matches: number): number {
  const [record = {}] = positives(counted)
  const reads = createMatcher([anything(counted)], mappings)
  const correlator = createCorrelator([correlation])
  const state = createSigmaState()
  let alerts = 0
  for (let index = 0; index < matches; index++) {
    const varied = correlation.fields.reduce((one, field) => withValue(one, field, `value-${index}`), record)
    const event = eventOf(varied, index)
    alerts += correlator.observe(state, event, reads.match(event)).length
  }
  return alerts
}

/** A rule with the same id that matches every record, to see a record as the correlation will. */
const anything = (rule: SigmaRule): SigmaRule => ({ ...rule, logsource: {}, search: { kind: 'and', parts: [] } })

describe.each(counting)('$title', (correlation) => {
  const rules = correlation.rules.map((id) => byId.get(id) as SigmaRule)
  const [asked] = correlation.condition
  const needed = (asked?.value ?? 0) + (asked?.operator === 'gt' ? 1 : 0)

  test.each(rules)('alerts when "$title" has matched often enough, and not one match before', (counted) => {
    expect(alertsOf(correlation, counted, needed - 1)).toBe(0)
    expect(alertsOf(correlation, counted, needed)).toBe(1)
  })

  test.each(rules)('groups "$title" by fields that its records have', (counted) => {
    const missing = correlation.groupBy.filter((field) => !hasField(counted, field))
    expect(missing).toEqual([])
  })
})

function hasField(rule: SigmaRule, field: string): boolean {
  const [record = {}] = positives(rule)
  const [match] = createMatcher([anything(rule)], mappings).match({ logsource: {}, record })
  return (match?.view.field(field).values.length ?? 0) > 0
}
