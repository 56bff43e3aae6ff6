import { expect, test } from 'vitest'
import {
  compilePlaybookFixture,
  coverPlaybook,
  mutatePlaybook,
  parseDocument,
  runPlaybookFixture,
} from '../../../src/core/content/index.ts'
import type { Document, EffectClass, JsonObject } from '../../../src/core/model/index.ts'
import { compilePlaybook, type KnownAction, type Stage } from '../../../src/core/playbook/index.ts'
import { compilePolicy } from '../../../src/core/policy/index.ts'

const action = (effect: EffectClass, name: string): KnownAction => ({
  effect,
  input: { type: 'object', required: [name], properties: { [name]: { type: 'string' } } },
  target: name,
  hasRollback: true,
  irreversible: null,
})
const actions = new Map([
  ['edr.isolate', action('destructive', 'host')],
  ['edr.wipe', action('destructive', 'host')],
  ['mail.send', action('notify', 'to')],
])

const documentOf = (file: string, text: string): Document => {
  const parsed = parseDocument(file, text)
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  return parsed.value
}

const policy = compilePolicy(
  documentOf(
    'rules/approval/p.yaml',
    'id: p\ntitle: P\nowner: o\nwhy: w\nrules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [responder], expires: 2h }, reason: asks }\n  - { effects: [notify, read], answer: allow, reason: fine }\n',
  ),
)
if (!policy.ok) throw new Error('the policy of this test does not compile')
const stage: Stage = { actions, playbooks: new Map(), policies: [policy.value] }

const playbookText = `id: lock
title: Lock
owner: team
why: test
trigger: { on: [opened], when: { fact: score, operator: greaterThan, value: 50 } }
deadline: 8h
steps:
  - { id: cut, forEach: "{{ incident.hosts }}", max: 3, action: edr.isolate, with: { host: "{{ item }}" }, expires: 24h, onError: continue }
  - id: way
    if: { fact: steps.cut.status, operator: equal, value: done }
    then: [{ id: tell, action: mail.send, with: { to: soc@example.com } }]
    else: [{ id: look, task: Nothing was cut }]
`
const playbookDocument = documentOf('playbooks/lock.yaml', playbookText)

function playbookOf(document = playbookDocument) {
  const compiled = compilePlaybook(document, actions)
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value
}

const effect = (more: string) =>
  `    - { step: "cut[ws-1]", action: edr.isolate, target: ws-1, gate: ask, asks: { roles: [responder], quorum: 1, expires: 2h }, expires: 1d${more} }\n`
const tell = '    - { step: tell, action: mail.send, target: soc@example.com, gate: allow }\n'
const cutText = (effects = effect('') + tell, path = '["cut[ws-1]", cut, tell, way]', answer = 'approve') =>
  `playbook: lock\ntitle: one host\nincident: { score: 60, hosts: [ws-1] }\nanswers: { cut: ${answer} }\nexpect:\n  status: completed\n  path: ${path}\n  effects:\n${effects}`
const quiet =
  'playbook: lock\ntitle: no host\nincident: { score: 60 }\nexpect:\n  status: completed\n  path: ["cut: skipped", look, way]\n  tasks: [Nothing was cut]\n'
const many =
  'playbook: lock\ntitle: too many hosts\nincident: { score: 60, hosts: [a, b, c, d] }\nexpect:\n  status: completed\n  path: ["cut: failed", look, way]\n'
const low =
  'playbook: lock\ntitle: not for small ones\nincident: { score: 50 }\nexpect: { triggered: false, status: completed, path: [] }\n'
const fixtureOf = (text: string) => {
  const compiled = compilePlaybookFixture(documentOf('test/fixtures/playbooks/lock/a.yaml', text))
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}
const differencesOf = async (text: string) =>
  (await runPlaybookFixture(fixtureOf(text), playbookOf(), stage)).differences.map(
    (one) => `${one.place.line} ${one.what}`,
  )

test.each([
  ['one host', cutText()],
  ['no host', quiet],
  ['an incident that is not meant', low],
])('a playbook does what its fixture says: %s', async (_name, text) => {
  expect(await differencesOf(text)).toEqual([])
})

test.each<[name: string, text: string, said: RegExp]>([
  ['another path', cutText(undefined, '["cut[ws-1]", cut, way]'), /^7 the steps/],
  ['an effect that nobody expects', cutText(effect('')), /^9 an effect that nobody expects/],
  ['an effect that does not come', cutText(effect('') + tell + tell), /^11 an effect that did not come/],
  ['another target', cutText(effect('').replace('target: ws-1', 'target: ws-2') + tell), /^9 target of effect 1/],
  [
    'another end of the containment',
    cutText(effect('').replace('expires: 1d', 'expires: 2d') + tell),
    /^9 expires of effect 1/,
  ],
  ['other people', cutText(effect('').replace('responder', 'lead') + tell), /^9 asks of effect 1/],
  ['other inputs', cutText(effect(', with: { host: ws-2 }') + tell), /^9 with of effect 1/],
  ['a denial', cutText(undefined, undefined, 'deny'), /^7 the steps/],
  [
    'an approval that nobody answers',
    cutText().replace('answers: { cut: approve }\n', ''),
    /does not answer the approval of "cut\[ws-1\]"/,
  ],
  ['a start that does not come', low.replace('triggered: false, ', ''), /^4 whether it starts/],
])('%s is a difference, with its line', async (_name, text, said) => {
  expect((await differencesOf(text)).join('\n')).toMatch(said)
})

