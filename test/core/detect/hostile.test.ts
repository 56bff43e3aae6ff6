import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSelection, compileSigmaRule, createMatcher } from '../../../src/core/detect/index.ts'
import { compilePattern, parsePattern } from '../../../src/core/detect/sigma/pattern.ts'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

function selection(raw: Json) {
  const compiled = compileSelection(raw, () => ({ file: 'x.yaml', line: 1, column: 1 }))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value
}

// What would stall an engine runs into the time limit of its test here; there is no other clock.

test('a value is found behind 10,000 fields', () => {
  const fields = Array.from({ length: 10_000 }, (_, index) => [`f${index}`, index] as const)
  const record = Object.fromEntries([...fields, ['last', 'needle']])
  expect(selection(['needle']).test(record)).toBe(true)
  expect(selection({ last: 'needle' }).test(record)).toBe(true)
})

test('a value is found behind 10,000 elements of a list', () => {
  const record = { a: [...Array.from({ length: 10_000 }, (_, index) => ({ b: index })), { b: 'needle' }] }
  expect(selection({ 'a.b': 'needle' }).test(record)).toBe(true)
})

test('depth is no way out, and no way to break the engine', () => {
  const nested = (wrap: (inner: Json) => Json, depth: number) => {
    let value: Json = 'needle'
    for (let level = 0; level < depth; level++) value = wrap(value)
    return value
  }
  const lists = nested((inner) => [inner], 50_000)
  const maps = nested((inner) => ({ a: inner }), 50_000)
  expect(selection({ a: 'needle' }).test({ a: lists })).toBe(true)
  expect(selection({ 'a.b': 'needle' }).test({ a: lists })).toBe(false)
  expect(selection(['needle']).test({ a: lists })).toBe(true)
  expect(selection(['needle']).test({ a: maps })).toBe(true)
  expect(selection({ 'a.a.a': 'needle' }).test({ a: maps })).toBe(false)
})

test('padding of half a megabyte does not hide a value', () => {
  const record = { a: `${'x'.repeat(500_000)} NEEDLE ` }
  expect(selection({ 'a|contains': ' needle ' }).test(record)).toBe(true)
  expect(selection({ a: '*n?edle*' }).test(record)).toBe(true)
})

test.each([
  ['contains', { 'a|contains': 'aab' }],
  ['many wildcards', { a: '*a*a*a*a*a*a*b' }],
  ['question marks', { a: '*a?a?a?b*' }],
  ['many dashes', { 'a|windash|contains': '-a -a -b' }],
  ['a regular expression', { 'a|re': 'a+b' }],
  ['keywords', ['aab']],
])('a megabyte of text stays cheap: %s', (_name, raw) => {
  const one = selection(raw as Json)
  const record = { a: 'a'.repeat(1_000_000) }
  for (let turn = 0; turn < 3; turn++) expect(one.test(record)).toBe(false)
})

test('log sources that a sender makes up are not remembered one by one', () => {
  const detection = { s: { eventName: 'x' }, condition: 's' }
  const head = { title: 't', id: 'r', level: 'low', logsource: { product: 'linux' } }
  const compiled = compileSigmaRule(documentOf('x.yaml', JSON.stringify({ ...head, detection })))
  if (!compiled.ok) throw new Error('the rule does not load')
  const rule = compiled.value
  const matcher = createMatcher(Array.from({ length: 10_000 }, (_, index) => ({ ...rule, id: `r${index}` })))
  const match = (service: string, eventName: string) =>
    matcher.match({ logsource: { product: 'linux', service }, record: { eventName } })
  expect(match('first', 'x')).toHaveLength(10_000)
  // Going through 10,000 rules for each of them would take hours.
  for (let index = 0; index < 40_000; index++) expect(match(`made-up-${index}`, 'y')).toHaveLength(0)
})

const anything: fc.Arbitrary<JsonObject> = fc
  .dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'a', 'a.b')),
    fc.jsonValue({ maxDepth: 4 }),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject)

test('nothing in a record makes a selection throw or change the record', () => {
  const raw = { 'a|contains': 'x', 'a.b': null, '__proto__|exists': true, 'constructor|re': '^x', 'toString|gt': 1 }
  const parts = Object.entries(raw).map(([key, value]) => selection({ [key]: value }))
  fc.assert(
    fc.property(anything, (record) => {
      const before = JSON.stringify(record)
      for (const one of parts) expect(typeof one.test(record)).toBe('boolean')
      expect(JSON.stringify(record)).toBe(before)
    }),
    { numRuns: 500 },
  )
})

test('a pattern without wildcards, escaped from any text, matches that text and only it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, other) => {
      const escaped = text.replace(/[\\*?]/g, '\\$&')
      const matches = compilePattern(parsePattern(escaped), true)
      expect(matches(text)).toBe(true)
      expect(matches(other)).toBe(other === text)
    }),
    { numRuns: 1000 },
  )
})
