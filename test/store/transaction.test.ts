import { expect, test } from 'vitest'
import type { Store, Tx } from '../../src/store/index.ts'
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
