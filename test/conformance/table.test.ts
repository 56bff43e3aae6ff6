import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentOf } from '../support/document.ts'
import { uses } from './form-use.ts'
import { forms } from './sigma-forms.ts'
import { isCountable, makeTable, page, rowStart, tableOf, withTable } from './table.ts'

if (!isCountable) console.warn('SKIPPED: no SigmaHQ rules to count (set GITSOC_SHARED_DATA)')

const written = tableOf(readFileSync(page, 'utf8'))

test('the page has a line for every form, with the cases that pass', () => {
  const rows = written.split('\n').filter((line) => /^\| [a-z]+\//.test(line))
  expect(rows).toHaveLength(forms.length)
  for (const [index, one] of forms.entries()) expect(rows[index]?.startsWith(rowStart(one)), one.form).toBe(true)
})

test.skipIf(!isCountable)(
  'the table of the page is what npm run conformance makes',
  () => expect(written).toBe(makeTable()),
  120_000,
)

test('a page without markers is an error, one with them gets another table', () => {
  expect(() => tableOf('# Rules')).toThrow('lacks the markers')
  const text = readFileSync(page, 'utf8')
  expect(tableOf(withTable(text, 'x'))).toBe('x')
  expect(withTable(text, written)).toBe(text)
})

const rule = (detection: string) => documentOf('r.yml', `title: x\nlogsource: {}\ndetection: ${detection}\n`)

test.each<[string, Record<string, string | boolean>, string, boolean | null]>([
  ['a modifier', { modifier: 'windash' }, '{ s: { a|contains|windash: x }, condition: s }', true],
  ['a modifier in a list of maps', { modifier: 're' }, '{ s: [{ a: 1 }, { b|re: x }], condition: s }', true],
  ['another modifier', { modifier: 're' }, '{ s: { a|contains: re }, condition: s }', false],
  ['a word of the condition', { condition: '\\bNOT\\b' }, '{ s: { a: 1 }, condition: a and not s }', true],
  ['one of several conditions', { condition: '\\bnot\\b' }, '{ s: { a: 1 }, condition: [s, not s] }', true],
  ['a wildcard', { value: 'wildcard' }, "{ s: { a: 'x*' }, condition: s }", true],
  ['an escaped wildcard is none', { value: 'wildcard' }, "{ s: { a: 'x\\*' }, condition: s }", false],
  ['an asterisk of an expression is none', { value: 'wildcard' }, "{ s: { a|re: 'x*' }, condition: s }", false],
  ['null in a list', { value: 'null' }, '{ s: { a: [x, null] }, condition: s }', true],
  ['empty text', { value: 'empty' }, "{ s: { a: '' }, condition: s }", true],
  ['keywords', { search: 'keywords' }, '{ s: [x, y], condition: s }', true],
  ['maps are no keywords', { search: 'keywords' }, '{ s: [{ a: x }], condition: s }', false],
  ['nested maps', { search: 'nested' }, '{ s: { a: { b: x } }, condition: s }', true],
  ['what cannot be counted', { nothing: 'why' }, '{ s: { a: 1 }, condition: s }', null],
])('a rule is seen to use a form: %s', (_name, counted, detection, expected) => {
  expect(uses(rule(detection), counted)).toBe(expected)
})
