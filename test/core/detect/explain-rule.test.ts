import { expect, test } from 'vitest'
import {
  compileRuleSet,
  compileSigmaRule,
  type Explained,
  explainRule,
  type SourceMapping,
} from '../../../src/core/detect/index.ts'
import type { JsonObject, LogSource } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const text = (detection: string) =>
  `title: Rule\nid: r1\nlogsource: { product: windows, category: process_creation }\ndetection:\n${detection
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')}`

const same: LogSource = { product: 'windows', category: 'process_creation' }

function explain(detection: string, record: JsonObject, logsource = same, mappings: readonly SourceMapping[] = []) {
  const document = documentOf('rules/r.yaml', text(detection))
  const compiled = compileSigmaRule(document)
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('\n'))
  return explainRule(compiled.value, document, { logsource, record }, mappings)
}

/** A tree in short: ✓ or ✗ and the label, parts in brackets. */
const short = (one: Explained): string =>
  `${one.holds ? '✓' : '✗'}${one.label}${one.parts.length > 0 ? `[${one.parts.map(short).join(' ')}]` : ''}`

test.each<[string, string, JsonObject, boolean, string]>([
  ['a map', 'sel: { a: 1, b: 2 }\ncondition: sel', { a: 1 }, false, '✗sel[✓a ✗b]'],
  [
    'a list of maps',
    'sel: [{ a: 1 }, { b: 2, c: 3 }]\ncondition: sel',
    { b: 2, c: 3 },
    true,
    '✓sel[✓any of[✗all of[✗a] ✓all of[✓b ✓c]]]',
  ],
  ['keywords', 'sel: [one, two]\ncondition: sel', { x: 'has two in it' }, true, '✓sel[✓keywords]'],
  ['one keyword', 'sel: one\ncondition: sel', { x: 'two' }, false, '✗sel[✗keywords]'],
  ['all of the keywords', "sel: { '|all': [one, two] }\ncondition: sel", { x: 'one two' }, true, '✓sel[✓|all]'],
  ['nested maps', 'sel: { a: { b: 1 } }\ncondition: sel', { a: { b: 1 } }, true, '✓sel[✓any of[✓all of[✓a.b]]]'],
])('a search of the form "%s" is a tree of what held', (_name, detection, record, fired, tree) => {
  const explanation = explain(detection, record)
  expect(explanation.fired).toBe(fired)
  expect(explanation.searches.map(short)).toEqual([tree])
})

test.each<[string, JsonObject, boolean, string]>([
  ['sel and not flt', { a: 1 }, true, '✓all of[✓sel ✓not[✗flt]]'],
  ['sel and not flt', { a: 1, b: 1 }, false, '✗all of[✓sel ✗not[✓flt]]'],
  ['1 of *', { b: 1 }, true, '✓any of[✗sel ✓flt]'],
  ['all of them', { b: 1 }, false, '✗all of[✗sel ✓flt]'],
  ['sel', { a: 1 }, true, '✓sel'],
  ['not (sel or flt)', {}, true, '✓not[✗any of[✗sel ✗flt]]'],
])('the condition "%s" is a tree down to the names of searches', (condition, record, holds, tree) => {
  const { conditions } = explain(`sel: { a: 1 }\nflt: { b: 1 }\ncondition: ${condition}`, record)
  expect(conditions.map((one) => [one.text, one.holds, short(one.tree)])).toEqual([[condition, holds, tree]])
})

test.each<[string, string, JsonObject, unknown, unknown]>([
  [
    'a missing field',
    'a',
    {},
    { present: false, values: [], count: 0 },
    [
      { value: 'x', holds: false },
      { value: 'y', holds: false },
    ],
  ],
  ['null', 'a', { a: null }, { present: true, values: [null], count: 1 }, [{ holds: false }, { holds: false }]],
  ['a list', 'a', { a: ['y', 'z'] }, { values: ['y', 'z'], count: 2 }, [{ holds: false }, { value: 'y', holds: true }]],
  ['a modifier', 'a|contains', { a: 'axa' }, { values: ['axa'] }, [{ value: 'x', holds: true }, { holds: false }]],
  [
    'all of the values',
    'a|contains|all',
    { a: 'axa' },
    { values: ['axa'] },
    [{ value: 'x', holds: true }, { holds: false }],
  ],
  ['a path', 'o.a', { o: { a: 'x' } }, { values: ['x'] }, [{ holds: true }, { holds: false }]],
])('of a field it is said what was seen and which values held: %s', (_name, field, record, seen, wanted) => {
  const [search] = explain(`sel: { ${field}: [x, y] }\ncondition: sel`, record).searches
  expect(search?.parts[0]).toMatchObject({ label: field, seen, wanted, place: { line: 5, column: 10 } })
})

