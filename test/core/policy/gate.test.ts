import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultTerms, type GateRequest, gate, groupsOf, type Policy } from '../../../src/core/policy/index.ts'
import { policyOf, requestOf } from './made.ts'

const allowAll = policyOf(
  `rules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }`,
  'allow-all',
)
const denyDestructive = policyOf(
  `rules:\n  - { effects: [destructive], answer: deny, reason: not here }`,
  'deny-destructive',
)
const askTwo = policyOf(
  `rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [lead], quorum: 2, expires: 1h }, reason: two leads }`,
  'ask-two',
)
const bySeverity = policyOf(
  `rules:
  - { effects: [destructive], when: { fact: severity, operator: equal, value: CRITICAL }, answer: allow, reason: at once }
  - { effects: [destructive], answer: ask, reason: otherwise a person }`,
  'by-severity',
)
const byTarget = policyOf(
  `rules:
  - { effects: [destructive], when: { fact: assetCriticality, operator: in, value: [critical, high] }, answer: deny, reason: too important }
  - { effects: [destructive], answer: allow, reason: the rest }`,
  'by-target',
)
const guarded = (target: string, answer = 'deny') =>
  policyOf(
    `rules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }
protectedTargets:\n  - { target: "${target}", answer: ${answer}, reason: ours }`,
    'guarded',
  )
const budget = policyOf(
  `rules:\n  - { effects: [reversible, destructive], answer: allow, reason: trust }\nbudgets: { destructivePerHour: 2 }`,
  'budget',
)
const broken: Policy = {
  ...allowAll,
  rules: allowAll.rules.map((rule) => ({
    ...rule,
    when: {
      paths: [],
      comparisons: [],
      required: [],
      known: () => null,
      decide: () => Promise.reject(new Error('no such operator')),
    },
  })),
}

test.each<[name: string, policies: readonly Policy[], request: Partial<GateRequest>, answer: string]>([
  ['reading needs no policy', [], { effect: 'read' }, 'allow'],
  ['telling needs no policy', [], { effect: 'notify' }, 'allow'],
  ['without a policy a person decides what can be undone', [], { effect: 'reversible' }, 'ask'],
  ['without a policy a person decides what cannot', [], { effect: 'destructive' }, 'ask'],
  ['an effect class that nobody knows is denied', [allowAll], { effect: 'harmless' }, 'deny'],
  ['an empty effect class is denied', [allowAll], { effect: '' }, 'deny'],
  ['a name of a prototype is no effect class', [allowAll], { effect: '__proto__' }, 'deny'],
  ['nor is another', [allowAll], { effect: 'constructor' }, 'deny'],
  ['a missing effect class is denied', [allowAll], { effect: 'undefined' }, 'deny'],
  ['a policy may allow', [allowAll], {}, 'allow'],
  ['the strictest of two policies holds', [allowAll, denyDestructive], {}, 'deny'],
  ['whichever stands first', [denyDestructive, allowAll], {}, 'deny'],
  ['asking is stricter than allowing', [allowAll, askTwo], {}, 'ask'],
  ['a policy that is not active says nothing', [{ ...allowAll, active: false }], {}, 'ask'],
  ['a policy that is not active denies nothing', [allowAll, { ...denyDestructive, active: false }], {}, 'allow'],
  ['a policy of other effects leaves the default', [denyDestructive], { effect: 'reversible' }, 'ask'],
  ['critical: at once', [bySeverity], {}, 'allow'],
  ['high: a person', [bySeverity], { incident: { severity: 'HIGH' } }, 'ask'],
  ['a severity that is not known is no critical one', [bySeverity], { incident: { severity: null } }, 'ask'],
  ['nor is one of another type', [bySeverity], { incident: { severity: ['CRITICAL'] } }, 'ask'],
  ['nor is a missing one', [bySeverity], { incident: {} }, 'ask'],
  ['important targets are not touched', [byTarget], {}, 'deny'],
  ['others are', [byTarget], { incident: { assetCriticality: 'low' } }, 'allow'],
  ['a policy that cannot be evaluated denies', [allowAll, broken], {}, 'deny'],
  ['even reading', [broken], { effect: 'read' }, 'deny'],
  ['the stop switch stops what changes something', [allowAll], { stopped: true }, 'deny'],
  ['and what can be undone too', [allowAll], { stopped: true, effect: 'reversible' }, 'deny'],
  ['and still lets people be told', [allowAll], { stopped: true, effect: 'notify' }, 'allow'],
  ['within the budget it goes on', [budget], { destructiveInLastHour: 1 }, 'allow'],
  ['past the budget a person decides', [budget], { destructiveInLastHour: 2 }, 'ask'],
  ['the budget counts destructive effects only', [budget], { destructiveInLastHour: 9, effect: 'reversible' }, 'allow'],
  ['a protected name is denied', [guarded('breakglass*')], { target: 'breakglass-1@example.com' }, 'deny'],
  ['in any case', [guarded('BreakGlass*')], { target: 'BREAKGLASS-1' }, 'deny'],
  ['with blanks around it', [guarded('breakglass*')], { target: ' breakglass-1 ' }, 'deny'],
  ['a name that only ends like it is another', [guarded('root')], { target: 'rooted' }, 'allow'],
  ['a pattern in the middle', [guarded('svc-*-prod')], { target: 'svc-pay-prod' }, 'deny'],
  ['a pattern does not overlap itself', [guarded('ab*ba')], { target: 'aba' }, 'allow'],
  ['a protected target may ask instead', [guarded('vip*', 'ask')], { target: 'vip-3' }, 'ask'],
  ['telling a protected person is no harm', [guarded('vip*')], { target: 'vip-3', effect: 'notify' }, 'allow'],
  ['a network is protected', [guarded('10.0.0.0/8')], { target: '10.20.4.42' }, 'deny'],
  ['its neighbour is not', [guarded('10.0.0.0/8')], { target: '11.0.0.1' }, 'allow'],
  ['an address written as IPv6 is the same address', [guarded('10.0.0.0/8')], { target: '::ffff:10.20.4.42' }, 'deny'],
  ['so is one in hexadecimal', [guarded('10.0.0.0/8')], { target: '0x0a140442' }, 'deny'],
  ['so is one under a pattern', [guarded('10.*')], { target: '::ffff:a14:42a' }, 'deny'],
  ['a network of IPv6', [guarded('fd00::/8')], { target: 'FD00::1' }, 'deny'],
  ['a name lies in no network', [guarded('10.0.0.0/8')], { target: 'user17' }, 'allow'],
])('%s', async (_name, policies, request, answer) => {
  const decision = await gate(requestOf(request), policies)
  expect(decision.answer).toBe(answer)
  expect(decision.terms === null).toBe(answer !== 'ask')
  expect(decision.sentence).toContain(
    answer === 'ask' ? 'needs an approval' : answer === 'deny' ? 'is denied' : 'is allowed',
  )
})

