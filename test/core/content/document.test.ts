import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDocument } from '../../../src/core/content/index.ts'
import { formatPlace } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

/** The problems of a text as `line:column message`. */
function problemsOf(text: string): string[] {
  const parsed = parseDocument('f.yaml', text)
  if (parsed.ok) return []
  return parsed.problems.map((one) =>
    one.place === undefined ? one.message : `${one.place.line}:${one.place.column} ${one.message}`,
  )
}

test.each([
  ['an empty file', '', '1:1 the file must be one mapping'],
  ['only a comment', '# x\n', '1:1 the file must be one mapping'],
  ['a text', 'x\n', '1:1 the file must be one mapping'],
  ['several documents', 'a: 1\n---\nb: 2\n', '2:1 the file holds several documents'],
  ['a byte order mark', '\uFEFFid: x\n', '1:1 the file begins with a byte order mark'],
  ['a tab as indentation', 'a:\n\tb: 1\n', '2:1 Tabs are not allowed as indentation'],
  ['a flow list that is not closed', 'a: [1, 2\nb: 3\n', '2:1 Flow sequence in block collection'],
  ['a text that is not closed', 'a: "x\n', '2:1 Missing closing "quote'],
  ['the same key in two spellings', 'a: 1\n"a": 2\n', '2:1 Map keys must be unique'],
  ['the same key in a nested mapping', 'a:\n  b: 1\n  b: 2\n', '3:3 Map keys must be unique'],
  ['the same key after Windows line ends', 'a: 1\r\na: 2\r\n', '2:1 Map keys must be unique'],
  ['aliases that multiply', 'a: &a [x]\nb: [*a, *a]\n', '1:7 anchors and aliases are not used in content'],
  ['an anchor by itself', 'a: &x 1\n', '1:7 anchors and aliases are not used in content'],
  ['an own tag', 'a: !js/function x\n', '1:4 Unresolved tag: !js/function'],
  ['a tag of YAML that is not JSON', 'a: !!binary aGk=\n', '1:13 tags are not used in content'],
  ['a set', 'a: !!set {x}\n', '1:10 tags are not used in content'],
  ['an older YAML, in which yes is true', '%YAML 1.1\n---\na: yes\n', '1:1 directives are not used in content'],
  ['a list as key', '? [a]\n: 1\n', '1:3 the name of a member must be text'],
  ['a number as key', 'a:\n  404: x\n', '2:3 the name of a member must be text'],
  ['null as key', 'a:\n  null: x\n', '2:3 the name of a member must be text'],
  ['no number', 'a: .nan\n', '1:4 the number is too large or is no number'],
  ['a number without end', 'a: -.inf\n', '1:4 the number is too large or is no number'],
  ['an account number that loses digits', 'a: 12345678901234567890\n', '1:4 the number is too large or is no number'],
  ['a zero character', 'a: x\nb: y\u0000\n', '2:5 the hidden character U+0000 is not allowed in content'],
  ['a zero character as escape', 'a: "\\0"\n', '1:4 the hidden character U+0000 is not allowed in content'],
  ['an escape sequence of the terminal', 'a: \u001b[2J\n', '1:4 the hidden character U+001B is not allowed in content'],
  ['half of a character', 'a: "\\ud800"\n', '1:4 the text holds half of a character'],
  ['mappings nested too deep', `a: ${'{a: '.repeat(60)}1${'}'.repeat(60)}\n`, 'the file nests more than 40 deep'],
  ['lists nested without end', `a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`, 'the file nests more than 40 deep'],
  ['a file that is too large', `# ${'x'.repeat(1_000_000)}\n`, '1:1 the file has more than 1000000 characters'],
])('%s is refused with its place', (_name, text, expected) => {
  expect(problemsOf(text)[0] ?? 'nothing').toContain(expected)
})

test.each([
  ['no and off stay text', 'a: no\nb: off\n', { a: 'no', b: 'off' }],
  ['a day stays text', 'a: 2026-05-12\n', { a: '2026-05-12' }],
  ['quoted numbers stay text', 'a: "0123"\n', { a: '0123' }],
  ['a merge key is a name like others', '<<: {a: 1}\n', { '<<': { a: 1 } }],
  ['direction marks are text: rules look for them', 'a: "x\u202ey"\n', { a: 'x\u202ey' }],
  ['an emoji and a no-break space are text', 'a: "🛡\u00a0ü"\n', { a: '🛡\u00a0ü' }],
])('%s', (_name, text, expected) => {
  expect(documentOf('f.yaml', text).value).toEqual(expected)
})

test('names of prototypes are data', () => {
  const { value } = documentOf('f.yaml', '__proto__:\n  polluted: true\nconstructor: x\n')
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})

test.each([
  [[], 'value', '2:1'],
  [['a'], 'key', '2:1'],
  [['a'], 'value', '3:3'],
  [['a', 'b'], 'value', '3:6'],
  [['a', 'list', 1], 'value', '6:7'],
  [['a', 'list', 2, 'c'], 'key', '7:8'],
  [['a', 'list', 2, 'c'], 'value', '7:11'],
  [['a', 'list', 9], 'value', '5:5'],
  [['a', 'missing', 'deeper'], 'value', '3:3'],
  [['a', 'empty'], 'value', '8:9'],
  [['nothing'], 'value', '2:1'],
] as const)('the place of %j (%s) is %s', (path, part, expected) => {
  const document = documentOf('f.yaml', '# first\na:\n  b: 1\n  list:\n    - x\n    - "y"\n    - {c: z}\n  empty:\n')
  expect(formatPlace(document.place(path, part))).toBe(`f.yaml:${expected}`)
})

test('whatever a file holds, there is a document of JSON or a problem with a place in it', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...['a: ', '- ', '? ', ': ', '\n', '  ', '\t', '[', ']', '{', '}', '&a ', '*a', '!!set ', '!x ', '"', "'"],
      ...[
        '|\n',
        '>-\n',
        '---\n',
        '...\n',
        '%YAML 1.1\n',
        '# ',
        '<<: ',
        '~',
        '.inf',
        '0x1F',
        '\\ud800',
        '\r\n',
        '__proto__: ',
      ],
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const text = pieces.join('')
      const parsed = parseDocument('f.yaml', text)
      if (parsed.ok) {
        expect(JSON.parse(JSON.stringify(parsed.value.value))).toEqual(parsed.value.value)
        return
      }
      const lines = text.split('\n').length
      for (const { place } of parsed.problems) {
        expect(place?.line).toBeGreaterThanOrEqual(1)
        expect(place?.line).toBeLessThanOrEqual(lines + 1)
        expect(place?.column).toBeGreaterThanOrEqual(1)
      }
    }),
    { numRuns: 2000 },
  )
})
