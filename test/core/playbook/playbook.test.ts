import { expect, test } from 'vitest'
import { compileBundle } from '../../../src/core/content/index.ts'
import { triggersOf } from '../../../src/core/playbook/index.ts'
import { ownBundle } from '../../support/content.ts'
import { factsOf, playbookOf, problemsOf } from './made.ts'

const suspend = (more = '') =>
  `  - { id: suspend, action: okta.suspend_user, with: { userId: "{{ incident.people | first }}" }, expires: 24h${more} }\n`

test.each<[name: string, steps: string, code: string, said: RegExp, line: number]>([
  ['two steps of one name', suspend() + suspend(), 'playbook/duplicate-step', /"suspend"/, 9],
  [
    'an action that nobody has',
    '  - { id: a, action: okta.suspend_usr, with: { userId: x }, expires: 1h }',
    'playbook/unknown-action',
    /okta\.suspend_usr/,
    8,
  ],
  [
    'an input that the action does not take',
    '  - id: a\n    action: okta.suspend_user\n    expires: 1h\n    with: { userId: x, force: true }',
    'playbook/unknown-input',
    /"force"/,
    11,
  ],
  [
    'an input that is missing',
    '  - { id: a, action: okta.suspend_user, with: {}, expires: 1h }',
    'playbook/missing-input',
    /"userId"/,
    8,
  ],
  [
    'a destructive action that never ends',
    '  - { id: a, action: okta.suspend_user, with: { userId: x } }',
    'playbook/expires',
    /destructive/,
    8,
  ],
  [
    'a fact that an incident does not have',
    '  - { id: a, task: "{{ incident.poeple }}" }',
    'playbook/unknown-fact',
    /poeple/,
    8,
  ],
  [
    'a step that comes later',
    `  - { id: a, task: "{{ steps.suspend.status }}" }\n${suspend()}`,
    'playbook/unknown-step',
    /"suspend"/,
    8,
  ],
  ['a step that refers to itself', '  - { id: a, task: "{{ steps.a.status }}" }', 'playbook/unknown-step', /"a"/, 8],
  [
    'an item without forEach',
    '  - { id: a, task: "{{ item }}" }',
    'template/expression',
    /"item" is not known here/,
    8,
  ],
  ['a name that does not exist', '  - { id: a, task: "{{ process.env }}" }', 'template/expression', /process/, 8],
  ['a call', '  - { id: a, task: "{{ incident.title.toString() }}" }', 'template/expression', /FunCall/, 8],
  ['a tag', '  - { id: a, task: "{% for x in incident.users %}{{ x }}{% endfor %}" }', 'template/expression', /For/, 8],
  [
    'a condition on a fact that does not exist',
    '  - { id: a, if: { fact: severty, operator: equal, value: HIGH }, task: x }',
    'condition/form',
    /severty/,
    8,
  ],
])('%s is found when the playbook loads', (_name, steps, code, said, line) => {
  const problems = problemsOf(steps)
  expect(problems.map((one) => one.code)).toContain(code)
  const found = problems.find((one) => one.code === code)
  expect(found?.message).toMatch(said)
  expect(found?.place).toMatchObject({ file: 'playbooks/contain.yaml', line })
})

test('what is near a known name is proposed', () => {
  expect(problemsOf('  - { id: a, task: "{{ incident.poeple }}" }')[0]?.hint).toBe('did you mean "people"?')
  expect(problemsOf('  - { id: a, action: okta.suspend_usr, with: { userId: x }, expires: 1h }')[0]?.hint).toBe(
    'did you mean "okta.suspend_user"?',
  )
})

test('all problems are reported at once', () => {
  expect(
    problemsOf('  - { id: a, task: "{{ incident.x }}" }\n  - { id: a, action: nobody.does, with: {} }').map(
      (one) => one.code,
    ),
  ).toEqual(['playbook/unknown-fact', 'playbook/duplicate-step', 'playbook/unknown-action'])
})

test.each<[name: string, steps: string]>([
  ['a step that is action and task at once', '  - { id: a, task: x, stop: true }'],
  ['a step that is nothing', '  - { id: a }'],
  ['an unknown key', '  - { id: a, task: x, loop: 3 }'],
  ['a step id with a dot', '  - { id: a.b, task: x }'],
  ['no step at all', '  []'],
])('%s does not pass the schema', (_name, steps) => {
  const text = `id: contain\ntitle: C\nowner: t\nwhy: w\ntrigger: { on: [opened], when: { fact: severity, operator: equal, value: HIGH } }\ndeadline: 8h\nsteps:\n${steps}\n`
  const { bundle, problems } = compileBundle([{ path: 'playbooks/contain.yaml', text }], 'worktree')
  expect(bundle).toBeNull()
  expect(problems[0]?.place?.file).toBe('playbooks/contain.yaml')
})

test('a playbook starts for the changes it names, when its condition holds, and says why', async () => {
  const playbook = playbookOf(suspend())
  const started = async (changes: Parameters<typeof triggersOf>[1], severity: string | null) =>
    (await triggersOf([playbook], changes, factsOf({ severity }))).map((one) => one.decision.sentence)
  expect(await started(['opened'], 'HIGH')).toEqual([
    '"Contain" starts because severity = "HIGH" (playbooks/contain.yaml:2:8)',
  ])
  expect(await started(['extended', 'opened'], 'CRITICAL')).toHaveLength(1)
  expect(await started(['extended'], 'HIGH')).toEqual([])
  expect(await started(['opened'], 'LOW')).toEqual([])
  expect(await started(['opened'], null)).toEqual([])
  expect(await started([], 'HIGH')).toEqual([])
})

test.each<[playbook: string, facts: Parameters<typeof factsOf>[0], starts: boolean]>([
  ['contain-compromised-identity', { severity: 'HIGH', tactics: ['persistence'], sourceCount: 2 }, true],
  ['contain-compromised-identity', { severity: 'MEDIUM', tactics: ['persistence'], sourceCount: 2 }, false],
  ['contain-compromised-identity', { severity: 'CRITICAL', tactics: ['discovery'], sourceCount: 2 }, false],
  ['contain-compromised-identity', { severity: 'CRITICAL', tactics: ['persistence'], sourceCount: 1 }, false],
  ['brute-force-watch', { techniques: ['T1110.001'], sourceCount: 1 }, true],
  ['brute-force-watch', { techniques: ['T1110.001'], sourceCount: 2 }, false],
  ['phishing-triage', { techniques: ['T1566.002'], sourceCount: 1 }, true],
  ['phishing-triage', { techniques: ['T1078'], sourceCount: 1 }, false],
])('the playbook %s with %j: %s', async (id, facts, starts) => {
  const { playbooks } = await ownBundle()
  const triggers = await triggersOf([...playbooks.values()], ['opened'], factsOf(facts))
  expect(triggers.some((one) => one.playbook.id === id)).toBe(starts)
})
