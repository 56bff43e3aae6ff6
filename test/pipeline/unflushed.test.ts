import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { listIncidents } from '../../src/cases/index.ts'
import { tenantId } from '../../src/core/model/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { type OpenStore, openStore, startEmbedded } from '../../src/store/index.ts'
import { alertRecord } from '../bench/events.ts'
import { ownBundle } from '../support/content.ts'

const tenant = tenantId('main')
const bundle = await ownBundle()
const settings = { wal_writer_delay: '10s' }

const drained = async (store: OpenStore, workDir: string) => {
  const { pipeline } = await createRuntime({ store, bundle, clock: () => 1_800_000_000_000, workDir })
  await pipeline.drain()
  return {
    incidents: await store.transaction((tx) => listIncidents(tx)),
    ledger: (await readLedger(store, { recount: true })).total,
  }
}

test('a batch that the database loses in a crash, because it was not flushed yet, is done again to the same', {
  timeout: 120_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-unflushed-'))
  await chmod(dir, 0o711)
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const place = join(dir, 'store')
  await startEmbedded(place, { settings })
  const store = await openStore({ dir: place }, tenant)
  const runtime = await createRuntime({ store, bundle, clock: () => 1_800_000_000_000, workDir: dir })
  await runtime.inbox.accept(
    Array.from({ length: 40 }, (_, n) => ({
      source: 'wazuh',
      transport: 'webhook' as const,
      contentType: 'application/json',
      receivedAt: 1_800_000_000_000,
      body: Buffer.from(alertRecord(n, 4)),
    })),
  )
  const before = await drained(store, dir)
  expect(before.ledger.alerted).toBe(40)
  const pid = Number(readFileSync(join(place, 'pgdata/postmaster.pid'), 'utf8').split('\n')[0])
  // As a crash: nothing is flushed or written any more.
  process.kill(pid, 'SIGQUIT')
  while (isThere(pid)) await wait(20)
  await store.close()
  const again = await openStore({ dir: place }, tenant)
  onTestFinished(() => again.close())
  const kept = await again.transaction((tx) => tx.query<{ seq: number }>('select done_seq as seq from inbox_done'))
  expect(kept.rows).toEqual([])
  expect(await drained(again, dir)).toEqual(before)
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
