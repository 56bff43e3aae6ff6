import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSelection, compileSigmaRule, createMatcher, type SigmaRule } from '../../../src/core/detect/index.ts'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const at = () => ({ file: 'x.yaml', line: 1, column: 1 })

function matches(selection: Json, record: JsonObject): boolean {
  const compiled = compileSelection(selection, at)
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value.test(record)
}

const yes = true
const no = false
test.each([
  ['equality ignores case', { a: 'CMD' }, { a: 'cmd' }, yes],
  ['equality is of the whole text', { a: 'cmd' }, { a: 'cmd.exe' }, no],
  ['cased does not', { 'a|cased': 'CMD' }, { a: 'cmd' }, no],
  ['a wildcard', { a: '*.exe' }, { a: 'x.EXE' }, yes],
  ['a question mark is one character', { a: 'a?c' }, { a: 'abc' }, yes],
  ['a question mark is not none', { a: 'a?c' }, { a: 'ac' }, no],
  ['an escaped wildcard is a star', { a: 'a\\*c' }, { a: 'a*c' }, yes],
  ['an escaped wildcard is no wildcard', { a: 'a\\*c' }, { a: 'abc' }, no],
  ['a plain backslash', { 'a|endswith': '\\cmd.exe' }, { a: 'C:\\Windows\\cmd.exe' }, yes],
  ['an escaped backslash before a wildcard', { a: 'C:\\\\*' }, { a: 'C:\\x' }, yes],
  ['several stars', { a: '*one*two*' }, { a: 'x one y two z' }, yes],
  ['several stars in order', { a: '*two*one*' }, { a: 'x one y two z' }, no],
  ['contains', { 'a|contains': 'ell' }, { a: 'Hello' }, yes],
  ['startswith', { 'a|startswith': 'he' }, { a: 'Hello' }, yes],
  ['a list is any', { a: ['x', 'y'] }, { a: 'y' }, yes],
  ['all is every', { 'a|contains|all': ['x', 'y'] }, { a: 'y' }, no],
  ['a map is every', { a: 1, b: 2 }, { a: 1, b: 3 }, no],
  ['a list of maps is any', [{ a: 1 }, { b: 2 }], { b: 2 }, yes],
  ['numbers and their texts are equal', { a: 4625 }, { a: '4625' }, yes],
  ['null is a missing field', { a: null }, {}, yes],
  ['null is a null field', { a: null }, { a: null }, yes],
  ['null is not empty text', { a: null }, { a: '' }, no],
  ['empty text is empty text', { a: '' }, { a: '' }, yes],
  ['empty text is not a missing field', { a: '' }, {}, no],
  ['exists', { 'a|exists': true }, { a: null }, yes],
  ['exists not', { 'a|exists': false }, { a: 0 }, no],
  ['a regular expression keeps case', { 'a|re': '^ab.$' }, { a: 'ABC' }, no],
  ['a regular expression with i', { 'a|re|i': '^ab.$' }, { a: 'ABC' }, yes],
  ['cidr for IPv4', { 'a|cidr': '10.0.0.0/8' }, { a: '10.20.4.42' }, yes],
  ['cidr for IPv6', { 'a|cidr': '2001:db8::/32' }, { a: '2001:db8::1' }, yes],
  ['cidr of no address', { 'a|cidr': '10.0.0.0/8' }, { a: 'ten' }, no],
  ['gte compares numbers in texts', { 'a|gte': 10 }, { a: '9' }, no],
  ['lt', { 'a|lt': 10 }, { a: 9.5 }, yes],
  ['neq', { 'a|neq': 'x' }, { a: 'y' }, yes],
  ['windash finds a slash', { 'a|windash|contains': ' -enc' }, { a: 'powershell /enc x' }, yes],
  [
    'base64offset finds the text at any offset',
    { 'a|base64offset|contains': 'secret' },
    { a: Buffer.from('xxsecretyy').toString('base64') },
    yes,
  ],
  [
    'wide base64',
    { 'a|wide|base64offset|contains': 'IEX' },
    { a: Buffer.from('abIEXcd', 'utf16le').toString('base64') },
    yes,
  ],
  ['fieldref', { 'a|fieldref': 'b' }, { a: 'X', b: 'x' }, yes],
  ['a dotted path', { 'a.b': 'x' }, { a: { b: 'x' } }, yes],
  ['a name with dots goes before the path', { 'a.b': 'x' }, { 'a.b': 'x', a: { b: 'y' } }, yes],
  ['any element of a list', { 'a.b': 'x' }, { a: [{ b: 'y' }, { b: 'x' }] }, yes],
  ['a nested map', { a: { b: 'x' } }, { a: { b: 'x' } }, yes],
  ['keywords search everything', ['needle'], { a: { b: ['hay', 'a Needle here'] } }, yes],
  ['members of prototypes are not there', { 'constructor|exists': true }, {}, no],
  [
    'a member named like one is data',
    { __proto__x: 'y', 'constructor|contains': 'data' },
    JSON.parse('{"__proto__x":"y","constructor":"data"}') as JsonObject,
    yes,
  ],
] as const)('%s', (_name, selection, record, expected) => {
  expect(matches(selection as unknown as Json, record as JsonObject)).toBe(expected)
})