test('a decision says which rule decided, where it stands, what it saw and why', async () => {
  const decision = await gate(requestOf(), [bySeverity])
  expect(decision.rule).toMatchObject({ kind: 'approval', id: 'by-severity', place: { line: 6 } })
  expect(decision.facts).toEqual([
    { name: 'effect', value: 'destructive' },
    { name: 'severity', value: 'CRITICAL' },
  ])
  expect(decision.sentence).toBe(
    'okta.suspend_user on user17@example.com is allowed: at once (rules/approval/by-severity.yaml:6:5)',
  )
})

test('of several questions the one that needs most people is asked', async () => {
  const terms = async (policies: readonly Policy[], parts: Partial<GateRequest> = {}) =>
    (await gate(requestOf(parts), policies)).terms
  const leads = { roles: ['lead'], quorum: 2, expiresMs: 3_600_000 }
  expect(await terms([askTwo])).toEqual(leads)
  expect(await terms([bySeverity, askTwo], { incident: { severity: 'LOW' } })).toEqual({
    ...leads,
    also: [{ roles: ['responder'], quorum: 1 }],
  })
  expect(await terms([budget, askTwo], { destructiveInLastHour: 50 })).toEqual(leads)
  expect(await terms([guarded('user17*', 'ask'), askTwo])).toEqual(leads)
  expect(await terms([guarded('user17*', 'ask')])).toEqual(defaultTerms)
})

