import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addIndicator, changeIncident, listIndicators, readIncident } from '../../src/cases/index.ts'
import { loadBundle } from '../../src/cli/load-bundle.ts'
import { readRecording } from '../../src/ingest/index.ts'
import { alertsSince } from '../../src/respond/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { testStore } from '../support/store.ts'

test('what people say of an incident counts from its next alert on: an indicator, also of a value that was known before, and a severity', async () => {
  const workDir = mkdtempSync(join(tmpdir(), 'gitsoc-named-'))
  onTestFinished(() => rmSync(workDir, { recursive: true, force: true }))
  const store = await testStore()
  const runtime = await createRuntime({ store, bundle: await loadBundle(), clock: Date.now, workDir })
  const recording = await readRecording(join('test/scenarios/credential-phishing', 'recording.ndjson.gz'))
  let middle = 0
  const feed = async (from: number, to: number) => {
    await runtime.inbox.accept(recording.slice(from, to))
    await runtime.pipeline.drain()
  }
  const incident = async () => {
    const found = await store.transaction((tx) => readIncident(tx, 2))
    if (found === null) throw new Error('nothing happened')
    const malicious = found.enrichments.filter((one) => one.provider === 'team-indicators')
    return { ...found, malicious: malicious.map((one) => one.observable) }
  }
  for (let alerts = 0; alerts < 6; middle += 100) {
    await feed(middle, middle + 100)
    alerts = (await store.transaction((tx) => readIncident(tx, 2)))?.alertCount ?? 0
  }
  const before = await incident()
  expect(before.malicious).toEqual([])
  const attacker = before.observables.find((one) => one.type === 'ip' && one.role === 'attacker')
  if (attacker === undefined) throw new Error('nobody attacks')
  await store.transaction((tx) =>
    addIndicator(tx, {
      ...{ value: attacker.value, type: null, reason: 'its server', actor: 'analyst-1', incident: 2 },
      ...{ addedAt: 1, validUntil: null },
    }),
  )
  expect(await store.transaction((tx) => listIndicators(tx, { at: 1 }))).toHaveLength(1)
  expect((await incident()).malicious).toEqual([])
  const asked = { incident: 2, askedAt: Math.max(...recording.slice(0, middle).map((one) => one.receivedAt)) }
  expect(await store.transaction((tx) => alertsSince(tx, asked))).toBe(0)
  await changeIncident(store, {
    ...{ number: 2, actor: 'analyst-1', at: 1 },
    change: { kind: 'severity', severity: 'LOW', reason: 'a drill' },
  })
  await feed(middle, recording.length)
  // The engine decided with it: its own document says so too.
  const engine = await store.transaction((tx) =>
    tx.query(`select severity, doc->'assessment'->>'severity' as decided from incident where number = 2`),
  )
  expect(engine.rows).toEqual([{ severity: 'LOW', decided: 'LOW' }])
  const after = await incident()
  expect(after.alertCount).toBeGreaterThan(before.alertCount)
  expect(after.malicious).toEqual([`ip:${attacker.value}`])
  expect(after.assessment).toMatchObject({ severity: 'LOW', said: { by: 'analyst-1' } })
  expect(after.assessment?.score).toBeGreaterThanOrEqual(before.assessment?.score ?? 101)
  const names = (of: typeof after) => of.assessment?.contributions.map((one) => one.decision.sentence) ?? []
  const added = names(after).filter((one) => !names(before).includes(one))
  expect(added.join('\n')).toContain('knows something in it as malicious')
  // What came since an approval was asked is counted by what was received.
  expect(await store.transaction((tx) => alertsSince(tx, asked))).toBe(after.alertCount - before.alertCount)
}, 120_000)
