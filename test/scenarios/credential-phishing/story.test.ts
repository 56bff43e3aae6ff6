import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type CaseFile, changeIncident, listIncidents, readCase, readEvidence } from '../../../src/cases/index.ts'
import { loadBundle } from '../../../src/cli/load-bundle.ts'
import { readLedger, readRecording } from '../../../src/ingest/index.ts'
import { createRuntime } from '../../../src/server/index.ts'
import { type OpenStore, verifyAudit } from '../../../src/store/index.ts'
import { testStore } from '../../support/store.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const bundle = await loadBundle()
const recording = await readRecording(join(here, 'recording.ndjson.gz'))

/** Plays the recording in chunks; each chunk through a runtime of its own when `restart` says so. */
async function play(chunk: number, restart: boolean): Promise<OpenStore> {
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-story-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  const store = await testStore()
  const start = () =>
    createRuntime({
      store,
      bundle,
      clock: () => Date.parse('2026-05-12T10:00:00Z'),
      workDir,
      enrichDir: join(here, 'enrich'),
    })
  let runtime = await start()
  for (let at = 0; at < recording.length; at += chunk) {
    await runtime.inbox.accept(recording.slice(at, at + chunk))
    await runtime.pipeline.drain()
    if (restart) runtime = await start()
  }
  return store
}

async function casesOf(store: OpenStore): Promise<readonly CaseFile[]> {
  return store.transaction(async (tx) => {
    const files: CaseFile[] = []
    for (const { number } of await listIncidents(tx)) {
      const file = await readCase(tx, number)
      if (file !== null) files.push(file)
    }
    return files
  })
}

test('the attack becomes one critical incident, the brute force another that is not, and every event is accounted for', async () => {
  const store = await play(500, false)
  const { total, balanced, waiting } = await readLedger(store, { recount: true })
  expect({ balanced, waiting, received: total.received, dead: total.deadLettered, dropped: total.dropped }).toEqual({
    balanced: true,
    waiting: 0,
    received: recording.length,
    dead: 1,
    dropped: 1,
  })
  expect(total.suppressed).toBeGreaterThan(10)
  expect(total.duplicate).toBeGreaterThan(0)
  const files = await casesOf(store)
  const critical = files.filter((one) => one.incident.assessment?.severity === 'CRITICAL')
  expect(critical).toHaveLength(1)
  const [attack] = critical
  expect(attack?.incident.sources).toEqual(['aws-cloudtrail', 'aws-guardduty', 'okta', 'suricata', 'wazuh'])
  const tactics = [
    'initial-access',
    'execution',
    'persistence',
    'privilege-escalation',
    'credential-access',
    'discovery',
    'exfiltration',
  ]
  expect(attack?.incident.tactics).toEqual(expect.arrayContaining(tactics))
  const values = attack?.incident.observables.map((one) => one.value)
  expect(values).toEqual(expect.arrayContaining(['203.0.113.66', 'ws-0142', 'user17@example.com', 'svc-backup']))
  expect(values).not.toContain('198.51.100.23')
  const bruteForce = files.filter((one) => one.incident.observables.some((seen) => seen.value === '198.51.100.23'))
  expect(bruteForce.map((one) => one.incident.assessment?.severity)).toEqual([expect.stringMatching(/LOW|MEDIUM/)])
  expect(attack?.runs.map((one) => one.playbook)).toContain('contain-compromised-identity')
})

test('every alert of the incident leads to events whose deliveries are as they were received', async () => {
  const store = await play(500, false)
  const [attack] = (await casesOf(store)).filter((one) => one.incident.assessment?.severity === 'CRITICAL')
  const evidence = await store.transaction((tx) => readEvidence(tx, attack?.incident.number ?? 0))
  expect(new Set(evidence.map((one) => one.alert))).toEqual(new Set(attack?.alerts.map((one) => one.id)))
  const { sha256 } = await import('../../../src/core/model/index.ts')
  for (const one of evidence) expect(one.sha256).toBe(sha256(recording[one.seq - 1]?.body ?? ''))
})

