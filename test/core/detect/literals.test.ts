import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LiteralSearch } from '../../../src/core/detect/sigma/literal-search.ts'
import type { Literal } from '../../../src/core/detect/sigma/literals.ts'
import { compileValueTest } from '../../../src/core/detect/sigma/modifiers.ts'
import { literalsOfRegex } from '../../../src/core/detect/sigma/regex-literals.ts'
import { bytesOf, plainBytesOf } from '../../../src/core/detect/sigma/text-bytes.ts'
import { View } from '../../../src/core/detect/sigma/view.ts'

const letters = fc.constantFrom(
  ...['a', 'A', 'b', 'k', 'K', 'i', 'İ', '\u212a', 's', 'ſ', 'Σ', 'σ', 'ς', 'ß', 'é', '\u{1f600}', '✔'],
  ...['-', '/', '–', '\u2015', ' ', '.', '1'],
)
const text = fc.array(letters, { maxLength: 8 }).map((parts) => parts.join(''))
const anchors = ['anywhere', 'start', 'end', 'whole'] as const
const literal = fc.record({
  text: text.map((one) => one.toLowerCase().replace(/[/\u2013-\u2015]/g, '-')).filter((one) => one !== ''),
  at: fc.constantFrom(...anchors),
})

/** Whether a literal stands in a text, dashes and slashes being one. */
function stands({ text: part, at }: Literal, whole: string): boolean {
  const fold = (one: string) => one.toLowerCase().replace(/[/\u2013-\u2015]/g, '-')
  if (at === 'start') return fold(whole).startsWith(fold(part))
  if (at === 'end') return fold(whole).endsWith(fold(part))
  return at === 'whole' ? fold(whole) === fold(part) : fold(whole).includes(fold(part))
}

function found(literals: readonly Literal[], whole: string): ReadonlySet<number> {
  const numbers = new Set<number>()
  const search = new LiteralSearch(literals.map((one, mark) => ({ literal: one, mark })))
  search.scan(bytesOf(whole), { hit: (marks) => marks.forEach((mark) => void numbers.add(mark)) })
  return numbers
}

test('every literal is found that stands in a text, whatever the letters', () => {
  fc.assert(
    fc.property(fc.array(literal, { minLength: 1, maxLength: 12 }), text, text, (literals, a, b) => {
      for (const whole of [a, a + b, a + (literals[0]?.text ?? '') + b, literals[0]?.text.toUpperCase() ?? '']) {
        const numbers = found(literals, whole)
        for (const [index, one] of literals.entries())
          if (stands(one, whole)) expect(numbers.has(index), JSON.stringify([one, whole])).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
}, 120_000)

test.each([
  ['of plain literals', 1, 10],
  ['of long ones, for which not every character is looked at,', 5, 40],
])('%s those are found that stand there, and no others', (_name, minLength, maxLength) => {
  const unit = fc.constantFrom('a', 'b', 'c')
  const plainLiteral = fc.record({
    text: fc.string({ unit, minLength, maxLength: 10 }),
    at: fc.constantFrom(...anchors),
  })
  const plain = fc.string({ unit, maxLength })
  fc.assert(
    fc.property(fc.array(plainLiteral, { minLength: 1, maxLength: 20 }), plain, plain, (literals, before, after) => {
      const whole = `${before}${literals[0]?.text.toUpperCase()}${after}`
      const wanted = literals.flatMap((one, index) => (stands(one, whole) ? [index] : []))
      expect([...found(literals, whole)].sort((a, b) => a - b)).toEqual(wanted)
    }),
    { numRuns: 2000 },
  )
})

test('a text is read as bytes in which all of its ASCII stands, or in lower case with a byte for each character', () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 2 }), (part, times) => {
      const whole = part.repeat(1 + times * 9000)
      const { isAscii, length, bytes, view } = bytesOf(whole)
      expect(isAscii).toBe(!/[^\0-\x7f]/.test(whole))
      const read = Buffer.from(bytes.subarray(0, length)).toString('latin1')
      if (isAscii) expect(read).toBe(whole)
      const ascii = (one: string) => one.toLowerCase().replace(/[^\0-\x7f]+/g, ' ')
      if (!/[\u0130\u017f\u212a\u2013-\u2015]/.test(whole)) expect(ascii(read)).toBe(ascii(whole))
      else expect(length).toBe(whole.toLowerCase().length)
      expect(Buffer.from(view.buffer, view.byteOffset, length).toString('latin1')).toBe(read)
      expect(plainBytesOf(whole).length).toBe(whole.toLowerCase().length)
    }),
    { numRuns: 300 },
  )
})

