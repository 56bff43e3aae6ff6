import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSigmaRule, createMatcher } from '../../../src/core/detect/index.ts'
import { EventMemory } from '../../../src/core/detect/sigma/event-memory.ts'
import { Outline } from '../../../src/core/detect/sigma/outline.ts'
import { ValueMemory } from '../../../src/core/detect/sigma/value-memory.ts'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

/** Reads records one after another as rules do; gives how many were known. */
function readAll(records: readonly JsonObject[], maxBytes: number): number {
  const memory = new EventMemory<string>(new ValueMemory(maxBytes))
  const outline = new Outline(['a', 'b', 'c.d'], false, 0)
  let known = 0
  for (const record of records) {
    if (!memory.isWorthwhile() || !outline.take(record)) continue
    const outcome = ['a', 'b', 'c.d'].map((name) => JSON.stringify(record[name]) ?? 'nothing').join()
    const found = memory.find(outline)
    if (found === undefined) memory.keep(outline, outcome, 0)
    else {
      known++
      expect(found).toBe(outcome)
    }
  }
  return known
}

const scalar = fc.constantFrom<Json>('a', 'b', '1', 1, 0, -1, '', 'true', true, false, null)

test('what is known of an event is what came of one with the same values in the members that are read', () => {
  const record = fc.dictionary(fc.constantFrom('a', 'b', 'c.d', 'c', 'x'), fc.oneof(scalar, fc.constant({ d: 'a' })))
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), fc.constantFrom(1000, 1_000_000), (few, bytes) => {
      readAll(Array.from({ length: 12 }, () => few).flat() as JsonObject[], bytes)
    }),
  )
})

const numbered = (count: number, times: number) =>
  Array.from({ length: count * times }, (_, nth) => ({ a: `svchost.exe -k ${nth % count}`, x: nth }))

test.each<[string, readonly JsonObject[], number, number, number]>([
  ['events that come again are known, whatever else they hold', numbered(500, 20), 32e6, 0.85, 0.95],
  [
    'and those that differ in one character in the middle',
    Array.from({ length: 2000 }, (_, nth) => ({ a: `${'a'.repeat(300)}${nth % 10}${'a'.repeat(300)}` })),
    32e6,
    0.95,
    1,
  ],
  ['with no memory none is', numbered(3, 100), 0, 0, 0],
  ['what takes more than is allowed is forgotten', numbered(5000, 4), 20_000, 0, 0.1],
  ['a record is not known where an object is read', Array.from({ length: 100 }, () => ({ c: { d: 'a' } })), 32e6, 0, 0],
])('%s', (_name, records, bytes, least, most) => {
  const share = readAll(records, bytes) / records.length
  expect(share).toBeGreaterThanOrEqual(least)
  expect(share).toBeLessThanOrEqual(most)
})

test.each<[string, JsonObject, JsonObject, JsonObject]>([
  ['a keyword', { keywords: ['mimikatz'], condition: 'keywords' }, { x: 'calc' }, { x: 'run MimiKatz now' }],
  ['a keyword in a number', { keywords: ['4711'], condition: 'keywords' }, { x: 1 }, { x: 47110 }],
  [
    'a keyword in a list',
    { keywords: ['mimikatz'], s: { a: 'b' }, condition: 'keywords and not s' },
    { a: 'c', x: ['calc'] },
    { a: 'c', x: ['calc', { y: 'mimikatz' }] },
  ],
  [
    'no keyword where it is left out',
    { s: { a: 'b' }, keywords: ['mimikatz'], condition: 's and not keywords' },
    { a: 'b', x: 'mimikatz' },
    { a: 'b', x: 'calc' },
  ],
  [
    'one of two keywords where the other stands in what it reads',
    { k1: ['mimikatz'], k2: ['sekurlsa'], s: { a: 'mimikatz' }, condition: 's and k1 and k2' },
    { a: 'mimikatz', x: 'calc' },
    { a: 'mimikatz', x: 'sekurlsa' },
  ],
  [
    'a keyword or a value',
    { keywords: ['mimikatz'], s: { a: 'b' }, condition: 's or keywords' },
    { a: 'c', x: 'calc' },
    { a: 'c', x: 'mimikatz' },
  ],
  ['another field', { s: { 'a|fieldref': 'b' }, condition: 's' }, { a: 'x', b: 'y' }, { a: 'x', b: 'x' }],
  ['a number that is no text', { s: { 'a|exists': true }, condition: 's' }, { b: 1 }, { a: 1 }],
])('a rule sees %s behind events that were alike else', (_name, detection, quiet, loud) => {
  const rule = { title: 'x', id: 'x', level: 'low', logsource: {}, detection }
  const compiled = compileSigmaRule(documentOf('x.yaml', JSON.stringify(rule)))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const matcher = createMatcher([compiled.value])
  const matches = (record: JsonObject) => matcher.match({ logsource: {}, record }).length
  for (let turn = 0; turn < 3; turn++) {
    expect(matches(quiet)).toBe(0)
    expect(matches(loud)).toBe(1)
  }
})
