import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileBundle } from '../../../src/core/content/index.ts'
import {
  advance,
  type Climb,
  checkPeople,
  chooseFirst,
  compileEscalationPolicy,
  compileNotifyRule,
  dueAt,
  type EscalationPolicy,
  whoIsTold,
} from '../../../src/core/escalate/index.ts'
import type { Json } from '../../../src/core/model/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'

const head = 'id: p\ntitle: P\nwhy: test\norder: 10\n'
const policyOf = (rest: string): EscalationPolicy => {
  const compiled = compileEscalationPolicy(documentOf('rules/escalation/policies/p.yaml', head + rest))
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('\n'))
  return compiled.value
}
const minute = 60_000

test('levels come one after the other, then all again, so often, so long after the last', () => {
  const policy = policyOf(
    'levels:\n  - { after: 0m, tell: [{ by: pagerduty }] }\n  - { after: 15m, tell: [{ by: slack, channel: "#soc" }] }\nrepeat: { every: 30m, times: 2 }\n',
  )
  const seen: [round: number, level: number, minutes: number][] = []
  let climb: Climb | null = { startedAt: 1000, round: 0, level: 0 }
  while (climb !== null) {
    seen.push([climb.round, climb.level, ((dueAt(policy, climb) ?? 0) - 1000) / minute])
    climb = advance(policy, climb)
  }
  expect(seen).toEqual([
    [0, 0, 0],
    [0, 1, 15],
    [1, 0, 45],
    [1, 1, 60],
    [2, 0, 90],
    [2, 1, 105],
  ])
})

test('whatever the levels are, every one comes later than the one before, and there is an end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 20 }),
      (gaps, every, times) => {
        let after = 0
        const levels = gaps.map((gap) => {
          after += gap
          return `  - { after: ${after}m, tell: [{ by: pagerduty }] }\n`
        })
        const policy = policyOf(`levels:\n${levels.join('')}repeat: { every: ${every}m, times: ${times} }\n`)
        let climb: Climb | null = { startedAt: 0, round: 0, level: 0 }
        let before = -1
        let count = 0
        while (climb !== null) {
          const due = dueAt(policy, climb) ?? -1
          expect(due).toBeGreaterThan(before)
          before = due
          count++
          climb = advance(policy, climb)
        }
        expect(count).toBe(gaps.length * (times + 1))
      },
    ),
    { numRuns: 50 },
  )
})

const team = [
  { id: 'one', email: 'one@example.com', roles: ['responder'] },
  { id: 'two', email: 'two@example.com', roles: ['responder', 'incident-lead'] },
  { id: 'three', email: 'three@example.com', roles: [] },
]

test.each<[name: string, who: object, round: number, ids: readonly string[]]>([
  ['people by id', { analysts: ['three'] }, 0, ['three']],
  ['people by role', { roles: ['responder'] }, 0, ['one', 'two']],
  ['both, each once', { analysts: ['two'], roles: ['responder'] }, 0, ['two', 'one']],
  ['the first of the list in the first round', { onCall: 'line' }, 0, ['one']],
  ['the second in the second', { onCall: 'line' }, 1, ['three']],
  ['the first again in the third', { onCall: 'line' }, 2, ['one']],
  ['nobody where nobody has the role', { roles: ['owner'] }, 0, []],
])('a policy tells %s', (_name, who, round, ids) => {
  const policy = { onCall: { line: ['one', 'three'] } }
  const whole = { analysts: [], roles: [], onCall: null, ...who }
  expect(whoIsTold(whole, policy, team, round).map((one) => one.id)).toEqual(ids)
})

test('a person who is not in the team is found when content loads, with the one that was meant', () => {
  const policy = policyOf(
    'onCall: { line: [one, tow] }\nlevels: [{ after: 0m, tell: [{ by: email, who: { onCall: line, analysts: [four] } }] }]\n',
  )
  expect(checkPeople([policy], team)).toMatchObject([
    { message: 'the policy "p" tells "four", who is not in rules/team' },
    { message: 'the policy "p" tells "tow", who is not in rules/team', hint: expect.stringContaining('two') },
  ])
})

