import { createHash } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { emptyNetwork } from '../../src/preview/empty-network.ts'
import { checkRunOf, type History, type PastDelivery, planMarkdown, previewChange } from '../../src/preview/index.ts'
import { planRepository, record, ruleFile } from './plan-content.ts'

// Every preview starts several processes.
vi.setConfig({ testTimeout: 120_000 })

/** A history in many deliveries, so that every process has some. */
function historyOf(count: number): History {
  async function* deliveries(): AsyncGenerator<PastDelivery> {
    for (let nth = 0; nth < count; nth++) {
      const lines = Array.from({ length: 20 }, (_, n) =>
        record(nth * 20 + n, ['login', 'export', 'quiet'][n % 3] ?? '', `user${n % 4}`, { host: `h${nth % 3}` }),
      )
      yield {
        ...{ source: null, transport: 'file', contentType: 'application/x-ndjson', receipt: 'as-sent' },
        ...{ receivedAt: Date.UTC(2026, 5, 1), body: Buffer.from(lines.join('\n')) },
      }
    }
  }
  return { enrichDir: null, deliveries }
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

test('whoever shares the work, a preview is the same in every byte', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  repository.put('rules/detection/login.yaml', ruleFile('login', 'sign-in'))
  const head = repository.commit()
  const parts = { repository: repository.dir, base, head, history: historyOf(12) }
  const plain = await previewChange({ ...parts, sharing: { scanners: 0, directBytes: 0 } })
  // Where nothing is said of it, nothing held.
  expect(plain.closures).toEqual({ network: emptyNetwork() === null ? 'modules' : 'namespace' })
  expect(planMarkdown(plain)).toContain('replayed in locked processes: no secrets')
  expect(plain.plan?.rules.map(({ added, lost }) => [added, lost])).toEqual([
    [0, 84],
    [84, 0],
  ])
  // Compared as digests, since a difference of such texts cannot be read.
  for (const sharing of [
    { scanners: 1, directBytes: 0 },
    { scanners: 3, directBytes: 0 },
    { scanners: 2, directBytes: 6000 },
  ])
    expect([sharing, digest(await previewChange({ ...parts, sharing }))]).toEqual([sharing, digest(plain)])
})

const playbook = (expression: string) => `id: spy
title: Spy
owner: soc
why: For a test.
trigger: { on: [opened], when: { fact: alertSeverity, operator: equal, value: high } }
deadline: 1h
steps:
  - id: tell
    title: Tell
    task: ${JSON.stringify(expression)}
`

test.each([
  ['the environment', { 'playbooks/spy.yaml': playbook('{{ process.env }}') }],
  ['a constructor', { 'playbooks/spy.yaml': playbook('{{ incident.constructor.constructor("return process")() }}') }],
  ['a module', { 'playbooks/spy.yaml': playbook('{% include "/etc/passwd" %}') }],
  ['a program in YAML', { 'rules/detection/spy.yaml': 'title: !!js/function "function () { return process.env }"\n' }],
  ['another file by an alias', { 'rules/detection/spy.yaml': 'a: &a [x]\nb: *a\n' }],
  ['a file of budgets that is none', { 'rules/budgets/spy.yaml': 'linesPerDay: { perRule: 1e999 }\n' }],
])('a change that reaches for %s is a failed check that says so', async (_name, files) => {
  const repository = planRepository()
  const base = repository.commit()
  for (const [path, text] of Object.entries(files)) repository.put(path, text)
  const head = repository.commit()
  const preview = await previewChange({ repository: repository.dir, base, head, history: historyOf(1) })
  const run = checkRunOf(preview)
  expect(run).toMatchObject({ conclusion: 'failure', title: expect.stringMatching(/^the content does not load/) })
  expect(run.annotations.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(files)))
  expect(planMarkdown(preview)).toContain('Problems')
})

test('a link out of the repository is not followed', async () => {
  const repository = planRepository()
  const base = repository.commit()
  symlinkSync('/etc/hostname', join(repository.dir, 'rules/detection/link.yaml'))
  const head = repository.commit()
  const preview = await previewChange({ repository: repository.dir, base, head, history: null })
  expect(preview).toMatchObject({ failures: [], plan: { content: [] } })
})

test.each([
  ['takes too long', { timeoutMs: 700 }, 'took longer than 1 seconds'],
  ['needs too much memory', { memoryMb: 24 }, 'needs more than 24 MB of memory'],
])('a change that %s is a failed check that says so', async (_name, limits, sentence) => {
  const repository = planRepository()
  const base = repository.commit()
  for (let n = 0; n < 60; n++)
    repository.put(`rules/detection/large${n}.yaml`, `${ruleFile(`r${n}`, 'x')}# ${'x'.repeat(900_000)}\n`)
  const head = repository.commit()
  const history = historyOf(3)
  const preview = await previewChange({ repository: repository.dir, base, head, history, limits })
  expect(preview.failures).toEqual([expect.stringContaining(sentence)])
  expect(checkRunOf(preview)).toMatchObject({ conclusion: 'failure', title: expect.stringContaining(sentence) })
})

test('a change that holds up the replay of the base is no change that passes', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const head = repository.commit('the same')
  async function* deliveries(): AsyncGenerator<PastDelivery> {
    for (let nth = 0; nth < 1000; nth++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      yield {
        ...{ source: null, transport: 'file', contentType: 'application/x-ndjson', receipt: 'as-sent' },
        ...{ receivedAt: 0, body: Buffer.from(record(nth, 'login', 'user1')) },
      }
    }
  }
  const history = { enrichDir: null, deliveries }
  const preview = await previewChange({ repository: repository.dir, base, head, history, limits: { timeoutMs: 9000 } })
  expect(preview).toMatchObject({ plan: null, failures: [expect.stringContaining('took longer than 9 seconds')] })
  expect(checkRunOf(preview).conclusion).toBe('failure')
})

test('a scanner that ends early fails the check, and nobody waits for it', async () => {
  const repository = planRepository()
  const base = repository.commit()
  const head = repository.commit('the same')
  async function* deliveries(): AsyncGenerator<PastDelivery> {
    const body = Buffer.from(`[${'{"a":{"b":{"c":[1,2,3]}}},'.repeat(150_000)}{}]`)
    for (let nth = 0; nth < 3; nth++)
      yield {
        ...{ source: null, transport: 'file', contentType: 'application/json', receipt: 'as-sent' },
        ...{ receivedAt: 0, body },
      }
  }
  const preview = await previewChange({
    ...{ repository: repository.dir, base, head, history: { enrichDir: null, deliveries } },
    ...{ limits: { memoryMb: 90 }, sharing: { scanners: 1, directBytes: 0 } },
  })
  expect(preview.failures).toEqual([expect.stringContaining('needs more than 90 MB of memory')])
})
