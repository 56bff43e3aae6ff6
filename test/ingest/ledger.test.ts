import { expect, test } from 'vitest'
import { type EventOutcome, eventId, tenantId } from '../../src/core/model/index.ts'
import { createInbox, finishBatch, readLedger, takeTurn } from '../../src/ingest/index.ts'
import type { Store } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { deliveryOf } from './made.ts'

const main = tenantId('main')

async function finish(store: Store, seq: number, outcomes: readonly EventOutcome[]): Promise<void> {
  const counts = new Map<EventOutcome, number>()
  for (const one of outcomes) counts.set(one, (counts.get(one) ?? 0) + 1)
  await store.transaction((tx) =>
    finishBatch(tx, {
      bundle: 'b',
      doneSeq: seq,
      eventCounts: [[seq, outcomes.length]],
      events: outcomes.flatMap((outcome, index) =>
        outcome === 'alerted' || outcome === 'noMatch' || outcome === 'suppressed'
          ? [{ id: eventId(main, 'okta', `${seq}.${index}`), seq, index, source: 'okta', occurredAt: 1, outcome }]
          : [],
      ),
      dead: outcomes.flatMap((outcome, index) =>
        outcome === 'deadLettered'
          ? [{ seq, index, source: 'okta', code: 'unparsable', message: 'm', excerpt: 'e', records: 1, at: 1 }]
          : [],
      ),
      counts: new Map([['okta', counts]]),
    }),
  )
}

const cursor = (doneSeq: number, nextSeq: number) => ({
  doneSeq,
  nextSeq,
  decisions: 0,
  isWorked: false,
  indicators: 0,
})

const everything = ['alerted', 'noMatch', 'noMatch', 'duplicate', 'suppressed', 'dropped', 'deadLettered'] as const

async function filled() {
  const store = await testStore()
  await createInbox(store).accept([deliveryOf('a'), deliveryOf('b'), deliveryOf('c')])
  await finish(store, 1, everything)
  await finish(store, 2, ['noMatch'])
  return store
}

test('an untouched store has a ledger that closes', async () => {
  expect(await readLedger(await testStore(), { recount: true })).toMatchObject({
    total: { received: 0, alerted: 0 },
    waiting: 0,
    balanced: true,
    faults: [],
  })
})

test('every outcome is counted once, by source, and what waits is said', async () => {
  expect(await readLedger(await filled(), { recount: true })).toEqual({
    total: { received: 8, alerted: 1, noMatch: 3, duplicate: 1, suppressed: 1, dropped: 1, deadLettered: 1 },
    bySource: { okta: { alerted: 1, noMatch: 3, duplicate: 1, suppressed: 1, dropped: 1, deadLettered: 1 } },
    waiting: 1,
    balanced: true,
    faults: [],
  })
})

test.each([
  ['an outcome was lost', `update ledger set count = count - 1 where outcome = 'noMatch'`, false],
  ['an event was received twice', 'update inbox_done set received = received + 1', false],
  ['a source vanished', 'delete from ledger', false],
  ['an event is missing', `delete from event where outcome = 'alerted'`, true],
  ['a dead letter is missing', 'delete from dead_letter', true],
  ['a delivery held more', 'update delivery_count set events = events + 1 where seq = 2', true],
  [
    'two outcomes were swapped',
    `update ledger set count = case outcome when 'noMatch' then count - 1 else count + 1 end where outcome in ('noMatch', 'alerted')`,
    true,
  ],
])('it does not close when %s', async (_name, sql, onlyByRecount) => {
  const store = await filled()
  await asOwner(store.url, sql)
  expect((await readLedger(store)).balanced).toBe(onlyByRecount)
  const recounted = await readLedger(store, { recount: true })
  expect(recounted.balanced).toBe(false)
  expect(recounted.faults.join()).toMatch(/\d/)
})

test('a batch that fails leaves nothing behind', async () => {
  const store = await filled()
  const before = await readLedger(store, { recount: true })
  await expect(finish(store, 2, ['noMatch'])).rejects.toThrow('duplicate key')
  await expect(
    store.transaction(async (tx) => {
      await finishBatch(tx, {
        bundle: 'b',
        doneSeq: 3,
        eventCounts: [[3, 1]],
        events: [],
        dead: [],
        counts: new Map([['okta', new Map([['dropped', 1] as const])]]),
      })
      throw new Error('killed')
    }),
  ).rejects.toThrow('killed')
  expect(await readLedger(store, { recount: true })).toEqual(before)
})

test('one worker at a time has the turn of a tenant; it ends with its transaction', async () => {
  const store = await filled()
  const other = await testStore({ url: store.url })
  await store.transaction(async (tx) => {
    expect(await takeTurn(tx)).toEqual(cursor(2, 4))
    expect(await other.transaction((second) => takeTurn(second))).toBeNull()
  })
  expect(await other.transaction((tx) => takeTurn(tx))).toEqual(cursor(2, 4))
})

test('there is a turn to take before anything was received', async () => {
  const store = await testStore()
  expect(await store.transaction((tx) => takeTurn(tx))).toEqual(cursor(0, 1))
})
