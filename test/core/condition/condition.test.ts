import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCondition } from '../../../src/core/condition/index.ts'
import { operators } from '../../../src/core/condition/operators.ts'
import type { Json, JsonObject } from '../../../src/core/model/index.ts'

const at = (path: readonly (string | number)[]) => ({ file: 'x.yaml', line: path.length + 1, column: 1 })
const facts: JsonObject = {
  severity: 'HIGH',
  score: 80,
  tactics: ['discovery', 'impact'],
  ip: '10.20.4.42',
  owner: null,
  nested: { deep: 'x' },
  text: '9',
}

async function decide(raw: Json) {
  const compiled = compileCondition(raw, at)
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value.decide(facts)
}

test.each([
  [{ fact: 'severity', operator: 'equal', value: 'HIGH' }, true],
  [{ fact: 'severity', operator: 'notEqual', value: 'HIGH' }, false],
  [{ fact: 'missing', operator: 'notEqual', value: 'HIGH' }, false],
  [{ fact: 'severity', operator: 'in', value: ['HIGH', 'CRITICAL'] }, true],
  [{ fact: 'severity', operator: 'notIn', value: ['LOW'] }, true],
  [{ fact: 'tactics', operator: 'contains', value: 'impact' }, true],
  [{ fact: 'tactics', operator: 'containsAny', value: ['x', 'impact'] }, true],
  [{ fact: 'tactics', operator: 'containsAll', value: ['x', 'impact'] }, false],
  [{ fact: 'score', operator: 'greaterThan', value: 79 }, true],
  [{ fact: 'text', operator: 'greaterThan', value: 1 }, false],
  [{ fact: 'score', operator: 'equal', value: '80' }, false],
  [{ fact: 'ip', operator: 'inCidr', value: '10.0.0.0/8' }, true],
  [{ fact: 'ip', operator: 'inCidr', value: '2001:db8::/32' }, false],
  [{ fact: 'owner', operator: 'exists', value: false }, true],
  [{ fact: 'missing', operator: 'exists', value: true }, false],
  [{ fact: 'nested.deep', operator: 'equal', value: 'x' }, true],
  [{ fact: 'constructor', operator: 'exists', value: true }, false],
  [{ fact: '__proto__', operator: 'exists', value: true }, false],
  [{ not: { fact: 'severity', operator: 'equal', value: 'LOW' } }, true],
  [
    {
      all: [
        { fact: 'severity', operator: 'equal', value: 'HIGH' },
        {
          any: [
            { fact: 'score', operator: 'lessThan', value: 1 },
            { fact: 'ip', operator: 'startsWith', value: '10.' },
          ],
        },
      ],
    },
    true,
  ],
] as const)('%j is %s', async (raw, expected) => {
  expect((await decide(raw as unknown as Json)).matched).toBe(expected)
})

test('the decision names the facts that made it, and only those', async () => {
  const raw = {
    all: [
      { fact: 'severity', operator: 'equal', value: 'HIGH' },
      {
        any: [
          { fact: 'score', operator: 'greaterThan', value: 99 },
          { fact: 'score', operator: 'greaterThan', value: 50 },
        ],
      },
    ],
  }
  expect((await decide(raw)).facts).toEqual([
    { name: 'severity', value: 'HIGH' },
    { name: 'score', value: 80 },
  ])
  const failing = {
    all: [
      { fact: 'severity', operator: 'equal', value: 'HIGH' },
      { fact: 'score', operator: 'greaterThan', value: 99 },
    ],
  }
  expect(await decide(failing)).toEqual({ matched: false, facts: [{ name: 'score', value: 80 }] })
})

test('a remembered decision is the same as a fresh one, and other facts are decided anew', async () => {
  const compiled = compileCondition({ fact: 'score', operator: 'greaterThan', value: 50 }, at)
  if (!compiled.ok) throw new Error('does not compile')
  expect((await compiled.value.decide({ score: 51 })).matched).toBe(true)
  expect((await compiled.value.decide({ score: 50 })).matched).toBe(false)
  expect((await compiled.value.decide({ score: 51 })).matched).toBe(true)
})

