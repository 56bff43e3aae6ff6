import { expect, test } from 'vitest'
import type { EventOutcome } from '../../src/core/model/index.ts'
import {
  createInbox,
  dismissDeadLetters,
  finishBatch,
  listDeadLetters,
  nextDeliveries,
  readDeadLetter,
  readLedger,
  requeueDeadLetters,
} from '../../src/ingest/index.ts'
import { type Store, verifyAudit } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { deliveryOf } from './made.ts'

const work = { actor: 'analyst', at: 5000 }
const lines = (body: string) => deliveryOf(body, { transport: 'file', contentType: 'application/x-ndjson' })

/** Finishes a delivery as the pipeline would: so many records, of which those with these positions are dead. */
async function finish(store: Store, seq: number, events: number, dead: readonly number[]): Promise<void> {
  const counts = new Map<EventOutcome, number>([
    ['dropped', events - dead.length],
    ['deadLettered', dead.length],
  ])
  await store.transaction((tx) =>
    finishBatch(tx, {
      bundle: 'b',
      doneSeq: seq,
      eventCounts: [[seq, events]],
      events: [],
      dead: dead.map((index) => ({
        seq,
        index,
        source: 'generic',
        code: 'unparsable',
        message: 'not JSON',
        excerpt: `record ${index}`,
        records: 1,
        at: 1000,
      })),
      counts: new Map([['generic', counts]]),
    }),
  )
}

const bodiesAfter = async (store: Store, seq: number) =>
  (await store.transaction((tx) => nextDeliveries(tx, seq, 100))).map((one) => Buffer.from(one.body).toString())
const statesOf = async (store: Store) =>
  (await store.transaction((tx) => listDeadLetters(tx, {}, 100))).map((one) => `${one.seq}.${one.index} ${one.state}`)

test('a record of a delivery of lines is read again alone, with the bytes it came as', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('{"a":1}\n\n{"b":\u00e9\r\n  \n{"c":3}\n{"d"')])
  await finish(store, 1, 4, [1, 3])
  const opened = await store.transaction((tx) => readDeadLetter(tx, { seq: 1, index: 1 }))
  expect(opened).toMatchObject({ unit: 'record', raw: Buffer.from('{"b":\u00e9\r') })
  expect(await requeueDeadLetters(store, {}, work)).toEqual({ letters: 2, deliveries: 2 })
  expect(await bodiesAfter(store, 1)).toEqual(['{"b":\u00e9\r', '{"d"'])
  const again = await store.transaction((tx) => nextDeliveries(tx, 1, 1))
  expect(again[0]).toMatchObject({
    source: 'generic',
    transport: 'file',
    contentType: 'application/x-ndjson',
    receivedAt: 1000,
  })
})

test('where records cannot be told apart the whole delivery is read again, once for all its letters', async () => {
  const store = await testStore()
  const envelope = '{"data":{"events":[1,{},2]}}'
  await createInbox(store).accept([deliveryOf(envelope), lines('[1,2]\n{}')])
  await finish(store, 1, 3, [0, 2])
  await finish(store, 2, 3, [0, 1])
  expect(await requeueDeadLetters(store, { letters: [{ seq: 1, index: 2 }] }, work)).toEqual({
    letters: 2,
    deliveries: 1,
  })
  expect(await requeueDeadLetters(store, { source: 'generic' }, work)).toEqual({ letters: 2, deliveries: 1 })
  expect(await bodiesAfter(store, 2)).toEqual([envelope, '[1,2]\n{}'])
})

test('the ledger closes before, between and after', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('a\nb\nc')])
  await finish(store, 1, 3, [0, 1])
  await requeueDeadLetters(store, { letters: [{ seq: 1, index: 0 }] }, work)
  expect(await readLedger(store, { recount: true })).toMatchObject({
    balanced: true,
    waiting: 1,
    total: { received: 3, deadLettered: 2 },
  })
  await finish(store, 2, 1, [])
  expect(await readLedger(store, { recount: true })).toMatchObject({
    balanced: true,
    waiting: 0,
    total: { received: 4, deadLettered: 2, dropped: 2 },
  })
})

