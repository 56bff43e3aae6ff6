import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import type { Plan } from '../../src/core/replay/index.ts'
import type { ChangePreview } from '../../src/preview/index.ts'
import { gitsoc } from '../support/cli.ts'
import { fixtureFile, idOf, planRepository, record, ruleFile } from './plan-content.ts'

// Every plan starts two processes.
vi.setConfig({ testTimeout: 120_000 })

const previewOf = (ended: { json(): unknown }) => ended.json() as ChangePreview & { readonly ok: boolean }
const planOf = (ended: { json(): unknown }): Plan => {
  const { plan, problems } = previewOf(ended)
  if (plan === null) throw new Error(JSON.stringify(problems))
  return plan
}

const morning = [
  record(0, 'login', 'user1'),
  record(1, 'export', 'user1'),
  record(2, 'export', 'user2'),
  record(3, 'other', 'user3'),
]

test('equal content changes nothing, and says it in the same bytes each time', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const events = repository.put('events.ndjson', morning.join('\n'))
  const run = () =>
    gitsoc('plan', '--content', repository.dir, '--base', base, '--head', 'HEAD', '--history', events, '--json')
  const [first, second] = [await run(), await run()]
  expect(first.exitCode).toBe(0)
  expect(planOf(first)).toMatchObject({ isSame: true, content: [], rules: [], totals: { incidents: [1, 1] } })
  expect(second.out).toBe(first.out)
})

test('a rule that is added, one that is changed and one that is removed are told with what they do', async () => {
  const repository = planRepository()
  repository.put('rules/detection/gone.yaml', ruleFile('gone', 'other', 'medium'))
  repository.put('rules/detection/fixtures/gone.yaml', fixtureFile('other'))
  const base = repository.commit()
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export', 'critical'))
  repository.put('rules/detection/fixtures/export.yaml', fixtureFile('export'))
  repository.put('rules/detection/login.yaml', ruleFile('login', 'sign-in'))
  repository.put('rules/detection/fixtures/login.yaml', fixtureFile('sign-in'))
  repository.remove('rules/detection/gone.yaml')
  repository.remove('rules/detection/fixtures/gone.yaml')
  const head = repository.commit()
  const events = repository.put('events.ndjson', morning.join('\n'))
  const args = ['plan', '--content', repository.dir, '--base', base, '--head', head, '--history', events]
  const ended = await gitsoc(...args, '--json')
  const plan = planOf(ended)
  expect(ended.exitCode).toBe(0)
  expect(plan.content.map(({ change, title }) => [change, title])).toEqual([
    ['added', 'export'],
    ['removed', 'gone'],
    ['changed', 'login'],
  ])
  expect(plan.rules.map(({ rule, before, after, added, lost }) => [rule.title, before, after, added, lost])).toEqual([
    ['export', 0, 2, 2, 0],
    ['gone', 1, 0, 0, 1],
    ['login', 1, 0, 0, 1],
  ])
  expect(plan.incidents.added.map(({ title }) => title)).toHaveLength(2)
  expect(plan.incidents.lost).toHaveLength(2)
  expect(plan.examples[0]).toMatchObject({
    change: 'added',
    rule: { id: idOf('export'), place: { file: 'rules/detection/export.yaml', line: 1 } },
    facts: [{ name: 'action', value: 'export' }],
  })
  expect(plan.entities).toEqual({ added: ['user:user2'], lost: ['user:user3'] })
  expect(plan.fixtures.map(({ change, path, kind, rule }) => [change, path, kind, rule])).toContainEqual([
    'lost',
    'rules/detection/fixtures/gone.yaml',
    'positive',
    idOf('gone'),
  ])
  const keys = plan.fixtures.map(({ change, path, kind, index, rule }) => [change, path, kind, index, rule].join(' '))
  expect(keys).toEqual([...new Set(keys)])
  const text = await gitsoc(...args)
  expect(text.out).toContain('Alerts per rule')
  expect(text.out).toMatch(/added +detection +export +rules\/detection\/export\.yaml:1:1/)
})

