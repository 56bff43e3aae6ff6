import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listIncidents } from '../../src/cases/index.ts'
import { compileBundle } from '../../src/core/content/index.ts'
import { type NewDelivery, readLedger, readRecording } from '../../src/ingest/index.ts'
import { previewChange, tenantHistory } from '../../src/preview/index.ts'
import { readCommit, readWorkingTree } from '../../src/repo/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { testRepository } from '../support/repository.ts'
import { testStore } from '../support/store.ts'

const scenario = 'test/scenarios/credential-phishing'
const enrichDir = join(process.cwd(), scenario, 'enrich')
const dayMs = 86_400_000

async function live(repository: string, commit: string, recording: readonly NewDelivery[]): Promise<OpenStore> {
  const workDir = mkdtempSync(join(tmpdir(), 'gitsoc-plan-'))
  onTestFinished(() => rmSync(workDir, { recursive: true, force: true }))
  const store = await testStore()
  const { bundle } = compileBundle((await readCommit(repository, commit)).files, commit)
  if (bundle === null) throw new Error('our own content does not load')
  const runtime = await createRuntime({ store, bundle, clock: Date.now, workDir, enrichDir })
  for (let at = 0; at < recording.length; at += 700) {
    await runtime.inbox.accept(recording.slice(at, at + 700))
    await runtime.pipeline.drain()
  }
  return store
}

test('what a plan says of a change is what the live engine decides about the same events after the merge', async () => {
  const { files } = await readWorkingTree(process.cwd())
  const repository = testRepository(Object.fromEntries(files.map(({ path, text }) => [path, text])))
  for (const name of ['correlation/okta_mfa_fatigue', 'scoring/default']) repository.remove(`rules/${name}.yaml`)
  const base = repository.commit('before')
  for (const { path, text } of files) repository.put(path, text)
  const head = repository.commit('after')

  const recording = await readRecording(join(scenario, 'recording.ndjson.gz'))
  const store = await live(repository.dir, head, recording)
  const now = Math.max(...recording.map(({ receivedAt }) => receivedAt)) + dayMs
  const history = await tenantHistory(store, { now, enrichDir })
  const { plan, failures } = await previewChange({ repository: repository.dir, base, head, history })
  if (plan === null) throw new Error(failures.join())
  expect(plan.rules.map(({ rule, added }) => [rule.title, added])).toContainEqual([
    'Many MFA pushes denied for one user',
    expect.toSatisfy((count: number) => count > 0),
  ])

  const { total } = await readLedger(store)
  for (const outcome of ['alerted', 'suppressed', 'noMatch', 'duplicate', 'deadLettered'] as const)
    expect([outcome, total[outcome]]).toEqual([outcome, plan.counts.after[outcome]])
  const incidents = await store.snapshot((tx) => listIncidents(tx))
  expect(incidents).toHaveLength(plan.totals.incidents[1])
  const briefs = incidents.map(({ number, title, assessment }) => ({
    ...{ number, title, severity: assessment?.severity, score: assessment?.score },
  }))
  expect(plan.incidents.changed.length + plan.incidents.added.length + plan.incidents.regrouped.length).toBeGreaterThan(
    0,
  )
  for (const { after } of plan.incidents.changed) expect(briefs).toContainEqual(after)
  const counted = await store.snapshot((tx) =>
    tx.query<{ runs: number }>('select count(*)::bigint as runs from run where tenant = $1', [tx.tenant]),
  )
  expect(counted.rows[0]?.runs).toBe(plan.totals.runs[1])
}, 180_000)

test('the history of a tenant is what it received in the last days, the newest when there is too much of it', async () => {
  const store = await testStore()
  const { bundle } = compileBundle((await readWorkingTree(process.cwd())).files, 'worktree')
  if (bundle === null) throw new Error('our own content does not load')
  const workDir = mkdtempSync(join(tmpdir(), 'gitsoc-plan-'))
  onTestFinished(() => rmSync(workDir, { recursive: true, force: true }))
  const runtime = await createRuntime({ store, bundle, clock: Date.now, workDir })
  expect(await tenantHistory(store, { now: 0, enrichDir: null })).toBeNull()
  const day = Date.UTC(2026, 4, 1)
  await runtime.inbox.accept(
    Array.from({ length: 50 }, (_, n) => ({
      ...{ source: 'generic', transport: 'api', contentType: 'application/json', receivedAt: day + n * dayMs },
      body: Buffer.from(
        JSON.stringify([
          { n, part: 1 },
          { n, part: 2 },
        ]),
      ),
    })),
  )
  await runtime.pipeline.drain()
  const daysOf = async (parts: { days: number; maxEvents?: number }) => {
    const history = await tenantHistory(store, { ...parts, now: day + 50 * dayMs, enrichDir: null })
    const found = history === null ? [] : await Array.fromAsync(history.deliveries())
    return { note: history?.note, days: found.map(({ receivedAt }) => (receivedAt - day) / dayMs) }
  }
  expect(await daysOf({ days: 3 })).toEqual({ note: undefined, days: [47, 48, 49] })
  expect((await daysOf({ days: 90 })).days).toHaveLength(50)
  expect(await daysOf({ days: 10, maxEvents: 4 })).toEqual({
    note: 'the history is the newest 4 of 20 events of 10 days',
    days: [48, 49],
  })
  expect((await daysOf({ days: 0.5 })).days).toEqual([])
}, 60_000)