test('long texts and long lists of the event are cut, and the count is kept', () => {
  const record = { a: [...Array.from({ length: 30 }, () => 'x'.repeat(5000))] }
  const seen = explain('sel: { a: x }\ncondition: sel', record).searches[0]?.parts[0]?.seen
  expect(seen?.count).toBe(30)
  expect(JSON.stringify(seen).length).toBeLessThan(2000)
})

const mapping = (given: LogSource, fields: readonly (readonly [string, readonly string[]])[] = []): SourceMapping => ({
  ref: { kind: 'pipeline', id: 'p', title: 'p', place: { file: 'rules/pipelines/p.yaml', line: 9, column: 1 } },
  integration: 'windows',
  sigma: same,
  given,
  when: null,
  fields: new Map(fields),
})

test('a log source that the pipelines give another meaning applies by that meaning, under its names', () => {
  const security = { product: 'windows', service: 'security', category: 'process_creation' }
  const { fired, logsource, searches } = explain(
    'sel: { Image: x }\ncondition: sel',
    { NewProcessName: 'x' },
    security,
    [mapping({ product: 'windows', service: 'sysmon' }), mapping(security, [['Image', ['NewProcessName']]])],
  )
  expect(fired).toBe(true)
  expect(logsource.meanings).toMatchObject([
    { applies: false, differs: ['service'], ref: { place: { line: 9 } } },
    { applies: true, differs: [] },
  ])
  expect(searches[0]?.parts[0]?.seen).toMatchObject({ under: 'NewProcessName', values: ['x'] })
})

test('where the log source does not apply the rule does not fire, and its parts are looked at all the same', () => {
  const { fired, logsource, conditions } = explain('sel: { a: 1 }\ncondition: sel', { a: 1 }, { product: 'linux' })
  expect(fired).toBe(false)
  expect(logsource).toMatchObject({ applies: false, meanings: [{ ref: null, differs: ['product', 'category'] }] })
  expect(conditions[0]?.holds).toBe(true)
})

test('a filter that keeps the event out is named, one that does not as well', () => {
  const filter = (id: string, wanted: string) =>
    documentOf(
      `rules/${id}.yaml`,
      JSON.stringify({
        ...{ title: id, id, logsource: same },
        filter: { rules: ['r1'], selection: { user: wanted }, condition: 'selection' },
      }),
    )
  const document = documentOf('rules/r.yaml', text('sel: { a: 1 }\ncondition: sel'))
  const set = compileRuleSet([document, filter('backup', 'backup'), filter('admin', 'admin')])
  const [rule] = set.detections
  if (rule === undefined) throw new Error(JSON.stringify(set.results.map((one) => one.problems)))
  const { fired, conditions, filters } = explainRule(
    rule,
    document,
    { logsource: same, record: { a: 1, user: 'backup' } },
    [],
  )
  expect([fired, conditions[0]?.holds]).toEqual([false, true])
  expect(filters.map((one) => [one.ref.id, one.keepsOut])).toEqual([
    ['admin', false],
    ['backup', true],
  ])
})

test('values of placeholders are what the rule asks for', () => {
  const placeholders = new Map([['hosts', ['dc-1', 'dc-2']]])
  const document = documentOf('rules/r.yaml', text("sel: { a|expand: '%hosts%' }\ncondition: sel"))
  const compiled = compileSigmaRule(document, placeholders)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const explanation = explainRule(
    compiled.value,
    document,
    { logsource: same, record: { a: 'dc-2' } },
    [],
    placeholders,
  )
  expect(explanation.fired).toBe(true)
  expect(explanation.searches.map(short)).toEqual(['✓sel[✓a|expand]'])
})
