import { expect, test } from 'vitest'
import { alertOf, checkFixture, compileRuleSet, createMatcher } from '../../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const logsource = { product: 'p' }
const rule = { title: 'Rule', id: 'r', logsource, detection: { s: { a: 'x' }, condition: 's' } }
const filter = {
  ...{ title: 'Admins', id: 'f', logsource },
  filter: { rules: ['r'], s: { user: 'adm' }, condition: 's' },
}
const setOf = (...documents: readonly JsonObject[]) =>
  compileRuleSet(documents.map((one, index) => documentOf(`rules/${index}.yaml`, JSON.stringify(one, null, 2))))
const problemsOf = (...documents: readonly JsonObject[]) => setOf(...documents).results.flatMap((one) => one.problems)
const eventOf = (record: JsonObject): Event => ({
  ...{ id: eventId(tenantId('main'), 's', '1'), tenant: tenantId('main'), source: 's', inbound: 'x', seq: 1, index: 0 },
  ...{ occurredAt: 0, timeNote: 'as-sent', receivedAt: 0, logsource, observables: [], record },
})

test('an alert names the filters that let the event pass, with their places', () => {
  const { detections } = setOf(filter, rule)
  const event = eventOf({ a: 'x', user: 'bob' })
  const [match] = createMatcher(detections).match(event)
  if (match === undefined) throw new Error('the rule did not fire')
  expect(alertOf(event, match).details).toMatchObject({ 'filters that let it pass': ['Admins (rules/0.yaml:2:12)'] })
  expect(createMatcher(detections).match(eventOf({ a: 'x', user: 'adm' }))).toEqual([])
})

test('a fixture that a filter keeps out says which', () => {
  const [kept] = setOf(filter, rule).detections
  if (kept === undefined) throw new Error('the rule does not load')
  const text = 'positive: [{ a: x, user: adm }]\nnegative: [{ a: y }]\n'
  const result = checkFixture(kept, documentOf('fixture.yaml', text))
  expect(result.ok && result.value.map((one) => [one.passed, one.facts])).toEqual([
    [false, [{ name: 'kept out by filter', value: 'Admins' }]],
    [true, []],
  ])
})

test.each([
  ['no log source', { logsource: null }, 'needs "logsource"'],
  ['no rules', { filter: { s: { a: 1 }, condition: 's' } }, '"rules" lists ids or names'],
  ['an empty list of rules', { filter: { rules: [], s: { a: 1 }, condition: 's' } }, '"rules" lists ids or names'],
  ['no condition', { filter: { rules: 'any', s: { a: 1 } } }, 'the condition is missing'],
  ['several conditions', { filter: { rules: 'any', s: { a: 1 }, condition: ['s'] } }, 'one condition, a text'],
  ['a search that is not there', { filter: { rules: 'any', s: { a: 1 }, condition: 't' } }, 'no search "t"'],
  ['a modifier that is none', { filter: { rules: 'any', s: { 'a|x': 1 }, condition: 's' } }, 'unknown modifier'],
])('a filter with %s does not load', (_name, change, message) => {
  const [first] = problemsOf({ ...filter, ...change } as JsonObject, rule)
  expect(first?.message).toContain(message)
  expect(first?.place?.file).toBe('rules/0.yaml')
})

test('a misspelt rule is named with the nearest, at its place', () => {
  const [first] = problemsOf({ ...filter, filter: { ...filter.filter, rules: ['rulle'] } }, { ...rule, name: 'rule' })
  expect(first).toMatchObject({ hint: 'did you mean "rule"?', place: { file: 'rules/0.yaml', line: 9 } })
})

test('a filter for any rule of a log source that has none is a warning', () => {
  expect(
    problemsOf({ ...filter, logsource: { product: 'q' }, filter: { ...filter.filter, rules: 'any' } }, rule),
  ).toEqual([expect.objectContaining({ severity: 'warning', message: 'no detection rule has this log source' })])
})
