import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRegex } from '../../../src/core/detect/sigma/regex.ts'
import { writeFor } from '../../../src/core/detect/sigma/regex-dialect.ts'
import { unprovenRegex } from '../../../src/core/detect/sigma/regex-safety.ts'
import { widthOf } from '../../../src/core/detect/sigma/regex-size.ts'

const noFlags = { i: false, m: false, s: false }

function finds(source: string, text: string, flags = ''): boolean {
  const compiled = compileRegex(source, { i: flags.includes('i'), m: flags.includes('m'), s: flags.includes('s') })
  if (typeof compiled !== 'function') throw new Error(compiled.message)
  return compiled(text)
}

describe('an expression means what PCRE says', () => {
  test.each([
    ['finds anywhere', 'b+c', 'abbcd', '', true],
    ['keeps case', 'abc', 'ABC', '', false],
    ['ignores it on demand', 'abc', 'ABC', 'i', true],
    ['ignores it by an inline flag', '(?i)abc', 'ABC', '', true],
    ['ignores it in a part', 'a(?i:bc)', 'aBC', '', true],
    ['and only there', 'a(?i:bc)', 'ABC', '', false],
    ['a long s is no s', 'sh', 'ſh', 'i', false],
    ['the dot stops at line ends', 'a.b', 'a\nb', '', false],
    ['the dot takes a carriage return', 'a.b', 'a\rb', '', true],
    ['the dot takes all with s', 'a.b', 'a\nb', 's', true],
    ['anchors are those of the text', '^b$', 'a\nb\nc', '', false],
    ['anchors are those of lines with m', '^b$', 'a\nb\nc', 'm', true],
    ['the end is before a last line end too', 'b$', 'ab\n', '', true],
    ['and not before two', 'b$', 'ab\n\n', '', false],
    ['white space has the vertical tab', 'a\\sb', 'a\u000bb', '', true],
    ['white space is ASCII', 'a\\sb', 'a\u00a0b', '', false],
    ['no white space in a class', '^[^\\S]$', '\u000b', '', true],
    ['an escaped backslash before s in a class', '^[\\\\s]+$', '\\s\\', '', true],
    ['a bracket that comes first in a class', '^[]a]+$', ']a', '', true],
    ['classes by name', '^[[:alpha:]]+$', 'abc', '', true],
    ['a dollar in a class', '^[$]$', '$', '', true],
    ['an escaped dollar', '^\\$$', '$', '', true],
    ['quoted text', '^\\Qa.b\\E$', 'a.b', '', true],
    ['quoted text is literal', '^\\Qa.b\\E$', 'axb', '', false],
    ['comments', 'a(?#why)b', 'ab', '', true],
    ['a count beyond a thousand', '^(?:ab){2500}$', 'ab'.repeat(2500), '', true],
    ['and not one more', '^(?:ab){2500}$', 'ab'.repeat(2501), '', false],
    ['a lazy count beyond a thousand', '^a{1001}?$', 'a'.repeat(1001), '', true],
    ['an open range beyond a thousand', '\\w{1500,}', 'a'.repeat(1499), '', false],
    ['look-ahead', '^a(?!b)', 'ac', '', true],
    ['look-ahead that fails', '^a(?!b)', 'ab', '', false],
    ['look-behind', '(?<!x)ab', 'yab', '', true],
    ['a back-reference', '(\\w)\\1z', 'xaaz', '', true],
    ['a named back-reference', '(?P<c>\\w)(?P=c)', 'abb', '', true],
    ['beside look-around the end is the same', '(?!x)b$', 'ab\n', '', true],
    ['beside look-around the dot takes a carriage return', 'a(?!x).b', 'a\rb', '', true],
    ['beside look-around lines end at line feeds', '(?!x)^b$', 'a\rb', 'm', false],
  ])('%s', (_name, source, text, flags, expected) => {
    expect(finds(source, text, flags)).toBe(expected)
  })
})

test.each([
  ['(a+)+(?!b)$', 'exponential time'],
  ['(?=a*)(?:a|aa)*c', 'exponential time'],
  ['(?!x)a*b', 'square'],
  ['(?:a*)(?<!x)a*b', 'power 3'],
  ['^(?:.*a)(?:.*b)(?!c)', 'square'],
  ['(?:x|xy){40}(?=z)', 'steps'],
  ['(.*)\\1', 'power 3'],
  ['(?>a)(?=b)', 'not known'],
  ['a++(?=b)', 'possessive'],
  ['\\p{L}(?=b)', 'not known'],
  ['(?=b)[[:alpha:]]', 'named class'],
])('%s is not taken, for it is not proven to be linear', (source, reason) => {
  expect(unprovenRegex(source)).toContain(reason)
  expect(compileRegex(source, noFlags)).toMatchObject({ hint: expect.stringContaining('not') as string })
})

