import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { changeIncident, readCase } from '../../src/cases/index.ts'
import { beginClosing, proposeFor, workClosed } from '../../src/closing/index.ts'
import { checkRegression, rulesOn } from '../../src/core/closing/index.ts'
import { readRecording } from '../../src/ingest/index.ts'
import { gitPublisher } from '../../src/repo/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const scenario = 'test/scenarios/credential-phishing'
const at = Date.parse('2026-06-02T10:00:00Z')

test('a confirmed incident leaves a report, a checklist and a redacted regression test, once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-closing-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const bundle = await ownBundle()
  const store = await testStore()
  const enrichDir = join(process.cwd(), scenario, 'enrich')
  const runtime = await createRuntime({ store, bundle, clock: () => at, workDir: dir, enrichDir })
  await runtime.inbox.accept(
    (await readRecording(join(scenario, 'recording.ndjson.gz'))).map((one) => ({
      ...one,
      body: Buffer.from(
        Buffer.from(one.body)
          .toString('utf8')
          .replaceAll('user17', 'payroll-clerk')
          .replaceAll('ws-0142', 'payroll-desk'),
      ),
    })),
  )
  await runtime.pipeline.drain()
  await beginClosing(store, at)
  const close = (number: number, verdict: 'true-positive' | 'false-positive') =>
    changeIncident(store, { number, actor: 'analyst', at, change: { kind: 'status', status: 'closed', verdict } })
  expect(await close(2, 'true-positive')).toMatchObject({ ok: true })

  const proposed = await proposeFor(store, bundle, 2, at)
  expect(proposed?.left).toEqual([])
  expect(proposed?.proposals.map(({ key }) => key)).toEqual(['incident-2-report', 'incident-2-regression'])
  const [report, regression] = proposed?.proposals ?? []
  expect(report?.files.map(({ path }) => path)).toEqual(
    ['report.md', 'report.json', 'containment.yaml', 'evidence.json', 'checklist.md'].map(
      (one) => `incidents/2/${one}`,
    ),
  )
  const recording = regression?.files[0]?.text ?? ''
  const file = await store.transaction((tx) => readCase(tx, 2))
  expect(JSON.stringify(file?.incident.observables)).toContain('payroll-clerk')
  expect(recording).not.toMatch(/payroll|svc-backup/)
  const fired = await rulesOn(bundle, store.tenant, recording)
  for (const { ruleId } of file?.alerts ?? []) expect(fired).toContain(ruleId)

  const expected = regression?.files[1] ?? { path: '', text: '' }
  expect(await checkRegression(bundle, expected, recording)).toEqual([])
  const without = { ...expected, text: expected.text.replace('rules:', 'rules:\n  - never-heard-of') }
  expect(await checkRegression(bundle, without, recording)).toMatchObject([
    { code: 'regression/lost', message: expect.stringContaining('never-heard-of'), place: { line: 5 } },
  ])

  const repository = join(dir, 'repository')
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' })
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', repository])
  const tree = git('write-tree').trim()
  const name = ['-c', 'user.name=x', '-c', 'user.email=x@example.com']
  git('update-ref', 'refs/heads/main', git(...name, 'commit-tree', '-m', 'begin', tree).trim())
  const parts = {
    ...{ store, bundle: () => bundle, clock: () => at },
    publisher: gitPublisher({ repository, base: 'main' }),
  }
  expect(await workClosed(parts)).toBe(true)
  expect(await workClosed(parts)).toBe(false)
  expect(git('branch', '--format=%(refname:short)').trim().split('\n').sort()).toEqual([
    'gitsoc/incident-2-regression',
    'gitsoc/incident-2-report',
    'main',
  ])
  expect(git('show', 'gitsoc/incident-2-report:incidents/2/checklist.md')).toContain(
    '- [x] The incident has a verdict: true-positive',
  )
  const told = (await store.transaction((tx) => readCase(tx, 2)))?.timeline.filter(({ sentence }) =>
    sentence.startsWith('proposed: '),
  )
  expect(told).toHaveLength(2)
}, 120_000)
