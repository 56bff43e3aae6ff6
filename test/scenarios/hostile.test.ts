import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { listIncidents, markdownOf, readCase, readEvidence, renderIncidentText } from '../../src/cases/index.ts'
import { loadBundle } from '../../src/cli/load-bundle.ts'
import { type NewDelivery, readLedger, readRecording } from '../../src/ingest/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { hostile } from '../cases/hostile.ts'
import { testStore } from '../support/store.ts'

const scenario = fileURLToPath(new URL('./credential-phishing/', import.meta.url))
const bundle = await loadBundle()
const recording = (await readRecording(join(scenario, 'recording.ndjson.gz'))).filter((one) =>
  /203\.0\.113\.66/.test(Buffer.from(one.body).toString()),
)

/** Words by which rules and manifests know a record; the attacker leaves them, so that it is recognised and matched. */
const kept =
  /^(?:\d{4}-\d\d-\d\dT.*|[A-Za-z]+\.[A-Za-z_.]+|[A-Z][A-Za-z]+|alert|high|SUCCESS|FAILURE|[a-z0-9-]+\.amazonaws\.com|aws\.guardduty|203\.0\.113\.66)$/

/** The record with a text put behind every string, and a member of every evil name beside the others. */
function poison(value: unknown, text: string): unknown {
  if (typeof value === 'string') return kept.test(value) ? value : `${value}${text}`
  if (Array.isArray(value)) return value.map((one) => poison(one, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries([
    ...Object.entries(value).map(([name, member]) => [name, poison(member, text)]),
    [`x${text}`, text],
  ])
}

function poisoned(text: string): readonly NewDelivery[] {
  return recording.flatMap((one) => {
    try {
      const record: unknown = JSON.parse(Buffer.from(one.body).toString())
      return [{ ...one, body: Buffer.from(JSON.stringify(poison(record, text))) }]
    } catch {
      return []
    }
  })
}

test("no text in any field of the attack's records stops the pipeline, loses an event or reaches a reader as more than text", {
  timeout: 240_000,
}, async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-hostile-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  const store = await testStore()
  const runtime = await createRuntime({ store, bundle, clock: () => 0, workDir, enrichDir: join(scenario, 'enrich') })
  let received = 0
  for (const [name, text] of hostile) {
    const deliveries = poisoned(text)
    received += deliveries.length
    await runtime.inbox.accept(deliveries)
    await Promise.all([runtime.pipeline.drain(), runtime.responder.drain()]).catch((error: unknown) => {
      throw new Error(`${name} stopped the work: ${String(error)}`, { cause: error })
    })
    await runtime.responder.drain()
    const ledger = await readLedger(store, { recount: true })
    expect({ name, faults: ledger.faults, waiting: ledger.waiting, received: ledger.total.received }).toEqual({
      name,
      faults: [],
      waiting: 0,
      received,
    })
  }
  expect((await verifyAudit(store)).broken).toBeNull()
  const incidents = await store.transaction((tx) => listIncidents(tx))
  expect(incidents.reduce((sum, one) => sum + one.alertCount, 0)).toBeGreaterThan(5 * hostile.length)
  for (const { number } of incidents) {
    const file = await store.transaction((tx) => readCase(tx, number))
    const evidence = await store.transaction((tx) => readEvidence(tx, number))
    if (file === null) throw new Error(`incident ${number} is gone`)
    for (const shown of [renderIncidentText(file), markdownOf(file, evidence).replaceAll('\u200b', '')])
      expect(shown).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u)
  }
})
