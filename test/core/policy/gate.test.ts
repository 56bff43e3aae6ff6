import { expect, test } from 'vitest'
import { approvalDigest, type GateRequest, gate, type Policy } from '../../../src/core/policy/index.ts'
import { ownBundle } from '../../support/content.ts'

const { policies } = await ownBundle()
const request = (more: Partial<GateRequest> = {}): GateRequest => ({
  effect: 'destructive',
  action: 'okta.suspend_user',
  target: 'user17@example.com',
  incident: { severity: 'CRITICAL' },
  destructiveInLastHour: 0,
  stopped: false,
  ...more,
})

test.each([
  ['reading is allowed', { effect: 'read' }, 'allow'],
  ['telling is allowed', { effect: 'notify' }, 'allow'],
  ['destroying asks', {}, 'ask'],
  ['a reversible effect asks', { effect: 'reversible' }, 'ask'],
  ['an unknown class is denied', { effect: 'harmless' }, 'deny'],
  ['an empty class is denied', { effect: '' }, 'deny'],
  ['a class named like a prototype is denied', { effect: 'constructor' }, 'deny'],
  ['a protected account is denied', { target: 'breakglass-2@example.com' }, 'deny'],
  ['a protected account in other letters is denied', { target: 'BreakGlass-2@example.com' }, 'deny'],
  ['an internal address is not blocked', { action: 'edge-firewall.block_ip', target: '10.20.4.42' }, 'deny'],
  ['telling a protected account is allowed', { effect: 'notify', target: 'breakglass-2@example.com' }, 'allow'],
  ['the stop switch denies', { stopped: true }, 'deny'],
  ['the stop switch lets reading go on', { stopped: true, effect: 'read' }, 'allow'],
] as const)('%s', async (_name, more, answer) => {
  const decision = await gate(request(more), policies)
  expect(decision.answer).toBe(answer)
  expect(decision.sentence).toContain(request(more).action)
  expect(decision.terms === null).toBe(answer !== 'ask')
})

test.each([
  ['without any policy a destructive effect asks', {}, 'ask'],
  ['without any policy a reversible effect asks', { effect: 'reversible' }, 'ask'],
  ['without any policy reading is allowed', { effect: 'read' }, 'allow'],
] as const)('%s', async (_name, more, answer) => {
  expect((await gate(request(more), [])).answer).toBe(answer)
})

test('a policy that cannot be evaluated denies', async () => {
  const broken: Policy = {
    ...(policies[1] as Policy),
    active: true,
    protectedTargets: [],
    rules: [
      {
        ...(policies[1] as Policy).rules[0],
        effects: ['destructive'],
        when: { paths: [], decide: async () => Promise.reject(new Error('out of order')) },
      } as Policy['rules'][number],
    ],
  }
  const decision = await gate(request(), [broken])
  expect(decision).toMatchObject({ answer: 'deny' })
  expect(decision.sentence).toContain('out of order')
})

test('of several policies the strictest answer holds', async () => {
  const automatic = policies.find((one) => one.ref.id === 'automatic-for-critical') as Policy
  const human = policies.find((one) => one.ref.id === 'human-for-destructive') as Policy
  expect((await gate(request(), [{ ...automatic, active: true }])).answer).toBe('allow')
  expect((await gate(request(), [{ ...automatic, active: true }, human])).answer).toBe('ask')
  expect((await gate(request(), [automatic])).answer).toBe('ask')
})

test('a budget turns permission into a question', async () => {
  const automatic = { ...(policies.find((one) => one.ref.id === 'automatic-for-critical') as Policy), active: true }
  expect((await gate(request({ destructiveInLastHour: 9 }), [automatic])).answer).toBe('allow')
  expect((await gate(request({ destructiveInLastHour: 10 }), [automatic])).answer).toBe('ask')
})

test('an approval is bound to everything: change any part and the digest is another', () => {
  const subject = { bundle: 'b', commit: 'c', run: 'r', step: 's', action: 'a', target: 't', inputs: { x: 1 } }
  const digests = [
    subject,
    ...Object.keys(subject).map((key) => ({ ...subject, [key]: key === 'inputs' ? { x: 2 } : 'other' })),
  ].map(approvalDigest)
  expect(new Set(digests).size).toBe(digests.length)
  expect(approvalDigest({ ...subject, inputs: { x: 1 } })).toBe(digests[0])
})