test('however the events come in batches, and with a restart after each, the incidents are the same', {
  timeout: 120_000,
}, async () => {
  const [whole, ...others] = await Promise.all([play(recording.length, false), play(700, true), play(1301, true)])
  const expected = await casesOf(whole)
  for (const store of others) {
    const files = await casesOf(store)
    for (const [index, file] of files.entries()) expect(file).toEqual(expected[index])
    expect(files).toHaveLength(expected.length)
  }
})

test('what an analyst does while events come in stays, and a closed incident takes no more alerts', async () => {
  const store = await testStore()
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-story-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  const runtime = await createRuntime({ store, bundle, clock: () => 0, workDir, enrichDir: join(here, 'enrich') })
  const upTo = (clock: string) => recording.findIndex((one) => one.receivedAt > Date.parse(`2026-05-12T${clock}Z`))
  const take = async (from: number, to: number) => {
    await runtime.inbox.accept(recording.slice(from, to))
    await runtime.pipeline.drain()
  }
  const incidentOf = async () =>
    (await casesOf(store)).filter((one) => one.incident.sources.includes('suricata')).map((one) => one.incident)
  await take(0, upTo('08:50:00'))
  const [early] = await incidentOf()
  const act = (change: Parameters<typeof changeIncident>[1]['change']) =>
    changeIncident(store, { number: early?.number ?? 0, actor: 'analyst-1', at: 1, change })
  expect((await act({ kind: 'status', status: 'acknowledged' })).ok).toBe(true)
  await take(upTo('08:50:00'), upTo('09:00:00'))
  const [grown] = await incidentOf()
  expect(grown).toMatchObject({ number: early?.number, status: 'acknowledged', owner: 'analyst-1' })
  expect(grown?.alertCount).toBeGreaterThan(early?.alertCount ?? 0)
  expect((await act({ kind: 'status', status: 'closed', verdict: 'true-positive' })).ok).toBe(true)
  await take(upTo('09:00:00'), recording.length)
  const all = await casesOf(store)
  const closed = all.find((one) => one.incident.number === early?.number)?.incident
  expect(closed).toMatchObject({ status: 'closed', alertCount: grown?.alertCount })
  expect(
    all.filter((one) => one.incident.sources.includes('aws-guardduty')).map((one) => one.incident.number),
  ).not.toContain(early?.number)
  expect(await verifyAudit(store)).toMatchObject({ broken: null })
})

test('people, playbooks and the pipeline work on the same incidents at once without waiting for each other in a circle', {
  timeout: 120_000,
}, async () => {
  const store = await testStore()
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-story-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  const runtime = await createRuntime({ store, bundle, clock: () => 0, workDir, enrichDir: join(here, 'enrich') })
  const attack = recording.filter((one) => /203\.0\.113\.66|198\.51\.100\.23/.test(Buffer.from(one.body).toString()))
  let done = false
  let notes = 0
  const analyst = async (actor: string) => {
    while (!done) {
      for (const { number } of await store.transaction((tx) => listIncidents(tx))) {
        const noted = await changeIncident(store, {
          number,
          actor,
          at: 1,
          change: { kind: 'note', text: `by ${actor}` },
        })
        if (noted.ok) notes++
      }
    }
  }
  const playbooks = async () => {
    while (!done) await runtime.responder.drain()
  }
  const events = async () => {
    for (let at = 0; at < attack.length; at += 5) {
      await runtime.inbox.accept(attack.slice(at, at + 5))
      await runtime.pipeline.drain()
    }
    done = true
  }
  await Promise.all([events(), playbooks(), analyst('analyst-1'), analyst('analyst-2'), analyst('analyst-3')])
  expect(notes).toBeGreaterThan(1)
  const told = (await casesOf(store)).flatMap((one) => one.timeline).filter((one) => one.kind === 'person')
  expect(told).toHaveLength(notes)
  expect(await verifyAudit(store)).toMatchObject({ broken: null })
  expect((await readLedger(store, { recount: true })).balanced).toBe(true)
})