const modifiers = fc.subarray(['cased', 'windash', 'contains', 'startswith', 'endswith'])
const sigma = fc.array(fc.oneof(letters, fc.constantFrom('*', '?', '\\', '\\*')), { maxLength: 8 })

test('a text that satisfies a value holds a literal that the value needs', () => {
  let satisfied = 0
  fc.assert(
    fc.property(sigma, modifiers, fc.boolean(), text, text, text, (parts, names, keyword, before, filling, after) => {
      const value = parts.join('')
      const compiled = compileValueTest(value, { modifiers: names, keyword, valueCount: 1 })
      if (!('test' in compiled)) throw new Error(compiled.message)
      const close = value.replace(/\\?\*/g, filling).replaceAll('?', 'x')
      for (const whole of [close, close.toUpperCase(), before + close + after, close.replaceAll('-', '/')]) {
        const view = new View({ a: whole })
        if (compiled.needs === null || !compiled.test(view, view.field('a'))) continue
        satisfied++
        expect(found(compiled.needs, whole).size, JSON.stringify([value, names, whole])).toBeGreaterThan(0)
      }
    }),
    { numRuns: 5000 },
  )
  expect(satisfied).toBeGreaterThan(1000)
})

test.each<[string, readonly string[] | null]>([
  ['ipconfig\\s+/all', ['ipconfig']],
  ['abc?d', ['ab']],
  ['ab+c', ['ab']],
  ['(a|b)c', ['a', 'b']],
  ['(?:foo|bar)baz?', ['foo', 'bar']],
  ['x(?<n>hello)+y', ['hello']],
  ['x(hello)*yy', ['yy']],
  ['x(hello){0,3}yy', ['yy']],
  ['(?=foo)xy', ['xy']],
  ['(?<!foo)xy', ['xy']],
  ['[\\]abc]def', ['def']],
  ['[[:alpha:]]def', ['def']],
  ['[]a]def', ['def']],
  ['\\.exe$', ['.exe']],
  ['foo.*bar|quux', ['foo', 'quux']],
  ['UPPER', ['upper']],
  ['foo|', null],
  ['\\x41bc', null],
  ['\\u0041bc', null],
  ['(?i:abc)', null],
  ['(a)\\1', null],
  ['(.){200,}', null],
  ['(a', null],
  ['[[:alpha:]]x', ['x']],
  ['[]x]y', ['y']],
  ['x{,3}y', null],
  ['(?P<n>x)', null],
  ['\\Qx', null],
])('of the regular expression %s the texts it needs are %j', (source, wanted) => {
  expect(literalsOfRegex(source)?.map((one) => one.text) ?? null).toEqual(wanted)
})

const atom = fc.constantFrom('a', 'b', 'k', '\\.', '.', '[ab]', '\\w', '\\\\', 's', '-', '{')
const quantifier = fc.constantFrom('', '', '', '?', '*', '+', '{0,2}', '{2}', '+?', '*?')
const expression = fc.letrec<{ sequence: string; part: string }>((tie) => ({
  sequence: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  part: fc
    .tuple(
      fc.oneof(
        { maxDepth: 3 },
        atom,
        fc
          .tuple(fc.constantFrom('(', '(?:', '(?=', '(?!'), tie('sequence'), tie('sequence'))
          .map(([open, one, other]) => `${open}${one}|${other})`),
      ),
      quantifier,
    )
    .map((parts) => parts.join('')),
})).sequence

test('a text that matches a regular expression holds a literal that the expression needs', () => {
  const subject = fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'k', '\u212a', '.', '\\', 's', 'ſ', '-', '{') })
  let matched = 0
  fc.assert(
    fc.property(expression, fc.array(subject, { minLength: 1, maxLength: 8 }), (source, subjects) => {
      const compiled = compileValueTest(source, { modifiers: ['re', 'i'], keyword: false, valueCount: 1 })
      if (!('test' in compiled) || compiled.needs === null) return
      for (const one of subjects) {
        const view = new View({ a: one })
        if (!compiled.test(view, view.field('a'))) continue
        matched++
        expect(found(compiled.needs, one).size, JSON.stringify([source, one])).toBeGreaterThan(0)
      }
    }),
    { numRuns: 5000 },
  )
  expect(matched).toBeGreaterThan(400)
})

test('the sign for kelvin is a k to expressions without case, and is found as one', () => {
  const compiled = compileValueTest('task', { modifiers: ['re', 'i'], keyword: false, valueCount: 1 })
  if (!('test' in compiled) || compiled.needs === null) throw new Error('nothing is needed')
  const view = new View({ a: 'TAS\u212a' })
  expect(compiled.test(view, view.field('a'))).toBe(true)
  expect(found(compiled.needs, 'TAS\u212a').size).toBe(1)
})