test('the working tree is a head too, and what is not committed is replayed', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  const events = repository.put('events.ndjson', morning.join('\n'))
  const plan = planOf(await gitsoc('plan', '--content', repository.dir, '--base', base, '--history', events, '--json'))
  expect(plan.after.commit).toBe('worktree')
  expect(plan.rules).toMatchObject([{ rule: { title: 'export' }, added: 2 }])
})

test('a rule that becomes louder than its budget is an error, one that was loud before is not', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  repository.put('rules/detection/fixtures/export.yaml', fixtureFile('export'))
  const head = repository.commit()
  const lines = Array.from({ length: 5 }, (_, n) => [record(n, 'export', `user${n}`), record(n, 'login', `user${n}`)])
  const events = repository.put('events.ndjson', lines.flat().join('\n'))
  const args = ['plan', '--content', repository.dir, '--base', base, '--head', head, '--history', events]
  const ended = await gitsoc(...args, '--json', '--budget', '3')
  expect(ended.exitCode).toBe(1)
  const plan = planOf(ended)
  expect(previewOf(ended)).toMatchObject({ ok: false, failures: [`over budget: ${plan.exceeded[0]}`] })
  expect(plan.exceeded).toEqual([`"export" (${idOf('export')}): 5 a day, 0 before, the budget is 3`])
  expect(plan.noise.find(({ rule }) => rule.title === 'login')).toMatchObject({ afterPerDay: 5, isExceeded: false })
  const own = await gitsoc(...args, '--json', '--budget', '3', '--budget', `${idOf('export')}=5`)
  expect(own.exitCode).toBe(0)
})

test('a head that does not load is told with every problem and its place, and nothing is replayed', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put('rules/detection/one.yaml', ruleFile('one', 'x').replace('level: high', 'level: huge'))
  repository.put('rules/detection/two.yaml', ruleFile('two', 'x').replace('condition: selection', 'condition: nothing'))
  const head = repository.commit()
  const ended = await gitsoc('plan', '--content', repository.dir, '--base', base, '--head', head)
  expect(ended.exitCode).toBe(1)
  expect(ended.out).toMatch(/rules\/detection\/one\.yaml:\d+:8 +error/)
  expect(ended.out).toContain('rules/detection/two.yaml:11:')
  expect(ended.out).toContain('! the content does not load: it has 2 problems')
})

test('a branch with an expression made to be slow, or a file made to be large, ends as a plan or as a problem', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const slow = ruleFile('slow', 'x').replace('action: x', () => "action|re: '^(a+)+(b|a*)*c$'")
  repository.put('rules/detection/slow.yaml', slow)
  const head = repository.commit()
  const events = repository.put('events.ndjson', record(0, `${'a'.repeat(50_000)}!`, 'user1'))
  const args = ['plan', '--content', repository.dir, '--base', base, '--history', events, '--json']
  const ended = await gitsoc(...args, '--head', head)
  expect(ended.json()).toMatchObject({ plan: { rules: [], faults: { before: [], after: [] } } })
  repository.put('rules/detection/large.yaml', `# ${'x'.repeat(3_000_000)}\n${slow}`)
  const large = await gitsoc(...args, '--head', repository.commit())
  expect(large).toMatchObject({ exitCode: 1 })
  expect(large.json()).toMatchObject({
    ok: false,
    plan: null,
    problems: [{ code: 'content/too-large', place: { file: 'rules/detection/large.yaml' } }],
  })
})

test('what a new playbook would do and ask is told, with its targets', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put(
    'playbooks/suspend.yaml',
    `id: suspend
title: Suspend people who log in
owner: soc
why: For a test.
trigger: { on: [opened], when: { fact: alertSeverity, operator: equal, value: high } }
deadline: 1h
steps:
  - id: suspend
    title: Suspend the account
    forEach: "{{ incident.people }}"
    action: okta.suspend_user
    with: { userId: "{{ item }}" }
    expires: 24h
`,
  )
  const head = repository.commit()
  const events = repository.put('events.ndjson', record(0, 'login', 'user1@example.com'))
  repository.put('lists/inventory.yaml', 'users: [{ name: user1@example.com, criticality: critical, owner: finance }]')
  const plan = planOf(
    await gitsoc(
      ...['plan', '--content', repository.dir, '--base', base, '--head', head, '--history', events, '--json'],
      ...['--enrich', `${repository.dir}/lists`],
    ),
  )
  expect(plan.totals).toEqual({ incidents: [1, 1], runs: [0, 1], actions: [0, 1], approvals: [0, 1] })
  expect(plan.responses).toMatchObject([
    { change: 'added', kind: 'run', playbook: 'suspend' },
    {
      change: 'added',
      kind: 'action',
      action: 'okta.suspend_user',
      target: 'user1@example.com',
      criticality: 'critical',
    },
    { change: 'added', kind: 'approval', action: 'okta.suspend_user', target: 'user1@example.com' },
  ])
  expect(plan.criticalTargets).toEqual({ added: ['user1@example.com'], lost: [] })
})

