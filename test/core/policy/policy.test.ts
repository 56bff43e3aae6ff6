import { expect, test } from 'vitest'
import { compileBundle } from '../../../src/core/content/index.ts'
import { formatPlace } from '../../../src/core/model/index.ts'
import { gate } from '../../../src/core/policy/index.ts'
import { ownBundle } from '../../support/content.ts'
import { requestOf } from './made.ts'

const head = 'id: team\ntitle: Team\nowner: team\nwhy: test\n'
const problemsOf = (body: string) =>
  compileBundle([{ path: 'rules/approval/team.yaml', text: head + body }], 'worktree').problems.map(
    (one) => `${one.place === undefined ? '' : formatPlace(one.place)} ${one.message} ${one.hint ?? ''}`,
  )

test.each<[name: string, body: string, said: RegExp]>([
  [
    'an answer that does not exist',
    'rules:\n  - { effects: [read], answer: maybe, reason: x }',
    /team\.yaml:6:.*allow/,
  ],
  [
    'an effect class that does not exist',
    'rules:\n  - { effects: [harmless], answer: allow, reason: x }',
    /team\.yaml:6:/,
  ],
  ['a rule without a reason', 'rules:\n  - { effects: [read], answer: allow }', /reason/],
  [
    'a quorum of nobody',
    'rules:\n  - { effects: [read], answer: ask, approvers: { quorum: 0 }, reason: x }',
    /team\.yaml:6:/,
  ],
  [
    'roles of nobody',
    'rules:\n  - { effects: [read], answer: ask, approvers: { roles: [] }, reason: x }',
    /team\.yaml:6:/,
  ],
  [
    'a time without a unit',
    'rules:\n  - { effects: [read], answer: ask, approvers: { expires: "4" }, reason: x }',
    /team\.yaml:6:/,
  ],
  [
    'a misspelt fact',
    'rules:\n  - { effects: [read], when: { fact: severty, operator: equal, value: HIGH }, answer: ask, reason: x }',
    /team\.yaml:6:.*severty.*severity/,
  ],
  ['a misspelt key', 'rules: []\nprotectedTarget: []', /team\.yaml:6:1 .*protectedTarget/],
  [
    'a network that is none',
    'rules: []\nprotectedTargets:\n  - { target: 10.0.0.0/33, answer: deny, reason: x }',
    /team\.yaml:7:.*protect nothing/,
  ],
  [
    'a protected target that is allowed',
    'rules: []\nprotectedTargets:\n  - { target: x, answer: allow, reason: x }',
    /team\.yaml:7:/,
  ],
  ['a negative budget', 'rules: []\nbudgets: { destructivePerHour: -1 }', /team\.yaml:6:/],
])('%s does not load, and its place is said', (_name, body, said) => {
  expect(problemsOf(body).join('\n')).toMatch(said)
})

test('the policy that is delivered asks a person before everything that can hurt, and guards what is ours', async () => {
  const { policies } = await ownBundle()
  const answer = async (parts: Parameters<typeof requestOf>[0]) => (await gate(requestOf(parts), policies)).answer
  expect(policies.filter((one) => one.active).map((one) => one.ref.id)).toEqual(['human-for-destructive'])
  for (const severity of ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', null])
    for (const effect of ['reversible', 'destructive'])
      expect(await answer({ effect, incident: { severity } })).toBe('ask')
  expect(await answer({ effect: 'notify' })).toBe('allow')
  expect(await answer({ target: 'breakglass-2@example.com' })).toBe('deny')
  for (const target of ['10.20.4.42', '::ffff:192.168.1.1', '172.31.255.255', 'fd12::1'])
    expect(await answer({ action: 'edge-firewall.block_ip', target })).toBe('deny')
  expect(await answer({ action: 'edge-firewall.block_ip', target: '203.0.113.66' })).toBe('ask')
})

test('the other mode, once switched on, acts on critical incidents and asks on the others', async () => {
  const { policies } = await ownBundle()
  const only = policies
    .filter((one) => one.ref.id === 'automatic-for-critical')
    .map((one) => ({ ...one, active: true }))
  expect(only).toHaveLength(1)
  const answer = async (severity: string) => (await gate(requestOf({ incident: { severity } }), only)).answer
  expect([await answer('CRITICAL'), await answer('HIGH')]).toEqual(['allow', 'ask'])
})
