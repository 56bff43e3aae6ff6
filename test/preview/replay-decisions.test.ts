import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { changeIncident, listIncidents, readAlerts, readCase } from '../../src/cases/index.ts'
import { loadBundle } from '../../src/cli/load-bundle.ts'
import { readRecording } from '../../src/ingest/index.ts'
import { decideForPerson } from '../../src/pipeline/index.ts'
import { defaultLimits, replayIncident } from '../../src/preview/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { asOwner, testDatabase, testStore } from '../support/store.ts'

const scenario = 'test/scenarios/credential-phishing'
const enrichDir = join(process.cwd(), scenario, 'enrich')

test('what people split, merged and closed between events comes out again when the events are replayed', async () => {
  const workDir = mkdtempSync(join(tmpdir(), 'gitsoc-decisions-'))
  onTestFinished(() => rmSync(workDir, { recursive: true, force: true }))
  const url = await testDatabase()
  const [store, bundle] = [await testStore({ url }), await loadBundle()]
  const runtime = await createRuntime({ store, bundle, clock: Date.now, workDir, enrichDir })
  const recording = await readRecording(join(scenario, 'recording.ndjson.gz'))
  const feed = async (from: number, to: number) => {
    await runtime.inbox.accept(recording.slice(from, to))
    await runtime.pipeline.drain()
  }
  const open = () => store.transaction((tx) => listIncidents(tx, { open: true }))
  const because = { actor: 'analyst-1', reason: 'another person', at: 5000 }
  const alertsOf = (number: number) => store.transaction((tx) => readAlerts(tx, number))

  let middle = 0
  const busiestNow = async () => (await open()).toSorted((a, b) => b.alertCount - a.alertCount)[0]
  for (; ((await busiestNow())?.alertCount ?? 0) < 6; middle += 100) await feed(middle, middle + 100)
  const busiest = await busiestNow()
  if (busiest === undefined) throw new Error('nothing happened')
  const alerts = (await alertsOf(busiest.number)).toSorted((a, b) => a.firstAt - b.firstAt)
  expect(alerts.length).toBeGreaterThan(3)
  const wish = { kind: 'split', incident: busiest.number, alerts: alerts.slice(0, 2).map((one) => one.id) } as const
  const split = await decideForPerson(store, bundle, { wish, ...because })
  if (!split.ok) throw new Error(split.why)
  const fresh = split.incidents[1]?.number ?? 0
  expect((await alertsOf(fresh)).map((one) => one.id).sort()).toEqual([...wish.alerts].sort())
  await feed(middle, middle + 100)
  await changeIncident(store, {
    ...{ number: fresh, actor: 'analyst-1', at: 6000 },
    change: { kind: 'status', status: 'closed', verdict: 'false-positive' },
  })
  await feed(middle + 100, recording.length)
  expect((await alertsOf(busiest.number)).length).toBeGreaterThan(alerts.length - wish.alerts.length)

  const kept = await store.transaction((tx) =>
    tx.query<{ kind: string }>('select kind from person_decision order by n'),
  )
  expect(kept.rows.map((one) => one.kind)).toContain('work')
  const all = await store.transaction((tx) => listIncidents(tx))
  const replay = async (number: number) =>
    replayIncident(store, number, { content: null, enrichDir, limits: defaultLimits })
  for (const { number } of all)
    expect([number, await replay(number)]).toMatchObject([number, { ok: true, differences: [], notes: [] }])

  const [older, newer] = (await open()).map((one) => one.number).sort((a, b) => a - b)
  if (older === undefined || newer === undefined) throw new Error('there is nothing to merge')
  const merged = await decideForPerson(store, bundle, {
    wish: { kind: 'merge', incident: newer, other: older },
    ...because,
  })
  expect(merged).toMatchObject({ ok: true, incidents: [{ number: older }] })
  expect(await replay(newer)).toMatchObject({ ok: true, incident: older, differences: [], notes: [] })
  const file = await store.transaction((tx) => readCase(tx, older))
  expect(file?.timeline.map((one) => one.sentence)).toContain(
    `incident ${newer} was merged into ${older} by analyst-1: another person`,
  )
  expect((await verifyAudit(store)).broken).toBeNull()

  // Without the decisions on record the same events come to something else.
  await asOwner(url, 'delete from person_decision')
  const blind = await replay(newer)
  expect(blind?.ok === true ? blind.differences.length : 0).toBeGreaterThan(0)
}, 240_000)