test.each([
  ['a(?!b)'],
  ['^(?!.*foo).*bar'],
  ['^(?=.{8,20}$)'],
  ['(?<![0-9])[0-9]{4}(?![0-9])'],
  ['\\b(\\w{1,8})\\s\\1\\b'],
  ['(?:a|bc){1,3}(?=d)'],
])('%s is proven to be linear', (source) => {
  expect(unprovenRegex(source)).toBeNull()
})

test.each([
  ['a['],
  ['(a'],
  ['a)'],
  ['*a'],
  ['a{2,1}'],
  ['\\R'],
  ['(?x)a b'],
  ['a'.repeat(4001)],
  ['(?P<n>a)(?P<n>b)'],
  ['.{9000}'],
  ['^a*b{3000}'],
])('%s is refused with a hint', (source) => {
  const fault = compileRegex(source, noFlags)
  expect(typeof fault).toBe('object')
  expect(fault).toMatchObject({ message: expect.any(String) as string, hint: expect.any(String) as string })
})

/** How often a backtracking engine looks at a character for `a.*b.*c`: `.*` takes all and gives back one by one. */
function steps(parts: readonly string[], text: string): number {
  let count = 0
  const run = (part: number, at: number): boolean => {
    count++
    const token = parts[part]
    if (token === undefined) return true
    if (token !== '.*') return text[at] === token && run(part + 1, at + 1)
    for (let end = text.length; end >= at; end--) if (run(part + 1, end)) return true
    return false
  }
  for (let start = 0; start <= text.length; start++) if (run(0, start)) return count
  return count
}

test.each([
  ['abc', 3],
  ['.{200,}', 200],
  ['(?:ab){3}c', 7],
  ['[a-z]{5,600}x', 601],
  ['(a{10}){20}', 200],
  ['^[\\s\\S]{9000}', 1],
  ['^[\\s\\S]{9000,}', 1],
  ['(?i)^a{50}b+c{9}', 9],
  ['^(a|b{500})c', 501],
])('%s is followed in %i places at once', (source, width) => {
  expect(widthOf(source)).toBe(width)
})

test('what backtracks takes the power of the length that the proof says, and is run on the other engine', () => {
  const parts = ['a', '.*', 'b', '.*', 'c']
  const ratio = steps(parts, 'ab'.repeat(40)) / steps(parts, 'ab'.repeat(20))
  expect(ratio).toBeGreaterThan(6)
  expect(unprovenRegex('a.*b.*c')).toContain('power 3')
  // Half a million characters: a backtracking engine would need years.
  for (const source of ['a.*b.*c', '(a+)+$', '(a|aa)*c', 'a+c', '(?:.*\\)){1,}.*"'])
    expect(finds(source, `${'ab'.repeat(250_000)}x`)).toBe(false)
})

test('both engines agree, so that it is no matter which one an expression runs on', () => {
  const piece = fc.constantFrom(
    ...['a', 'B', '\\.', '.', '^', '\\b', '\\s', '\\S', '\\w', '[^a]', '[a-c\\d]', '(a|B)', '(?:a|1 )', 'a{2}', '\\n'],
  )
  const repeat = fc.constantFrom('', '', '?', '*', '+', '{1,2}', '*?')
  const source = fc
    .array(
      fc.tuple(piece, repeat).map(([one, times]) => (/^[\^$]|\\b|\}$/.test(one) ? one : one + times)),
      { minLength: 1, maxLength: 5 },
    )
    .chain((parts) => fc.constantFrom('', '$').map((end) => parts.join('') + end))
  const text = fc.array(fc.constantFrom('a', 'B', 'b', '1', ' ', '.', '\n', '\r', '\u000b', '\u00a0', 'é'), {
    maxLength: 8,
  })
  const flags = fc.record({ i: fc.boolean(), m: fc.boolean(), s: fc.boolean() })
  fc.assert(
    fc.property(source, text, flags, (one, letters, given) => {
      const linear = compileRegex(one, given)
      if (typeof linear !== 'function') throw new Error(linear.message)
      const other = new RegExp(writeFor('backtracking', one, given), given.i ? 'i' : '')
      expect(linear(letters.join(''))).toBe(other.test(letters.join('')))
    }),
    { numRuns: 2000 },
  )
})
