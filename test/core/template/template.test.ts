import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'
import { compileValue, escapeMarkdown, escapeSlack } from '../../../src/core/template/index.ts'

const at = () => ({ file: 'x.yaml', line: 1, column: 1 })
const scope: JsonObject = {
  incident: { user: '{{ 7*7 }}', ips: ['192.0.2.1', '192.0.2.2'], n: 5, none: null, nested: { a: [1, 2] } },
  item: 'x',
}

function render(source: Json): { value?: Json; refused?: string; failed?: string } {
  const compiled = compileValue(source, at)
  if (!compiled.ok) return { refused: compiled.problems[0]?.message ?? '' }
  const rendered = compiled.value.render(scope)
  return rendered.ok ? { value: rendered.value } : { failed: rendered.problems[0]?.message ?? '' }
}

test.each([
  ['a whole expression gives its native value', '{{ incident.ips }}', ['192.0.2.1', '192.0.2.2']],
  ['numbers stay numbers', '{{ incident.n + 1 }}', 6],
  ['data that looks like an expression is data', 'u={{ incident.user }}', 'u={{ 7*7 }}'],
  ['a choice', "{{ 'many' if incident.n > 3 else 'few' }}", 'many'],
  ['a missing value with default', '{{ incident.nope | default([]) }}', []],
  ['an index', '{{ incident.ips[1] }}', '192.0.2.2'],
  [
    'objects and lists are walked',
    { a: ['{{ item }}', 1], b: { c: 'n={{ incident.n }}' } },
    { a: ['x', 1], b: { c: 'n=5' } },
  ],
  ['a filter chain', '{{ incident.ips | join("; ") | upper }}', '192.0.2.1; 192.0.2.2'],
  [
    'a text around a separator',
    '{{ "a/b/c" | before }}|{{ "a/b/c" | after }}|{{ "abc" | after }}|{{ "k=v" | before("=") }}',
    'a|b/c||k',
  ],
  ['a text in parts', '{{ "k=v" | after("=") }}', 'v'],
  ['text without expressions', 'plain {text}', 'plain {text}'],
] as const)('%s', (_name, source, expected) => {
  expect(render(source as Json)).toEqual({ value: expected })
})

const hostile = [
  '{{ range.constructor("return process.pid")() }}',
  '{{ incident.constructor }}',
  '{{ incident["constructor"] }}',
  '{{ incident["con" + "structor"] }}',
  '{{ incident["con" ~ "structor"]("return 1")() }}',
  '{{ incident.__proto__ }}',
  '{{ incident["__proto__"]["toString"] }}',
  '{{ incident.prototype }}',
  '{{ incident.ips.constructor.constructor("return 1")() }}',
  '{{ incident.ips.map }}',
  '{{ incident.ips.join }}',
  '{{ incident.user.replace }}',
  '{{ item.length.constructor }}',
  '{{ "".constructor }}',
  '{{ ""["sub"] }}',
  '{{ [].constructor }}',
  '{{ {}.constructor }}',
  '{{ (1).constructor }}',
  '{{ constructor }}',
  '{{ toString }}',
  '{{ __proto__ }}',
  '{{ hasOwnProperty }}',
  '{{ globalThis }}',
  '{{ process }}',
  '{{ require }}',
  '{{ this }}',
  '{{ self }}',
  '{{ range(100000000) }}',
  '{{ cycler("a") }}',
  '{{ joiner() }}',
  '{{ caller() }}',
  '{{ super() }}',
  '{{ dump(incident) }}',
  '{% set x = 1 %}{{ x }}',
  '{% for i in incident.ips %}{{ i }}{% endfor %}',
  '{% include "/etc/passwd" %}',
  '{% extends "x" %}',
  '{% import "x" as y %}',
  '{% macro m() %}{% endmacro %}{{ m() }}',
  '{% raw %}{{ 1 }}{% endraw %}',
  '{% if true %}x{% endif %}',
  '{{ 1) }}{{ item }}{{ (2 }}',
  '{{ item | safe }}',
  '{{ item | replace("x", "y") }}',
  '{{ item | batch(2) }}',
  '{{ item | __capture }}',
  '{{ item | constructor }}',
  '{{ item | attr("constructor") }}',
  '{{ incident | tojson }}',
  '{{ /(a+)+$/ }}',
  '{{ r/(a+)+$/g }}',
  '{{ item',
  '{{ }}',
  '{{ item }} {{',
  '{{ incident.ips | join.constructor }}',
  '{{ item is defined }}',
  '{{ incident.nested.a.push(3) }}',
  '{{ incident.n ** 99999999 ** 9 }}',
  `{{ ${'('.repeat(2000)}item${')'.repeat(2000)} }}`,
  `{{ "${'x'.repeat(5000)}" }}`,
]