test.each([
  [
    { fact: 'score', operator: 'greaterthan', value: 1 },
    'there is no operator "greaterthan"',
    'did you mean "greaterThan"?',
  ],
  [
    { fact: 'score', operator: 'greaterThan', value: '1' },
    'the value does not suit the operator "greaterThan"',
    undefined,
  ],
  [
    { fact: 'owner', operator: 'equal', value: null },
    'the value does not suit the operator "equal"',
    'a missing fact is asked for with operator exists, value false',
  ],
  [{ fact: 'severity', operator: 'in', value: [] }, 'the value does not suit the operator "in"', undefined],
  [{ fact: 'severity', operator: 'in', value: [['HIGH']] }, 'the value does not suit the operator "in"', undefined],
  [{ fact: 'severity', operator: 'in', value: 'HIGH' }, 'the value does not suit the operator "in"', undefined],
  [
    { fact: 'ip', operator: 'inCidr', value: '10.0.0.0/99' },
    'the value does not suit the operator "inCidr"',
    undefined,
  ],
  [{ fact: 'severity', operator: 'matches', value: '(a+)+' }, 'there is no operator "matches"', undefined],
  [{ fact: 'severity', operator: 'constructor', value: 1 }, 'there is no operator "constructor"', undefined],
  [{ not: [] }, 'a condition is a mapping with all, any, not or fact', undefined],
  [{ fact: ['severity'], operator: 'equal', value: 1 }, 'a comparison needs fact, operator and value', undefined],
  [{ fact: { fact: 'score' }, operator: 'equal', value: 1 }, 'a comparison needs fact, operator and value', undefined],
  [{ fakt: 'score', operator: 'equal', value: 1 }, 'unknown key "fakt" in a condition', 'did you mean "fact"?'],
  [{ all: [] }, '"all" takes a list of at least one condition', undefined],
  [{ all: [{ fact: 'a', operator: 'equal', value: 1 }], any: [] }, '"all" stands alone in its mapping', undefined],
  ['yes', 'a condition is a mapping with all, any, not or fact', undefined],
] as const)('%j is refused at load', (raw, message, hint) => {
  const compiled = compileCondition(raw as unknown as Json, at)
  expect(compiled.ok ? null : compiled.problems[0]).toMatchObject({ message, ...(hint === undefined ? {} : { hint }) })
})

test('a condition that nests without end is refused', () => {
  let raw: Json = { fact: 'a', operator: 'equal', value: 1 }
  for (let depth = 0; depth < 20; depth++) raw = { not: raw }
  expect(compileCondition(raw, at)).toMatchObject({ ok: false })
})

test('every operator refuses or answers for every pair of JSON values, as the same comparison without the library does', async () => {
  const leaf = fc.oneof(
    fc.constantFrom('HIGH', 'high', '', '10.0.0.1', '10.0.0.0/8', null, true, false),
    fc.integer(),
    fc.string(),
  )
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(fc.string(), leaf, { maxKeys: 2 }))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...operators.keys()), value, value, async (operator, seen, wanted) => {
      const compiled = compileCondition({ fact: 'x.y', operator, value: wanted as Json }, at)
      if (!compiled.ok) return
      const spec = operators.get(operator)
      const expected = seen === null && operator !== 'exists' ? false : spec?.test(seen as Json, wanted as Json)
      const decided = await compiled.value.decide({ x: { y: seen as Json } })
      expect(decided).toEqual({ matched: expected, facts: [{ name: 'x.y', value: seen }] })
    }),
    { numRuns: 500 },
  )
})

test('groups decide as and, or and not do, and name at least one fact', async () => {
  const facts = { a: true, b: false }
  type Tree = { readonly raw: Json; readonly expected: boolean }
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', maxDepth: 5 },
      fc.constantFrom<Tree>(
        { raw: { fact: 'a', operator: 'equal', value: true }, expected: true },
        { raw: { fact: 'b', operator: 'equal', value: true }, expected: false },
      ),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((list) => ({
        raw: { all: list.map((one) => one.raw) },
        expected: list.every((one) => one.expected),
      })),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((list) => ({
        raw: { any: list.map((one) => one.raw) },
        expected: list.some((one) => one.expected),
      })),
      tie('tree').map((one) => ({ raw: { not: one.raw }, expected: !one.expected })),
    ),
  }))
  await fc.assert(
    fc.asyncProperty(tree, async ({ raw, expected }) => {
      const compiled = compileCondition(raw, at)
      if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
      const decision = await compiled.value.decide(facts)
      expect(decision.matched).toBe(expected)
      expect(decision.facts.length).toBeGreaterThan(0)
    }),
    { numRuns: 300 },
  )
})

test('decisions that are asked for at the same time are those that are asked for one after the other', async () => {
  const raw = {
    any: [
      { fact: 'score', operator: 'greaterThan', value: 50 },
      { fact: 'tags', operator: 'contains', value: 'x' },
    ],
  }
  const scores = Array.from({ length: 40 }, (_one, index) => ({ score: index * 3, tags: [] }))
  const fresh = () => {
    const compiled = compileCondition(raw, () => ({ file: 'c.yaml', line: 1, column: 1 }))
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    return compiled.value
  }
  const together = fresh()
  // Each begins a little later than the one before, so that the first ends while others are under way.
  const decided = await Promise.all(
    scores.map(async (facts, index) => {
      for (let turn = 0; turn < index; turn++) await Promise.resolve()
      return together.decide(facts)
    }),
  )
  expect(decided.map((one) => one.matched)).toEqual(scores.map(({ score }) => score > 50))
  expect(decided.map((one) => one.facts.length > 0)).toEqual(scores.map(() => true))
})
