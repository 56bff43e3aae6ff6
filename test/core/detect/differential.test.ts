import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { compileSigmaRule, createMatcher } from '../../../src/core/detect/index.ts'
import type { JsonObject } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'
import { referenceMatches } from './reference.ts'

const folder = 'rules/detection'
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

const rules = names.map((name) => {
  const document = documentOf(`${folder}/${name}`, readFileSync(join(folder, name), 'utf8'))
  const compiled = compileSigmaRule(document)
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return { rule: compiled.value, detection: document.value.detection as JsonObject }
})

const records = names.flatMap((name) => {
  const fixture = parse(readFileSync(join(folder, 'fixtures', name), 'utf8')) as Record<string, JsonObject[]>
  return [...(fixture.positive ?? []), ...(fixture.negative ?? [])]
})

test('every rule of ours says of every fixture record what the plain reference says, index and all', () => {
  const anywhere = rules.map(({ rule, detection }) => ({ rule: { ...rule, logsource: {} }, detection }))
  const matcher = createMatcher(anywhere.map((one) => one.rule))
  let matches = 0
  for (const record of records) {
    const found = matcher.match({ logsource: {}, record }).map((match) => match.rule.id)
    const wanted = anywhere.filter((one) => referenceMatches(one.detection, record)).map((one) => one.rule.id)
    expect(found, JSON.stringify(record)).toEqual(wanted.sort())
    matches += found.length
  }
  expect(matches).toBeGreaterThanOrEqual(rules.length)
}, 180_000)

const word = fc.array(fc.constantFrom('a', 'B', '-', '/', '*', '?', '\\', ' ', '1', '.'), { maxLength: 5 })
const text = word.map((letters) => letters.join(''))
const plain = text.map((one) => one.replace(/[*?\\]/g, 'x'))
const scalar = fc.oneof(text, fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.constant(null))
const field = fc.constantFrom('a', 'b', 'c', 'a.b', 'b.c', 'constructor')

const record = fc.letrec<{ value: JsonObject }>((tie) => ({
  value: fc.dictionary(
    field,
    fc.oneof(scalar, fc.array(fc.oneof(scalar, tie('value')), { maxLength: 3 }), tie('value')),
    {
      maxKeys: 4,
      noNullPrototype: true,
      depthIdentifier: 'record',
    },
  ),
})).value

const value = fc.oneof(text, fc.integer({ min: 0, max: 12 }), fc.boolean())
const listed = (one: fc.Arbitrary<string | number | boolean>) =>
  fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }))
const keyOf = (...modifiers: readonly string[]) =>
  fc.tuple(field, fc.constantFrom(...modifiers)).map((parts) => parts.join(''))
const item = fc.oneof(
  fc.tuple(
    keyOf('', '|contains', '|startswith', '|endswith', '|cased', '|contains|cased', '|neq', '|contains|neq'),
    listed(value),
  ),
  fc.tuple(keyOf('', '|neq'), fc.constant(null)),
  fc.tuple(keyOf('|windash', '|contains|windash', '|startswith|windash'), listed(text)),
  fc.tuple(keyOf('|contains|all', '|all', '|endswith|all|cased'), fc.array(value, { minLength: 2, maxLength: 3 })),
  fc.tuple(
    field.map((name) => `${name}|exists`),
    fc.boolean(),
  ),
  fc.tuple(keyOf('|lt', '|lte', '|gt', '|gte'), fc.nat(12)),
  fc.tuple(keyOf('|fieldref', '|fieldref|contains', '|fieldref|endswith|cased', '|fieldref|neq'), field),
  fc.tuple(
    keyOf('|base64offset|contains', '|base64|contains', '|wide|base64offset|contains', '|base64|cased'),
    plain.filter((one) => one.length > 2),
  ),
  fc.tuple(
    keyOf('|re', '|re|i', '|re|s', '|re|m'),
    fc
      .array(fc.constantFrom('a', 'B', '.', '^', '$', '.*', '[^a]', '(a|1)+', ' ', '\\d', '\\/'), {
        minLength: 1,
        maxLength: 5,
      })
      .map((parts) => parts.join('')),
  ),
)
const map = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.fromEntries(items))
const search = fc.oneof(
  map,
  fc.array(map, { minLength: 1, maxLength: 2 }),
  fc.array(text, { minLength: 1, maxLength: 2 }),
)
const condition = fc.constantFrom(
  ...['s1', 'not s1', 's1 and s2', 's1 or s2', 's1 and not s2', '1 of s*', 'all of them', 'not 1 of them'],
  ...['not (s1 or s2)', 's1 or s2 and not s1', '(s1 or not s2) and s2', 'not s1 and not s2', '1 of s1 or all of s2*'],
)

test('random rules say of random records what the plain reference says', () => {
  fc.assert(
    fc.property(search, search, condition, fc.array(record, { minLength: 1, maxLength: 4 }), (s1, s2, source, list) => {
      const detection = { s1, s2, condition: source } as unknown as JsonObject
      const document = documentOf(
        'x.yaml',
        JSON.stringify({ title: 'x', id: 'x', level: 'low', logsource: {}, detection }),
      )
      const compiled = compileSigmaRule(document)
      if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
      const matcher = createMatcher([compiled.value])
      // The second time what came of the first is remembered; members that no rule reads may hold a keyword then.
      for (const one of [...list, ...list.map((first) => ({ ...first, unread: 'aB' }))])
        expect(matcher.match({ logsource: {}, record: one }).length === 1, JSON.stringify(one)).toBe(
          referenceMatches(detection, one),
        )
    }),
    { numRuns: 3000 },
  )
}, 120_000)
