import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compileSelection, compileSigmaRule, createMatcher } from '../../../src/core/detect/index.ts'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

function table<Row>(name: string): readonly Row[] {
  return parse(readFileSync(new URL(`cases/${name}.yaml`, import.meta.url), 'utf8')) as Row[]
}

const nowhere = () => ({ file: 'x.yaml', line: 1, column: 1 })

interface SelectionCase {
  readonly name: string
  readonly selection: Json
  readonly matches: readonly JsonObject[]
  readonly differs: readonly JsonObject[]
}

describe.each(table<SelectionCase>('selections'))('$name', ({ selection, matches, differs }) => {
  const compiled = compileSelection(selection, nowhere)
  const holds = (record: JsonObject) => compiled.ok && compiled.value.test(record)

  test.each(matches.map((record) => [record]))('matches %j', (record) => {
    expect(compiled).toMatchObject({ ok: true })
    expect(holds(record)).toBe(true)
  })

  test.each(differs.map((record) => [record]))('does not match %j', (record) => {
    expect(compiled).toMatchObject({ ok: true })
    expect(holds(record)).toBe(false)
  })
})

interface ErrorCase {
  readonly name: string
  readonly detection: string
  readonly message: string
  readonly hint?: string
  readonly at?: string
}

const head = 'title: t\nid: x\nlevel: low\nlogsource: { product: p }\ndetection:\n'
const compile = (detection: string) =>
  compileSigmaRule(documentOf('rules/detection/x.yaml', `${head}${detection.replace(/^/gm, '  ')}\n`))

test.each(table<ErrorCase>('load-errors'))('refuses $name', ({ detection, message, hint, at }) => {
  const result = compile(detection)
  if (result.ok) throw new Error('the rule loaded')
  const [first] = result.problems
  expect(first?.message).toContain(message)
  if (hint !== undefined) expect(first?.hint).toContain(hint)
  expect(first?.place?.file).toBe('rules/detection/x.yaml')
  if (at !== undefined) expect(`${first?.place?.line}:${first?.place?.column}`).toBe(at)
})

test('all problems of a rule are told at once', () => {
  const result = compile('s:\n  a|foo: x\n  b|cidr: y\ncondition: s and t')
  expect(!result.ok && result.problems.map((one) => one.code)).toEqual([
    'sigma/unknown-modifier',
    'sigma/value',
    'sigma/condition',
  ])
})

test.each([
  [
    'every member that a rule names must be equal',
    { product: 'aws', service: 'cloudtrail' },
    { product: 'aws' },
    false,
  ],
  ['members that a rule does not name may be anything', { product: 'aws' }, { product: 'aws', service: 'x' }, true],
  ['another product is another source', { product: 'aws' }, { product: 'okta' }, false],
  ['a separator in a value does not join it to another', { product: 'a', category: 'b' }, { product: 'a|b' }, false],
])('%s', (_name, logsource, given, expected) => {
  const compiled = compile('s: { a: x }\ncondition: s')
  if (!compiled.ok) throw new Error('the rule does not load')
  const other = { ...compiled.value, id: 'y', logsource: { product: 'a', category: 'b', service: 'c' } }
  const matcher = createMatcher([{ ...compiled.value, logsource }, other])
  expect(matcher.match({ logsource: given, record: { a: 'x' } }).length === 1).toBe(expected)
})

test('a fact shows the element that matched, and not its neighbours', () => {
  const compiled = compile("s: { a.b: 'x' }\ncondition: s")
  if (!compiled.ok) throw new Error('the rule does not load')
  const [match] = createMatcher([compiled.value]).match({
    logsource: { product: 'p' },
    record: { a: [{ b: 'w' }, { b: 'X' }] },
  })
  expect(match?.facts).toEqual([{ name: 'a.b', value: 'X' }])
})