describe('of questions that name different people none is lost', () => {
  const asks = (roles: string, quorum = 1, id = 'more') =>
    policyOf(
      `rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [${roles}], quorum: ${quorum} }, reason: ${id} }`,
      id,
    )
  const frozen = policyOf(
    `rules: []\nwindows:\n  - { title: Night, from: "00:00", to: "23:59", answer: ask, approvers: { roles: [incident-lead] }, reason: dark }`,
    'frozen',
  )
  const step = { roles: ['intern'], quorum: 1, expiresMs: 1000 }
  const both = [
    { roles: ['hr'], quorum: 2 },
    { roles: ['responder'], quorum: 1 },
  ]
  test.each<[string, readonly Policy[], Partial<GateRequest>, readonly object[]]>([
    [
      'a step that names others does not keep out whom a policy names',
      [asks('responder')],
      { approval: step },
      [
        { roles: ['responder'], quorum: 1 },
        { roles: ['intern'], quorum: 1 },
      ],
    ],
    [
      'nor where a policy names more of them',
      [asks('responder, incident-lead')],
      { approval: step },
      [
        { roles: ['intern'], quorum: 1 },
        { roles: ['responder', 'incident-lead'], quorum: 1 },
      ],
    ],
    [
      'nor where no policy speaks',
      [],
      { approval: step },
      [
        { roles: ['responder'], quorum: 1 },
        { roles: ['intern'], quorum: 1 },
      ],
    ],
    ['two policies that name different people', [asks('hr', 2, 'one'), asks('responder', 1, 'two')], {}, both],
    ['in whichever order they are read', [asks('responder', 1, 'two'), asks('hr', 2, 'one')], {}, both],
    [
      'one that is among the other is said by it',
      [asks('responder, incident-lead', 1, 'one'), asks('responder', 2, 'two')],
      {},
      [{ roles: ['responder'], quorum: 2 }],
    ],
    [
      'a window that wants a lead wants one past a budget too',
      [budget, frozen],
      { destructiveInLastHour: 50 },
      [{ roles: ['incident-lead'], quorum: 1 }],
    ],
    ['a protected target names nobody', [guarded('user17*', 'ask'), asks('hr')], {}, [{ roles: ['hr'], quorum: 1 }]],
  ])('%s', async (_name, policies, parts, groups) => {
    const { answer, terms } = await gate(requestOf(parts), policies)
    expect(answer).toBe('ask')
    expect(terms === null ? [] : groupsOf(terms)).toEqual(groups)
  })

  test('the sentence says all of them', async () => {
    const { sentence } = await gate(requestOf({ destructiveInLastHour: 50 }), [budget, frozen])
    expect(sentence).toMatch(
      /needs an approval: Night: dark \(.*\); also: more than \d+ destructive effects in an hour need a person \(/,
    )
  })

  test('whoever may approve together may for each that names people', async () => {
    const roles = ['a', 'b', 'c']
    const question = fc.record({ roles: fc.subarray(roles, { minLength: 1 }), quorum: fc.integer({ min: 1, max: 3 }) })
    const person = fc.subarray(roles)
    const enough = (people: readonly (readonly string[])[], group: { roles: readonly string[]; quorum: number }) =>
      people.filter((one) => one.some((role) => group.roles.includes(role))).length >= group.quorum
    await fc.assert(
      fc.asyncProperty(
        fc.array(question, { minLength: 1, maxLength: 4 }),
        fc.array(person, { maxLength: 5 }),
        async (asked, people) => {
          const policies = asked.map((one, index) => asks(one.roles.join(', '), one.quorum, `p${index}`))
          const { terms } = await gate(requestOf(), policies)
          if (terms === null) throw new Error('nobody is asked')
          expect(groupsOf(terms).every((one) => enough(people, one))).toBe(asked.every((one) => enough(people, one)))
        },
      ),
    )
  })
})

test('adding a policy never makes an answer milder', async () => {
  const strictness = ['allow', 'ask', 'deny']
  const pool = [allowAll, denyDestructive, askTwo, bySeverity, byTarget, budget, guarded('user*'), broken]
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(pool),
      fc.constantFrom(...pool),
      fc.constantFrom('reversible', 'destructive'),
      fc.constantFrom('CRITICAL', 'LOW', null),
      fc.nat(3),
      async (policies, more, effect, severity, destructiveInLastHour) => {
        const request = requestOf({ effect, incident: { severity }, destructiveInLastHour })
        const before = await gate(request, [allowAll, ...policies])
        const after = await gate(request, [allowAll, ...policies, more])
        expect(strictness.indexOf(after.answer)).toBeGreaterThanOrEqual(strictness.indexOf(before.answer))
        expect(after.terms?.quorum ?? 9).toBeGreaterThanOrEqual(before.terms?.quorum ?? 0)
      },
    ),
  )
})
