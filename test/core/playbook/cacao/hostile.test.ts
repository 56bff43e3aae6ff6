import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Json, type JsonObject, own } from '../../../../src/core/model/index.ts'
import { importCacao } from '../../../../src/core/playbook/index.ts'
import { cacao, compiled, documentOf, end, errorsOf, imported, manual, played, uuid } from './made.ts'

const a = (n: number) => `action--${uuid(1000 + n)}`

test('a workflow of thousands of steps is refused', () => {
  const steps = Array.from({ length: 2000 }, (_, n) => [a(n), manual('x', n === 1999 ? end : a(n + 1))] as const)
  expect(errorsOf(cacao(Object.fromEntries(steps), a(0))).map((one) => one.code)).toEqual(['cacao/size'])
})

test('branches that meet again and again do not multiply without bound', () => {
  const id = (n: number) => `if-condition--${uuid(1000 + n)}`
  const nodes = Array.from({ length: 60 }, (_, n) => [
    id(n),
    {
      type: 'if-condition',
      condition: `__x__:value = 'a'`,
      on_true: n === 59 ? a(1) : id(n + 1),
      on_false: n === 59 ? a(1) : id(n + 1),
    },
  ])
  const document = cacao({ ...(Object.fromEntries(nodes) as JsonObject), [a(1)]: manual('x', end) }, id(0), {
    playbook_variables: { __x__: { type: 'string', value: 'a' } },
  })
  const errors = errorsOf(document)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.length).toBeLessThan(1000)
  expect(new Set(errors.map((one) => one.code))).toContain('cacao/depth')
})

test.each(['__proto__', 'constructor', 'prototype', 'toString'])(
  'a variable called %s is a name like any other',
  async (name) => {
    const document = JSON.parse(
      `{"${`__${name}__`}": {"type": "string", "value": "v", "constant": true}}`,
    ) as JsonObject
    const result = await played(
      cacao({ [a(1)]: manual(`say __${name}__:value`, end) }, a(1), { playbook_variables: document }),
    )
    expect(result.tasks).toEqual(['say v'])
    expect(({} as Record<string, unknown>).v).toBeUndefined()
  },
)

test('members called like prototypes are kept, and change no object', () => {
  const text = JSON.stringify(cacao({ [a(1)]: manual('x', end) }, a(1)))
  const value = JSON.parse(`${text.slice(0, -1)},"__proto__":{"polluted":true}}`) as JsonObject
  const kept = own(imported(value).cacao as JsonObject, 'document') as JsonObject
  expect(Object.keys(kept)).toContain('__proto__')
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test.each([
  '{{ incident.title }}',
  '{% for x in y %}',
  '{# hidden',
  '{{ constructor.constructor("return process")() }}',
  '{{{{ 1 }}}}',
  '$(reboot) `id` ; rm -rf /',
  'ends in a brace {',
])('the text %j reaches a person as it stands', async (text) => {
  const result = await played(cacao({ [a(1)]: manual(text, end) }, a(1)))
  expect(result.tasks).toEqual([text])
  expect(result.effects).toEqual([])
})

test('whatever the text of a command, the person reads that text and nothing is done', async () => {
  const tricky = fc.array(
    fc.constantFrom('{', '}', '{{', '}}', '{%', '#', "'", '"', '\\', 'a', ' ', '__x__', ':value'),
    { minLength: 1, maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(
      tricky.map((parts) => parts.join('')),
      async (text) => {
        const result = await played(cacao({ [a(1)]: manual(text, end) }, a(1)))
        expect(result.tasks).toEqual([text])
      },
    ),
    { numRuns: 60 },
  )
})

test('no change of a document makes the import throw, and what it makes compiles', () => {
  const base = cacao({ [a(1)]: manual('x __v__:value', a(2)), [a(2)]: manual('y', end, { delay: 5 }) }, a(1), {
    playbook_variables: { __v__: { type: 'string', value: 'z' } },
  })
  const paths = pathsOf(base)
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
      const broken = replaced(base, path, value as Json) as JsonObject
      const text = JSON.stringify(broken)
      if (/[\\]u|\\[bf]|\u007f|\ufeff|e[+-]\d/.test(text)) return
      const result = importCacao(documentOf(broken), { owner: 'team' })
      if (result.ok) compiled(result.value.playbook)
      else expect(result.problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 400 },
  )
})

type Path = readonly string[]
function pathsOf(value: Json, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key])),
  ]
}

function replaced(value: Json, [key, ...rest]: Path, by: Json): Json {
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((one: Json, index) => (String(index) === key ? replaced(one, rest, by) : one))
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, one]) => [name, name === key ? replaced(one, rest, by) : one]),
  )
}