test.each(hostile)('%s gives no function, no code and no prototype', (source) => {
  const result = render(source)
  if (result.value !== undefined) expect(['string', 'number', 'boolean']).toContain(typeof result.value)
  expect(String(JSON.stringify(result.value ?? null))).not.toMatch(/native code|function|\[object/)
  expect(result.refused ?? result.failed ?? 'harmless').toBeTruthy()
})

test.each([
  '{{ a"&Function`globalThis\\x2eescaped\\x3d1```&" }}',
  'text {{ a"&Function`globalThis\\x2eescaped\\x3d1```&" }}',
  '{{ (a"&Function`globalThis\\x2eescaped\\x3d1```&").b }}',
  '{{ incident["a"][b"&Function`globalThis\\x2eescaped\\x3d1```&"] }}',
  '{{ {a"&Function`globalThis\\x2eescaped\\x3d1```&": 1} }}',
  '{{ item | default(a"&Function`globalThis\\x2eescaped\\x3d1```&") }}',
  '{{ 1 if a"&Function`globalThis\\x2eescaped\\x3d1```&" else 2 }}',
  '{{ [a"&Function`globalThis\\x2eescaped\\x3d1```&"] }}',
])('a name that carries JavaScript out of the compiled template is refused: %s', (source) => {
  expect(render(source).refused).toMatch(/is no name/)
  expect(Object.hasOwn(globalThis, 'escaped')).toBe(false)
})

test.each([
  ['{{ 1 / 0 }}', 'the calculation has no number as result'],
  ['{{ incident.nested.a * 1 }}', 'the calculation has no number as result'],
  ['{{ [incident.nope] }}', 'a part of the value is not defined here'],
  ['{{ {a: {b: incident.nope} } }}', 'a part of the value is not defined here'],
])('%s is no JSON and fails, it does not travel on', (source, message) => {
  expect(render(source).failed).toMatch(message)
})

test('most hostile templates do not even load', () => {
  expect(hostile.filter((source) => render(source).refused !== undefined).length).toBeGreaterThan(35)
})

test('an unknown name is found when content loads, with a suggestion', () => {
  const compiled = compileValue('{{ incidnt.n }}', at, new Set(['incident', 'item']))
  expect(compiled).toMatchObject({
    ok: false,
    problems: [{ message: '"incidnt" is not known here', hint: 'did you mean "incident"?' }],
  })
})

test('text for GitHub and Slack cannot mention, link, format or command', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
      for (const hostileText of [
        text,
        `/approve ${text}`,
        `@org/team ${text}`,
        `[x](https://evil.example) ${text}`,
        `<!channel> ${text}`,
      ]) {
        expect(escapeMarkdown(hostileText)).not.toMatch(/@[\w]|\]\(|<|^\s*\/|https?:\/\//)
        expect(escapeSlack(hostileText)).not.toMatch(/<[!@#]/)
      }
    }),
  )
})

test('any text as expression either loads or is refused, and never throws', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => void render(`{{ ${text} }}`)),
    { numRuns: 300 },
  )
})