test('a fact that no incident has is refused with a suggestion', () => {
  const compiled = compilePlaybookFixture(documentOf('f.yaml', quiet.replace('score: 60', 'scor: 60')))
  expect(compiled).toMatchObject({
    ok: false,
    problems: [{ code: 'fixture/fact', hint: expect.stringContaining('score') }],
  })
})

test('coverage counts both ways of a branch and what a list without items does', async () => {
  const plays = await Promise.all(
    [cutText(), quiet].map(async (text) => (await runPlaybookFixture(fixtureOf(text), playbookOf(), stage)).played),
  )
  const open = (count: number) =>
    coverPlaybook(
      playbookOf(),
      plays.slice(0, count).flatMap((one) => (one === null ? [] : [one])),
    ).flatMap((one) => (one.count === 0 ? [`${one.step} ${one.way}`] : []))
  expect(open(1)).toEqual(['cut skipped', 'cut failed', 'way otherwise', 'look taken'])
  expect(open(2)).toEqual(['cut failed'])
})

test('broken playbooks are refused or caught, and without fixtures most survive', async () => {
  const fixtures = [cutText(), quiet, many, low].map(fixtureOf)
  const survivors = async (given: typeof fixtures) =>
    (await mutatePlaybook(playbookDocument, given, stage))
      .filter((one) => one.safety && one.fate === 'survived')
      .map((one) => one.mutation)
  const mutants = await mutatePlaybook(playbookDocument, fixtures, stage)
  const fates = Object.fromEntries(mutants.map((one) => [one.mutation, one.fate]))
  expect(fates).toMatchObject({
    'drop expires of cut': 'refused',
    'widen the target of cut to everything': 'refused',
    'drop the rollback of edr.isolate': 'refused',
    'misspell incident.hosts': 'refused',
    'let cut last longer': 'caught',
    'swap the ways of way': 'caught',
    'call edr.wipe instead at cut': 'caught',
    'take incident.users for incident.hosts': 'caught',
    'drop the step tell': 'refused',
    'move the bound of score': 'caught',
  } satisfies JsonObject)
  expect((await survivors([])).length).toBeGreaterThan((await survivors(fixtures)).length + 5)
})

const watchText = (trigger: string) =>
  `id: lock\ntitle: Lock\nowner: team\nwhy: test\ntrigger: { ${trigger}, when: { fact: score, operator: greaterThan, value: 50 } }\ndeadline: 8h\nsteps:\n  - { id: look, task: Look }\n`
const looked = (more: string) =>
  `playbook: lock\ntitle: t\nincident: { score: 60 }\n${more}expect: { status: completed, path: [look], tasks: [Look] }\n`

test.each<[when: string, trigger: string, more: string, mutation: string, unnoticed: string]>([
  [
    'once for an incident',
    'on: [opened]',
    'change: opened\nagain: [{ after: 1d, starts: false }]\n',
    'start again and again for one incident',
    'change: opened\n',
  ],
  [
    'each time',
    'on: [opened], once: change',
    'change: opened\nagain: [{ after: 1s, starts: true }]\n',
    'start once for an incident only',
    'change: opened\n',
  ],
  [
    'without a pause',
    'on: [opened], once: change',
    'change: opened\nagain: [{ after: 1s, starts: true }]\n',
    'wait a day before it starts again',
    'change: opened\nagain: [{ after: 1d, starts: true }]\n',
  ],
  [
    'after a pause',
    'on: [opened], once: change, cooldown: 10m',
    'change: opened\nagain: [{ after: 9m, starts: false }]\n',
    'start again without a pause',
    'change: opened\nagain: [{ after: 10m, starts: true }]\n',
  ],
  [
    'after no longer pause',
    'on: [opened], once: change, cooldown: 10m',
    'change: opened\nagain: [{ after: 10m, starts: true }]\n',
    'wait ten times as long before it starts again',
    'change: opened\nagain: [{ after: 9m, starts: false }]\n',
  ],
  [
    'not by itself',
    'on: [opened]',
    'change: opened\nignores: [{ change: every }]\n',
    'look at open incidents every hour too',
    'change: opened\n',
  ],
  ['by itself', 'every: 15m', 'change: every\n', 'look at open incidents no more', ''],
  [
    'by itself each time',
    'every: 15m, once: change',
    'change: every\nagain: [{ after: 15m, starts: true }, { after: 14m, starts: false }]\n',
    'look at open incidents a tenth as often',
    'change: every\n',
  ],
])(
  'that a playbook starts %s is held by a fixture, and a broken one is caught',
  async (_when, trigger, more, mutation, unnoticed) => {
    const document = documentOf('playbooks/lock.yaml', watchText(trigger))
    const fates = async (text: string) =>
      (await mutatePlaybook(document, [fixtureOf(text)], stage, (one) => one.name === mutation)).map((one) => one.fate)
    const { differences } = await runPlaybookFixture(fixtureOf(looked(more)), playbookOf(document), stage)
    expect(differences).toEqual([])
    expect(await fates(looked(more))).toEqual(['caught'])
    if (unnoticed !== '') expect(await fates(looked(unnoticed))).toEqual(['survived'])
  },
)
