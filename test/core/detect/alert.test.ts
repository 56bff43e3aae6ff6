import { expect, test } from 'vitest'
import {
  alertOf,
  compileSigmaRule,
  createMatcher,
  currentTactic,
  currentTechnique,
} from '../../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, type Observable, tenantId } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const tenant = tenantId('main')
const occurredAt = Date.parse('2026-05-12T08:58:00Z')

const head = `title: Key created
id: rule-1
description: >-
  Somebody created a key.
level: high
tags: [attack.persistence, attack.Privilege_Escalation, attack.t1098.001, attack.t1562.008, attack.g0016, cve.2021-1]
logsource: { product: aws }
falsepositives: [Rotation]
detection: { s: { eventName: CreateAccessKey }, condition: s }
`

function alert(record: JsonObject, observables: readonly Observable[] = [], aggregateBy = '') {
  const gitsoc = aggregateBy === '' ? '' : `gitsoc: { aggregateBy: [${aggregateBy}] }\n`
  const compiled = compileSigmaRule(documentOf('rules/detection/x.yaml', head + gitsoc))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const event: Event = {
    ...{ id: eventId(tenant, 's', JSON.stringify(record)), tenant, source: 'aws-cloudtrail', inbound: 'record' },
    ...{ seq: 1, index: 0, occurredAt, timeNote: 'as-sent', receivedAt: occurredAt + 5000 },
    ...{ logsource: { product: 'aws' }, observables, record: { eventName: 'CreateAccessKey', ...record } },
  }
  const [match] = createMatcher([compiled.value]).match(event)
  if (match === undefined) throw new Error('the rule did not fire')
  return { event, alert: alertOf(event, match) }
}

const user = (value: string): Observable => ({ type: 'user', value, role: 'target' })
const ip = (value: string): Observable => ({ type: 'ip', value, role: 'attacker' })

test('an alert carries what the rule says and what the event shows', () => {
  const { event, alert: made } = alert({}, [user('svc-backup'), ip('203.0.113.66')])
  expect(made).toMatchObject({
    ...{ kind: 'detection', source: 'aws-cloudtrail', title: 'Key created', description: 'Somebody created a key.' },
    ...{ severity: 4, occurredAt, detectedAt: event.receivedAt, eventIds: [event.id], observables: event.observables },
    rule: { kind: 'detection', id: 'rule-1', place: { file: 'rules/detection/x.yaml', line: 1, column: 8 } },
    details: { eventName: 'CreateAccessKey' },
  })
})

test('ATT&CK ids are current ones, sorted, and groups and CVEs are none', () => {
  const { alert: made } = alert({})
  expect(made.techniques).toEqual(['T1098.001', 'T1685.002'])
  expect(made.tactics).toEqual(['persistence', 'privilege-escalation'])
})

test.each([
  ['the same entities are the same alert', [user('a'), ip('192.0.2.1')], [user('a'), ip('192.0.2.2')], true],
  ['other entities are another', [user('a')], [user('b')], false],
  ['the order of entities does not matter', [user('a'), user('b')], [user('b'), user('a')], true],
  ['without entities the other observables tell', [ip('192.0.2.1')], [ip('192.0.2.2')], false],
])('%s', (_name, one, other, same) => {
  expect(alert({}, one).alert.key === alert({ n: 1 }, other).alert.key).toBe(same)
})

test.each([
  ['equal fields', { a: 'x', b: 'y' }, { a: 'X', b: 'y' }, true],
  ['different fields', { a: 'x', b: 'y' }, { a: 'x', b: 'z' }, false],
  ['fields that an attacker wrote to look like two', { a: 'x|y', b: 'z' }, { a: 'x', b: 'y|z' }, false],
  ['a missing field and an empty one', { a: 'x' }, { a: 'x', b: '' }, true],
])('by aggregateBy: %s', (_name, one, other, same) => {
  const key = (record: JsonObject) => alert(record, [user('u')], 'a, b').alert.key
  expect(key(one) === key(other)).toBe(same)
})

test('two events make two alerts, the same event one', () => {
  expect(alert({ n: 1 }).alert.id).toBe(alert({ n: 1 }).alert.id)
  expect(alert({ n: 1 }).alert.id).not.toBe(alert({ n: 2 }).alert.id)
})

test('what the event shows is bounded in the alert', () => {
  const { alert: made } = alert({ eventName: 'createaccesskey', a: 'x'.repeat(100_000) }, [], 'a')
  expect(JSON.stringify(made).length).toBeLessThan(5000)
})

test.each([
  ['t1562.008', 'T1685.002'],
  ['T1078.004', 'T1078.004'],
  ['defense-evasion', null],
  ['T1', null],
])('the technique %s is %s', (text, expected) => expect(currentTechnique(text)).toBe(expected))

test.each([
  ['Defense_Evasion', 'stealth'],
  ['initial access', 'initial-access'],
  ['defense-impairment', 'defense-impairment'],
])('the tactic %s is %s', (text, expected) => expect(currentTactic(text)).toBe(expected))
