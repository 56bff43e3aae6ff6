import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createInbox } from '../../src/ingest/index.ts'
import { createPipeline } from '../../src/pipeline/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { ownBundle } from '../support/content.ts'
import { asOwner, testStore } from '../support/store.ts'

const bundle = await ownBundle()

/** A Wazuh alert on a host about an account. */
const alert = (id: number, host: string, tactic = 'Credential Access', user = `user-${host}`) =>
  JSON.stringify({
    id: String(id),
    timestamp: new Date(Date.UTC(2026, 4, 12, 10, id)).toISOString().replace('Z', '+0000'),
    rule: { id: String(5700 + id), level: 12, description: `Alert ${id}`, mitre: { id: ['T1110'], tactic: [tactic] } },
    agent: { id: host, name: host },
    data: { srcuser: user },
  })

const send = (store: Store, ...bodies: readonly string[]) =>
  createInbox(store).accept(
    bodies.map((body) => ({
      source: 'wazuh',
      transport: 'webhook',
      contentType: 'application/json',
      receivedAt: Date.UTC(2026, 4, 12),
      body: Buffer.from(body),
    })),
  )

const numbers = (store: Store) =>
  store.transaction(async (tx) => {
    const found = await tx.query<{ number: number; alerts: number }>(
      `select number, (doc->>'alertCount')::int as alerts from incident where status <> 'merged' order by number`,
    )
    return found.rows
  })

const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
const holding = 'select from incident where tenant = $1 and number = $2 for no key update'

test('a batch takes incidents in ascending order, so whoever does the same never waits for it in a circle', async () => {
  const store = await testStore()
  const errors: unknown[] = []
  const pipeline = createPipeline({
    store,
    bundle: () => bundle,
    enrich: () => [],
    onError: (error) => errors.push(error),
  })
  await send(store, alert(1, 'srv-1'), alert(2, 'srv-2'))
  await pipeline.drain()
  expect(await numbers(store)).toEqual([
    { number: 1, alerts: 1 },
    { number: 2, alerts: 1 },
  ])
  // The second incident leaves a task before the first one is written at all.
  await send(store, alert(3, 'srv-2', 'Defense Impairment'), alert(4, 'srv-1'))
  const draining = await store.transaction(async (tx) => {
    await tx.query(holding, [tx.tenant, 1])
    const begun = pipeline.drain().catch((error: unknown) => errors.push(error))
    await expect.poll(async () => (await asOwner(store.url, waiting)).rowCount, { timeout: 10_000 }).toBe(1)
    await tx.query(holding, [tx.tenant, 2])
    return [begun]
  })
  await Promise.all(draining)
  expect(errors).toEqual([])
  expect(await numbers(store)).toEqual([
    { number: 1, alerts: 2 },
    { number: 2, alerts: 2 },
  ])
  const tasks = await store.transaction((tx) => tx.query('select incident from task where tenant = $1', [tx.tenant]))
  expect(tasks.rows).toContainEqual({ incident: 2 })
})

test('a batch that merges and a responder that works at the same incidents both come to an end', async () => {
  const store = await testStore()
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-locks-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const errors: unknown[] = []
  const runtime = await createRuntime({
    store,
    bundle,
    clock: () => Date.UTC(2026, 4, 12, 12),
    workDir: dir,
    onError: (error) => errors.push(error),
  })
  await runtime.responder.start()
  await runtime.pipeline.start()
  for (let round = 0; round < 10; round++) {
    const host = (n: number) => `srv-${round * 4 + n}`
    await send(store, ...[1, 2, 3, 4].map((n) => alert(round * 10 + n, host(n), 'Defense Impairment')))
    // What happens on one host about the account of another brings their incidents together.
    await send(store, alert(round * 10 + 5, host(1), 'Impact', `user-${host(2)}`), alert(round * 10 + 6, host(3)))
  }
  await expect
    .poll(async () => (await numbers(store)).reduce((sum, one) => sum + one.alerts, 0), { timeout: 30_000 })
    .toBe(60)
  const merged = await store.transaction((tx) => tx.query(`select from incident where status = 'merged'`))
  expect(merged.rowCount).toBeGreaterThan(0)
  await runtime.pipeline.stop()
  await runtime.responder.stop()
  expect(errors).toEqual([])
})

test.each(['40P01', '40001'])('draining does again what the database gave up with %s', async (code) => {
  const store = await testStore()
  let given = 0
  const giving: Store = {
    ...store,
    transaction: (work) =>
      store.transaction(async (tx) => {
        const done = await work(tx)
        if (done !== 'empty' && given++ === 0) throw Object.assign(new Error('given up'), { code })
        return done
      }),
  }
  const errors: unknown[] = []
  const pipeline = createPipeline({
    store: giving,
    bundle: () => bundle,
    enrich: () => [],
    onError: (error) => errors.push(error),
  })
  await send(store, alert(1, 'srv-1'))
  await pipeline.drain()
  expect(await numbers(store)).toEqual([{ number: 1, alerts: 1 }])
  expect(errors).toMatchObject([{ code }])
})
