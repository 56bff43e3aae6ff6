import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { connect, isUnavailable, type Store, type Tx } from '../../src/store/index.ts'
import { testStore } from '../support/store.ts'

const put = (tx: Tx, id: string) =>
  [
    `insert into replica (tenant, id, seen_at) values ($1, $2, clock_timestamp()) returning id`,
    [tx.tenant, id],
  ] as const
const kept = (store: Store) =>
  store.transaction(async (tx) =>
    (await tx.query<{ id: string }>('select id from replica order by id')).rows.map((one) => one.id),
  )
const wrong = 'select no_such_column from replica'

test('what nobody waits for is done in order, kept with the transaction, and may be waited for after it', async () => {
  const store = await testStore()
  const { written } = await store.transaction(async (tx) => {
    void tx.write(...put(tx, 'a'))
    const seen = await tx.query('select id from replica')
    expect(seen.rows).toEqual([{ id: 'a' }])
    return { written: tx.write(...put(tx, 'b')) }
  })
  expect((await written).rows).toEqual([{ id: 'b' }])
  expect(await kept(store)).toEqual(['a', 'b'])
})

test.each<[how: string, work: (tx: Tx) => Promise<unknown>]>([
  ['last', async (tx) => void tx.write(wrong)],
  ['before another that is not waited for', async (tx) => [tx.write(wrong), tx.write(...put(tx, 'x'))].length],
  ['before one that is waited for', async (tx) => [tx.write(wrong), await tx.query(...put(tx, 'x'))].length],
  ['and is waited for', async (tx) => await tx.write(wrong)],
])('a statement that fails %s takes the transaction with it, and its own error is told', async (_how, work) => {
  const store = await testStore()
  await expect(
    store.transaction(async (tx) => {
      void tx.write(...put(tx, 'before'))
      await work(tx)
    }),
  ).rejects.toThrow(/no_such_column/)
  expect(await kept(store)).toEqual([])
})

test('a failure that the work swallows is no success', async () => {
  const store = await testStore()
  const swallowing = store.transaction(async (tx) => {
    await tx.query(...put(tx, 'x'))
    await tx.query(wrong).catch(() => {})
    return 'done'
  })
  await expect(swallowing).rejects.toThrow(/nothing is kept/)
  expect(await kept(store)).toEqual([])
})

test('an error of the work itself is told as it is, whatever was sent', async () => {
  const store = await testStore()
  const own = new Error('of the work')
  await expect(
    store.transaction(async (tx) => {
      void tx.write(...put(tx, 'x'))
      throw own
    }),
  ).rejects.toBe(own)
  expect(await kept(store)).toEqual([])
})

test('many transactions share few connections, each with its own statements', async () => {
  const store = await testStore()
  const ids = Array.from({ length: 60 }, (_, n) => `r${String(n).padStart(2, '0')}`)
  await Promise.all(
    ids.map((id) =>
      store
        .transaction(async (tx) => {
          void tx.write(...put(tx, id))
          if (id.endsWith('3')) throw new Error('not this one')
        })
        .catch(() => {}),
    ),
  )
  expect(await kept(store)).toEqual(ids.filter((id) => !id.endsWith('3')))
})

/** A message of PostgreSQL's protocol: its type, its length, its content. */
function message(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(content.length + 4)
  return Buffer.concat([Buffer.from(type), length, content])
}

test('a database that says it ends in the very packet in which it says that it is ready ends nobody', async () => {
  const ready = message('R', Buffer.alloc(4))
  const going = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () =>
      socket.end(Buffer.concat([ready, message('Z', Buffer.from('I')), message('E', Buffer.from(going))])),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  onTestFinished(() => void process.off('uncaughtException', note))
  const { port } = server.address() as AddressInfo
  const store = connect(`postgres://gitsoc:secret@127.0.0.1:${port}/gitsoc`, tenantId('main'))
  onTestFinished(() => store.close())
  const failed = await store.transaction((tx) => tx.query('select 1')).catch((error: unknown) => error)
  expect(isUnavailable(failed)).toBe(true)
  expect(uncaught).toEqual([])
})

test('what is freed before it is on disk is on disk when the transaction resolves', async () => {
  const store = await testStore()
  const before = (await store.transaction((tx) => tx.query<{ at: string }>('select pg_current_wal_insert_lsn() as at')))
    .rows[0]
  const inside = await store.transaction(async (tx) => {
    tx.freeBeforeFlush()
    await tx.query(...put(tx, 'freed'))
    return tx.query<{ mode: string; at: string }>(
      `select current_setting('synchronous_commit') as mode, pg_current_wal_insert_lsn() as at`,
    )
  })
  const { mode, at } = inside.rows[0] ?? { mode: '', at: '' }
  expect(mode).toBe('off')
  const found = await store.transaction((tx) =>
    tx.query<{ wrote: boolean; flushed: boolean; mode: string }>(
      `select $1::pg_lsn > $2::pg_lsn as wrote, pg_current_wal_flush_lsn() > $1::pg_lsn as flushed, current_setting('synchronous_commit') as mode`,
      [at, before?.at],
    ),
  )
  expect(found.rows).toEqual([{ wrote: true, flushed: true, mode: 'on' }])
  expect(await kept(store)).toEqual(['freed'])
})

test('what fails after it was to be freed early is not kept', async () => {
  const store = await testStore()
  const failing = store.transaction(async (tx) => {
    tx.freeBeforeFlush()
    void tx.write(...put(tx, 'x'))
    void tx.write(wrong)
  })
  await expect(failing).rejects.toThrow(/no_such_column/)
  expect(await kept(store)).toEqual([])
})