test('a letter is read again once, even when two people ask at the same time', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('a\nb')])
  await finish(store, 1, 2, [0, 1])
  const both = await Promise.all([requeueDeadLetters(store, {}, work), requeueDeadLetters(store, {}, work)])
  expect(both.map((one) => one.letters).sort()).toEqual([0, 2])
  expect(await bodiesAfter(store, 1)).toEqual(['a', 'b'])
})

test('a record that fails again is a new letter, and the same request does not take it again', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('a')])
  await finish(store, 1, 1, [0])
  await requeueDeadLetters(store, {}, work)
  await finish(store, 2, 1, [0])
  expect(await statesOf(store)).toEqual(['2.0 open', '1.0 requeued'])
})

test('letters are chosen by source, reason and name; a letter that is dismissed stays counted', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('a\nb\nc')])
  await finish(store, 1, 3, [0, 1, 2])
  expect(await requeueDeadLetters(store, { source: 'okta' }, work)).toEqual({ letters: 0, deliveries: 0 })
  expect(await requeueDeadLetters(store, { code: 'too-deep' }, work)).toEqual({ letters: 0, deliveries: 0 })
  expect(await requeueDeadLetters(store, { letters: [] }, work)).toEqual({ letters: 0, deliveries: 0 })
  expect(await dismissDeadLetters(store, { letters: [{ seq: 1, index: 1 }] }, { ...work, reason: 'a test' })).toBe(1)
  expect(await statesOf(store)).toEqual(['1.2 open', '1.1 dismissed', '1.0 open'])
  expect(await readLedger(store, { recount: true })).toMatchObject({ balanced: true, total: { deadLettered: 3 } })
  expect(await store.transaction((tx) => readDeadLetter(tx, { seq: 9, index: 9 }))).toBeNull()
})

test('who requeued and dismissed what stands in the audit', async () => {
  const store = await testStore()
  await createInbox(store).accept([lines('a\nb')])
  await finish(store, 1, 2, [0, 1])
  await requeueDeadLetters(store, { letters: [{ seq: 1, index: 0 }] }, work)
  await dismissDeadLetters(store, {}, { ...work, reason: 'noise\nfrom a test' })
  const audit = await asOwner(store.url, 'select actor, action, subject, details from audit order by seq')
  expect(audit.rows).toEqual([
    { actor: 'analyst', action: 'dead-letter.requeued', subject: 'dead-letter/1.0', details: expect.anything() },
    { actor: 'analyst', action: 'dead-letter.dismissed', subject: 'dead-letter/1.1', details: expect.anything() },
  ])
  expect(JSON.stringify(audit.rows[1]?.details)).toContain('noise from a test')
  expect((await verifyAudit(store)).broken).toBeNull()
})

test('more letters than fit into one transaction', async () => {
  const store = await testStore()
  const bodies = Array.from({ length: 1000 }, (_, n) => `x${n}`)
  await createInbox(store).accept([lines(bodies.join('\n'))])
  await finish(
    store,
    1,
    1000,
    bodies.map((_, n) => n),
  )
  expect(await requeueDeadLetters(store, {}, work)).toEqual({ letters: 1000, deliveries: 1000 })
  expect((await store.transaction((tx) => nextDeliveries(tx, 1, 2000))).length).toBe(1000)
})

test('text that the database cannot hold does not keep a batch from being finished', async () => {
  const store = await testStore()
  await createInbox(store).accept([deliveryOf('\u0000')])
  await store.transaction((tx) =>
    finishBatch(tx, {
      bundle: 'b',
      doneSeq: 1,
      eventCounts: [[1, 1]],
      events: [],
      dead: [
        {
          seq: 1,
          index: 0,
          source: 'generic',
          code: 'unparsable',
          message: 'token \u0000',
          excerpt: '\u0000\ud800',
          records: 1,
          at: 1,
        },
      ],
      counts: new Map([['generic', new Map([['deadLettered', 1] as const])]]),
    }),
  )
  expect((await readLedger(store)).balanced).toBe(true)
})
