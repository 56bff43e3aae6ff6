import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultTerms, type GateRequest, gate, type Policy } from '../../../src/core/policy/index.ts'
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
  expect(await terms([bySeverity, askTwo], { incident: { severity: 'LOW' } })).toEqual(leads)
  expect(await terms([budget, askTwo], { destructiveInLastHour: 50 })).toEqual(leads)
  expect(await terms([guarded('user17*', 'ask'), askTwo])).toEqual(leads)
  expect(await terms([guarded('user17*', 'ask')])).toEqual(defaultTerms)
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
