import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createInbox, type NewDelivery, nextDeliveries, Overloaded } from '../../src/ingest/index.ts'
import type { Store } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { deliveryOf } from './made.ts'

/** The store, with a count of its transactions and a gate that can hold them back or break them. */
function watched(store: Store) {
  const seen = { transactions: 0, gate: Promise.resolve() as Promise<unknown> }
  const transaction: Store['transaction'] = async (work) => {
    seen.transactions++
    await seen.gate
    return store.transaction(work)
  }
  return { store: { ...store, transaction }, seen }
}

const stored = (store: Store) => store.transaction((tx) => nextDeliveries(tx, 0, 10_000))

test('what is accepted is on disk, byte by byte, in order and under the number that was given', async () => {
  const store = await testStore()
  const inbox = createInbox(store)
  const bytes = Buffer.from([0, 255, 10, 13, 128])
  const first = await inbox.accept([deliveryOf(bytes), deliveryOf('b', { source: null, contentType: null })])
  const second = await inbox.accept([deliveryOf('', { transport: 'syslog', receivedAt: 7 })])
  expect([first, second]).toEqual([{ firstSeq: 1 }, { firstSeq: 3 }])
  expect(await stored(store)).toEqual([
    { ...deliveryOf(bytes), seq: 1 },
    { ...deliveryOf('b', { source: null, contentType: null }), seq: 2 },
    { ...deliveryOf('', { transport: 'syslog', receivedAt: 7 }), seq: 3 },
  ])
})

test('one call after another never stalls', async () => {
  const inbox = createInbox(await testStore())
  for (let n = 1; n <= 50; n++) expect(await inbox.accept([deliveryOf('x')])).toEqual({ firstSeq: n })
})

test('calls that come together share a transaction, and those that come during one share the next', async () => {
  const { store, seen } = watched(await testStore())
  const inbox = createInbox(store)
  let open = () => {}
  seen.gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const early = Array.from({ length: 30 }, () => inbox.accept([deliveryOf('early')]))
  await wait(20)
  const late = Array.from({ length: 300 }, () => inbox.accept([deliveryOf('late'), deliveryOf('late')]))
  open()
  const numbers = (await Promise.all([...early, ...late])).map((one) => one.firstSeq)
  expect(seen.transactions).toBe(2)
  expect(numbers).toEqual([
    ...Array.from({ length: 30 }, (_, n) => n + 1),
    ...Array.from({ length: 300 }, (_, n) => 31 + 2 * n),
  ])
})

test('two replicas give out numbers without gap or repetition', async () => {
  const one = await testStore()
  const other = await testStore({ url: one.url })
  const inboxes = [createInbox(one), createInbox(other)]
  const numbers = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      await wait(n % 7)
      return (await inboxes[n % 2]?.accept([deliveryOf(String(n))]))?.firstSeq
    }),
  )
  expect(numbers.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
})

test('a transaction takes at most 2,000 rows', async () => {
  const { store, seen } = watched(await testStore())
  const inbox = createInbox(store)
  await Promise.all(Array.from({ length: 5 }, () => inbox.accept(Array.from({ length: 1000 }, () => deliveryOf('x')))))
  expect(seen.transactions).toBe(3)
})

test('past its memory it refuses, keeps nothing of what it refused, and takes again when there is room', async () => {
  const { store, seen } = watched(await testStore())
  const inbox = createInbox(store)
  let open = () => {}
  seen.gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const big = () => deliveryOf(Buffer.alloc(15 * 1024 * 1024))
  const kept = Array.from({ length: 4 }, () => inbox.accept([big()]))
  const refused = await inbox.accept([big()]).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Overloaded)
  expect((refused as Overloaded).retryAfterSeconds).toBeGreaterThan(0)
  open()
  await Promise.all(kept)
  expect(await inbox.accept([deliveryOf('small')])).toEqual({ firstSeq: 5 })
})

test('while the database is away nothing is acknowledged, and what comes after it is back is kept', async () => {
  const store = await testStore()
  const inbox = createInbox(store)
  await inbox.accept([deliveryOf('before')])
  let open = () => {}
  const { store: gated, seen } = watched(store)
  seen.gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const cut: Store = {
    ...gated,
    transaction: (work) =>
      gated.transaction(async (tx) => {
        await asOwner(
          store.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        )
        return work(tx)
      }),
  }
  const refused = createInbox(cut)
    .accept([deliveryOf('lost')])
    .catch((error: unknown) => error)
  open()
  expect(await refused).toBeInstanceOf(Overloaded)
  expect(await inbox.accept([deliveryOf('after')])).toEqual({ firstSeq: 2 })
  expect((await stored(store)).map((one) => Buffer.from(one.body).toString())).toEqual(['before', 'after'])
})

test('an error that is not the database being away reaches only its own callers, and the next ones are served', async () => {
  const store = await testStore()
  const inbox = createInbox(store)
  await expect(inbox.accept([deliveryOf('x', { contentType: 'a\u0000b' })])).rejects.not.toBeInstanceOf(Overloaded)
  await expect(inbox.accept([])).rejects.toThrow('nothing')
  expect(await inbox.accept([deliveryOf('y')])).toEqual({ firstSeq: 1 })
})

test('the pipeline is woken by what is accepted, on another replica too', async () => {
  const store = await testStore()
  const other = await testStore({ url: store.url })
  let heard = 0
  const stop = await other.listen('gitsoc_inbox', () => heard++)
  const before = heard
  await createInbox(store).accept([deliveryOf('x')])
  await expect.poll(() => heard).toBeGreaterThan(before)
  await stop()
})

test('a batch is bounded in rows and in bytes, but never empty', async () => {
  const store = await testStore()
  const inbox = createInbox(store)
  const bodies: NewDelivery[] = [1.25, 1.25, 1.25, 1.25, 5, 0.5].map((mb) => deliveryOf(Buffer.alloc(mb * 1024 * 1024)))
  for (const one of bodies) await inbox.accept([one])
  const seqs = async (after: number, limit: number) =>
    (await store.transaction((tx) => nextDeliveries(tx, after, limit))).map((one) => one.seq)
  expect(await seqs(0, 100)).toEqual([1, 2, 3, 4])
  expect(await seqs(0, 2)).toEqual([1, 2])
  expect(await seqs(4, 100)).toEqual([5])
  expect(await seqs(5, 100)).toEqual([6])
  expect(await seqs(6, 100)).toEqual([])
})

test.each([
  ['what comes after a number', 396 as const],
  ['what is not worked off', 'done' as const],
])('%s is read without looking at what came before', async (_, after) => {
  const store = await testStore()
  await createInbox(store).accept(Array.from({ length: 400 }, () => deliveryOf('x')))
  await asOwner(store.url, `insert into inbox_done (tenant, done_seq) values ('main', 396)`)
  const seen = await store.transaction(async (tx) => {
    const found = await nextDeliveries(tx, after, 200)
    expect(found.map((one) => one.seq)).toEqual([397, 398, 399, 400])
    const looked = await tx.query<{ rows: number }>(
      `select seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables where relname = 'delivery'`,
    )
    return looked.rows
  })
  expect(seen).toEqual([{ rows: 4 }])
})

test('tenants have inboxes of their own', async () => {
  const store = await testStore()
  const other = await testStore({ url: store.url, tenant: 'other' })
  await createInbox(store).accept([deliveryOf('mine'), deliveryOf('mine')])
  expect(await createInbox(other).accept([deliveryOf('theirs')])).toEqual({ firstSeq: 1 })
  expect((await stored(other)).map((one) => Buffer.from(one.body).toString())).toEqual(['theirs'])
})