function ruleOf(detection: string): SigmaRule {
  const compiled = compileSigmaRule(
    documentOf(
      'rules/detection/x.yaml',
      `title: t\nid: 00000000-0000-0000-0000-000000000001\nlevel: low\nlogsource: {}\ndetection:\n${detection}`,
    ),
  )
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}

const fires = (rule: SigmaRule, record: JsonObject) =>
  createMatcher([rule]).match({ logsource: {}, record }).length === 1

test.each([
  ['a and not b', { a: 1 }, yes],
  ['a and not b', { a: 1, b: 1 }, no],
  ['a or b and c', { a: 1 }, yes],
  ['(a or b) and c', { a: 1 }, no],
  ['1 of a*', { ab: 1 }, yes],
  ['all of them', { a: 1, b: 1, c: 1, ab: 1 }, yes],
  ['all of them', { a: 1, b: 1, c: 1 }, no],
  ['any of (', {}, null],
  ['a and', {}, null],
  ['1 of nothing*', {}, null],
  ['a b', {}, null],
] as const)('the condition "%s" on %j', (condition, record, expected) => {
  const source = `  a: { a: 1 }\n  b: { b: 1 }\n  c: { c: 1 }\n  ab: { ab: 1 }\n  condition: ${condition}\n`
  if (expected === null) expect(() => ruleOf(source)).toThrow()
  else expect(fires(ruleOf(source), record as unknown as JsonObject)).toBe(expected)
})

test('conditions agree with a truth table', () => {
  type Tree =
    | string
    | { readonly not: Tree }
    | { readonly and: readonly [Tree, Tree] }
    | { readonly or: readonly [Tree, Tree] }
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('a', 'b', 'c'),
      fc.record({ not: tie('tree') }),
      fc.record({ and: fc.tuple(tie('tree'), tie('tree')) }),
      fc.record({ or: fc.tuple(tie('tree'), tie('tree')) }),
    ),
  }))
  const text = (one: Tree): string =>
    typeof one === 'string'
      ? one
      : 'not' in one
        ? `not (${text(one.not)})`
        : 'and' in one
          ? `(${text(one.and[0])} and ${text(one.and[1])})`
          : `(${text(one.or[0])} or ${text(one.or[1])})`
  const value = (one: Tree, on: ReadonlySet<string>): boolean =>
    typeof one === 'string'
      ? on.has(one)
      : 'not' in one
        ? !value(one.not, on)
        : 'and' in one
          ? value(one.and[0], on) && value(one.and[1], on)
          : value(one.or[0], on) || value(one.or[1], on)
  fc.assert(
    fc.property(tree, fc.uniqueArray(fc.constantFrom('a', 'b', 'c')), (one, on) => {
      const rule = ruleOf(`  a: { a: 1 }\n  b: { b: 1 }\n  c: { c: 1 }\n  condition: "${text(one)}"\n`)
      expect(fires(rule, Object.fromEntries(on.map((name) => [name, 1])))).toBe(value(one, new Set(on)))
    }),
    { numRuns: 150 },
  )
})

test('wildcards agree with a naive matcher', () => {
  const naive = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === ''
    if (pattern[0] === '*') return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)))
    return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1))
  }
  const letters = (extra: string[]) =>
    fc.array(fc.constantFrom('a', 'b', ...extra), { minLength: 1, maxLength: 9 }).map((list) => list.join(''))
  fc.assert(
    fc.property(letters(['*', '?']), letters([]), (pattern, text) => {
      expect(matches({ f: pattern }, { f: text })).toBe(naive(pattern, text))
    }),
    { numRuns: 500 },
  )
})

test('hostile events stay within bounds', () => {
  const rule = ruleOf('  a:\n    - needle\n  b: { "x|contains": zzz }\n  condition: a or b\n')
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`field${n}`, 'x'.repeat(50)]))
  let deep: Json = 'needle'
  for (let n = 0; n < 60; n++) deep = { n: deep }
  expect(fires(rule, wide)).toBe(false)
  expect(fires(rule, { deep })).toBe(true)
  expect(fires(rule, { x: 'y'.repeat(10_000_000) })).toBe(false)
})