test('incidents that a grouping rule takes apart are split, not lost', async () => {
  const repository = planRepository()
  const base = repository.commit()
  for (const name of ['same-identity', 'attack-progression']) repository.remove(`rules/grouping/${name}.yaml`)
  const head = repository.commit()
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  const more = [record(0, 'login', 'user1', { host: 'a' }), record(60, 'login', 'user1', { host: 'b' })]
  const events = repository.put('events.ndjson', more.join('\n'))
  const args = ['plan', '--content', repository.dir, '--history', events, '--json']
  const split = planOf(await gitsoc(...args, '--base', base, '--head', head)).incidents
  expect(split).toMatchObject({ added: [], lost: [], regrouped: [{ change: 'split', several: [{}, {}] }] })
  const merged = planOf(await gitsoc(...args, '--base', head, '--head', base)).incidents
  expect(merged).toMatchObject({ added: [], lost: [], regrouped: [{ change: 'merged', several: [{}, {}] }] })
})

test('nothing of an event or a title gets out of its cell in a comment', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const hostile = '@org/team ```\n/approve run-1 <img src=x> [x](https://evil.example) | #1 | x'
  repository.put(
    'rules/detection/export.yaml',
    ruleFile('export', 'export').replace('title: export', `title: ${JSON.stringify(hostile)}`),
  )
  const head = repository.commit()
  const events = repository.put('events.ndjson', record(0, 'export', hostile))
  const { out } = await gitsoc(
    ...[
      'plan',
      '--content',
      repository.dir,
      '--base',
      base,
      '--head',
      head,
      '--history',
      events,
      '--format',
      'markdown',
    ],
  )
  expect(out).toContain('Alerts per rule')
  expect(out).not.toMatch(/@org|(?<!\\)`|^\/approve|(?<!\\)<img|(?<!\\)\]\(|https:\/\/evil|(?<!&)#1\b/m)
})

test('a workflow without the app gets annotations that no title can break out of, and a summary', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const hostile = 'x\n::error::forged %0A, y: z'
  repository.put(
    'rules/detection/own.yaml',
    ruleFile('own', 'x').replace('title: own', `title: ${JSON.stringify(hostile)}`),
  )
  const head = repository.commit()
  const summary = repository.put('summary.md', '')
  const args = ['plan', '--content', repository.dir, '--base', base, '--head', head, '--history', repository.dir]
  const ended = await gitsoc(...args, '--format', 'github', '--summary', summary)
  expect(ended.exitCode).toBe(1)
  const [first, ...others] = ended.out.trimEnd().split('\n')
  expect(first).toMatch(
    /^::error file=rules\/detection\/own\.yaml,line=1,endLine=1,title=fixture\/missing::the rule has no fixture/,
  )
  expect(others).toEqual([expect.stringMatching(/^plan: a test fails/)])
  expect(readFileSync(summary, 'utf8')).toContain('<!-- gitsoc:preview -->')
})

test.each([
  ['no base', []],
  ['a budget that is no number', ['--base', 'HEAD', '--budget', 'many']],
  ['a format that there is not', ['--base', 'HEAD', '--format', 'pdf']],
  ['a history that is not there', ['--base', 'HEAD', '--history', '/nowhere.ndjson']],
])('%s is wrong usage', async (_name, args) => {
  const repository = planRepository()
  repository.commit()
  const ended = await gitsoc('plan', '--content', repository.dir, ...args).catch(
    (error: { exitCode: number; code: string }) => (error.code.startsWith('commander.') ? { exitCode: 2 } : error),
  )
  expect(ended.exitCode).toBe(2)
})
