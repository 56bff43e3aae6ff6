import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { coverSources, isPackRule } from '../../../src/core/content/index.ts'
import { checkFixture, compileSigmaRule } from '../../../src/core/detect/index.ts'
import type { Document } from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'

const { detection: all, sequences, integrations, mappings } = await ownBundle()
/** Packs have tests of their publishers. */
const detection = all.filter((rule) => !isPackRule(rule.ref.place?.file ?? ''))
const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const attack = join(data, 'attack', 'techniques.json')
if (!existsSync(attack)) console.warn(`SKIPPED: no ATT&CK techniques at ${data} (set GITSOC_SHARED_DATA)`)

describe.each(detection)('$title', (rule) => {
  const name = rule.ref.place?.file.split('/').at(-1) ?? ''

  test('does what its fixtures say', () => {
    const path = `rules/detection/fixtures/${name}`
    const result = checkFixture(rule, documentOf(path, readFileSync(path, 'utf8')), mappings)
    if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
    expect(result.value.filter((one) => !one.passed).map((one) => `${one.kind} ${one.index}`)).toEqual([])
  })

  test('says what it is for: description, what else may set it off, technique and tactic', () => {
    expect(rule.description.length).toBeGreaterThan(40)
    expect(rule.falsePositives.length).toBeGreaterThan(0)
    expect(rule.techniques.length).toBeGreaterThan(0)
    expect(rule.tactics.length).toBeGreaterThan(0)
  })
})

interface Technique {
  readonly id: string
  readonly tactics: readonly string[]
}

test.skipIf(!existsSync(attack))(
  'every technique is in ATT&CK, and every tactic is one of a technique of the rule',
  () => {
    const known = new Map((JSON.parse(readFileSync(attack, 'utf8')) as Technique[]).map((one) => [one.id, one.tactics]))
    const wrong = [...detection, ...sequences].flatMap((rule) => {
      const possible = new Set(rule.techniques.flatMap((id) => known.get(id) ?? []))
      return [
        ...rule.techniques.filter((id) => !known.has(id)),
        ...rule.tactics.filter((tactic) => !possible.has(tactic)),
      ].map((one) => `${rule.title}: ${one}`)
    })
    expect(wrong).toEqual([])
  },
)

test('every rule asks for a log source that an integration gives its events', () => {
  const missing = coverSources(detection, { mappings, integrations }).filter((one) => one.integrations.length === 0)
  expect(missing).toEqual([])
})

test('every file of fixtures belongs to a rule', () => {
  const files = readdirSync('rules/detection/fixtures')
  const names = new Set(detection.map((rule) => rule.ref.place?.file.split('/').at(-1)))
  expect(files.filter((file) => !names.has(file))).toEqual([])
})

const rule = () => {
  const text = 'title: t\nid: x\nlevel: low\nlogsource: { product: p }\ndetection: { s: { a: x }, condition: s }\n'
  const compiled = compileSigmaRule(documentOf('rules/detection/x.yaml', text))
  if (!compiled.ok) throw new Error('the rule does not load')
  return compiled.value
}
const fixture = (text: string): Document => documentOf('rules/detection/fixtures/x.yaml', text)

test('a fixture shows which record went wrong, where, and what fired', () => {
  const result = checkFixture(rule(), fixture('positive:\n  - { a: x }\n  - { a: y }\nnegative:\n  - { a: X }\n'))
  if (!result.ok) throw new Error('the fixture does not load')
  expect(result.value.map((one) => [one.kind, one.index, one.passed, one.place.line])).toEqual([
    ['positive', 0, true, 2],
    ['positive', 1, false, 3],
    ['negative', 0, false, 5],
  ])
  expect(result.value[2]?.facts).toEqual([{ name: 'a', value: 'X' }])
})

test.each([
  ['without negative records', 'positive: [{ a: x }]\n', '"negative" must list'],
  ['with an empty list', 'positive: []\nnegative: [{ a: y }]\n', '"positive" must list'],
  ['with something that is no record', 'positive: [x]\nnegative: [{ a: y }]\n', '"positive" must list'],
  [
    'with a misspelt list',
    'positiv: [{ a: x }]\npositive: [{ a: x }]\nnegative: [{ a: y }]\n',
    '"positiv" is not known',
  ],
])('a fixture %s is refused', (_name, text, message) => {
  const result = checkFixture(rule(), fixture(text))
  expect(!result.ok && result.problems[0]?.message).toContain(message)
})
