import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  countDeadLetters,
  listDeadLetters,
  readDeadLetter,
  readLedger,
  requeueDeadLetters,
} from '../../src/ingest/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'
import { deliveryOf } from './made.ts'

const bundle = await ownBundle()

async function world() {
  const store = await testStore()
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-folded-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  return createRuntime({ store, bundle, clock: () => 0, workDir })
}

test('a delivery of very many things that are no records leaves few letters and an exact ledger, read again too', async () => {
  const { store, inbox, pipeline } = await world()
  const good = '{"id":"f","title":"x","severity":"high"}'
  const body = `${good}\n${'nonsense\n'.repeat(20_000)}`
  await inbox.accept([deliveryOf(body, { source: 'generic', transport: 'webhook', contentType: 'text/plain' })])
  await pipeline.drain()
  expect(await readLedger(store, { recount: true })).toMatchObject({
    balanced: true,
    total: { received: 20_001, alerted: 1, deadLettered: 20_000 },
  })
  const letters = await store.snapshot((tx) => listDeadLetters(tx, {}, 1000))
  expect(letters.length).toBe(101)
  expect(letters[0]).toMatchObject({ records: 19_900, index: 101 })
  expect(await store.snapshot((tx) => countDeadLetters(tx, {}))).toMatchObject([{ code: 'unparsable', count: 20_000 }])
  expect(await store.snapshot((tx) => readDeadLetter(tx, { seq: 1, index: 1 }))).toMatchObject({ unit: 'delivery' })

  const work = { actor: 'analyst', at: 1 }
  expect(await requeueDeadLetters(store, {}, work)).toEqual({ letters: 101, deliveries: 1 })
  await pipeline.drain()
  expect(await readLedger(store, { recount: true })).toMatchObject({
    balanced: true,
    total: { received: 40_002, alerted: 1, duplicate: 1, deadLettered: 40_000 },
  })
})