test.each<[name: string, rest: string, message: RegExp, hint?: RegExp]>([
  [
    'levels in the wrong order',
    'levels: [{ after: 5m, tell: [{ by: pagerduty }] }, { after: 5m, tell: [{ by: pagerduty }] }]',
    /comes later/,
  ],
  [
    'a channel that pagerduty does not know',
    'levels: [{ after: 0m, tell: [{ by: pagerduty, channel: "#soc" }] }]',
    /"channel" says nothing to pagerduty/,
    /service/,
  ],
  ['slack with nobody to tell', 'levels: [{ after: 0m, tell: [{ by: slack }] }]', /either a "channel" or people/],
  ['slack with both', 'levels: [{ after: 0m, tell: [{ by: slack, channel: "#soc", who: { roles: [x] } }] }]', /either/],
  ['mail to nobody', 'levels: [{ after: 0m, tell: [{ by: email }] }]', /"who" is missing/],
  [
    'a list that is not there',
    'onCall: { first-line: [a] }\nlevels: [{ after: 0m, tell: [{ by: email, who: { onCall: frist-line } }] }]',
    /no on-call list "frist-line"/,
    /first-line/,
  ],
  [
    'a repetition every second',
    'levels: [{ after: 0m, tell: [{ by: pagerduty }] }]\nrepeat: { every: 1s, times: 1 }',
    /a minute later/,
  ],
  [
    'a fact that there is not',
    'when: { fact: severty, operator: equal, value: HIGH }\nlevels: [{ after: 0m, tell: [{ by: pagerduty }] }]',
    /severty/,
    /severity/,
  ],
])('%s: refused when content loads', (_name, rest, message, hint) => {
  const compiled = compileEscalationPolicy(documentOf('rules/escalation/policies/p.yaml', head + rest))
  expect(compiled.ok).toBe(false)
  const [problem] = compiled.ok ? [] : compiled.problems
  expect(problem?.message).toMatch(message)
  if (hint !== undefined) expect(problem?.hint).toMatch(hint)
  expect(problem?.place?.line).toBeGreaterThan(0)
})

test.each([
  ['a misspelt key', 'levels: [{ after: 0m, tel: [{ by: pagerduty }] }]', /tell/],
  ['a channel nobody has', 'levels: [{ after: 0m, tell: [{ by: pagerdutty }] }]', /pagerduty/],
  ['a key of its own', 'levels: [{ after: 0m, tell: [{ by: pagerduty }] }]\nrepaet: { every: 5m, times: 1 }', /repeat/],
])('%s is answered with the one that was meant', (_name, rest, hint) => {
  const { bundle, problems } = compileBundle(
    [{ path: 'rules/escalation/policies/p.yaml', text: head + rest }],
    'worktree',
  )
  expect(bundle).toBeNull()
  expect(problems.map((one) => one.hint).join('\n')).toMatch(hint)
})

test.each<[severity: Json, notify: string | null, policy: string | null]>([
  ['CRITICAL', '#soc-critical', 'critical'],
  ['HIGH', '#soc', 'high'],
  ['MEDIUM', '#soc', null],
  ['LOW', null, null],
  [null, null, null],
])('of our own content an incident that is %s goes to %s and is escalated by %s', async (severity, channel, policy) => {
  const bundle = await ownBundle()
  expect((await chooseFirst(bundle.notify, { severity }))?.rule.channel ?? null).toBe(channel)
  expect((await chooseFirst(bundle.escalationPolicies, { severity }))?.rule.ref.id ?? null).toBe(policy)
})

test('the lowest order decides, then the id, and a rule may keep incidents quiet', async () => {
  const rules = ['b', 'a'].map((id) => {
    const compiled = compileNotifyRule(
      documentOf(`rules/notify/${id}.yaml`, `id: ${id}\ntitle: T\nwhy: w\norder: 5\nchannel: null\n`),
    )
    if (!compiled.ok) throw new Error('the rule is wrong')
    return compiled.value
  })
  expect(await chooseFirst(rules, {})).toMatchObject({ rule: { ref: { id: 'a' }, channel: null } })
})
