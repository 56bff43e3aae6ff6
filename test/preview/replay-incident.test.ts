import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { changeIncident, listIncidents } from '../../src/cases/index.ts'
import { loadBundle } from '../../src/cli/load-bundle.ts'
import { storyText } from '../../src/cli/replay.ts'
import { type NewDelivery, readRecording } from '../../src/ingest/index.ts'
import { defaultLimits, replayIncident } from '../../src/preview/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { testStore } from '../support/store.ts'

const scenario = 'test/scenarios/credential-phishing'
const enrichDir = join(process.cwd(), scenario, 'enrich')

test('the same events through the live engine and through a replay give the same decisions; other content does not', async () => {
  const workDir = mkdtempSync(join(tmpdir(), 'gitsoc-replay-'))
  onTestFinished(() => rmSync(workDir, { recursive: true, force: true }))
  const store = await testStore()
  const runtime = await createRuntime({ store, bundle: await loadBundle(), clock: Date.now, workDir, enrichDir })
  const recording = await readRecording(join(scenario, 'recording.ndjson.gz'))
  for (let at = 0; at < recording.length; at += 700) {
    await runtime.inbox.accept(recording.slice(at, at + 700))
    await runtime.pipeline.drain()
  }
  const incidents = await store.transaction((tx) => listIncidents(tx))
  expect(incidents.map(({ number }) => number).sort()).toEqual([1, 2])
  const options = { content: null, enrichDir, limits: defaultLimits }
  for (const { number } of incidents)
    expect(await replayIncident(store, number, options)).toMatchObject({
      ok: true,
      bundles: ['worktree'],
      differences: [],
    })

  const own = await readWorkingTree(process.cwd())
  const files = own.files.filter(({ path }) => path !== 'rules/correlation/okta_mfa_fatigue.yaml')
  const other = await replayIncident(store, 2, { ...options, content: { commit: 'other', files } })
  expect(
    other?.ok === true ? other.differences.map(({ what, stored, replayed }) => [what, stored, replayed]) : null,
  ).toContainEqual([expect.stringContaining('Many MFA pushes denied for one user'), 'raised', 'not raised'])
  expect(await replayIncident(store, 99, options)).toBeNull()

  // Work that was done before it was put on record comes on record with the next piece of work.
  const { receivedAt = 0 } = recording.at(-200) ?? {}
  const because = { actor: 'analyst-1', number: 1 }
  const close = { kind: 'status', status: 'closed', verdict: 'false-positive' } as const
  await changeIncident(store, { ...because, at: receivedAt, change: close })
  const severity = { kind: 'severity', severity: 'LOW', reason: 'a test' } as const
  const later = recording.at(-1)?.receivedAt ?? 0
  await changeIncident(store, { ...because, at: later + 1, change: severity })
  await runtime.inbox.accept([{ ...(recording[0] as NewDelivery), receivedAt: later + 2 }])
  await runtime.pipeline.drain()
  const kept = await store.transaction((tx) => tx.query(`select from person_decision where incident = 1`))
  expect(kept.rowCount).toBe(1)
  const noted = await replayIncident(store, 2, options)
  expect(noted?.ok === true ? noted.notes : []).toEqual([expect.stringContaining('people ended 1 incident (INC-1)')])
  expect(noted?.ok === true ? storyText({ ...noted, differences: [] }) : '').toMatch(
    /every decision is identical\nnote: people ended 1 incident/,
  )
}, 180_000)
