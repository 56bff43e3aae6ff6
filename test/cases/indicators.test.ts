import { expect, test } from 'vitest'
import {
  addIndicator,
  createIndicatorBook,
  listIndicators,
  type NewIndicator,
  removeIndicator,
} from '../../src/cases/index.ts'
import type { IncidentNumber } from '../../src/core/model/index.ts'
import { openEnricher } from '../../src/enrich/index.ts'
import { type OpenStore, verifyAudit } from '../../src/store/index.ts'
import { known } from '../enrich/support.ts'
import { testDatabase, testStore } from '../support/store.ts'

const add = (store: OpenStore, value: string, parts: Partial<NewIndicator> = {}) =>
  store.transaction((tx) =>
    addIndicator(tx, {
      value,
      type: null,
      reason: 'seen in mail',
      actor: 'analyst-1',
      incident: null,
      addedAt: 1000,
      validUntil: null,
      ...parts,
    }),
  )

test.each([
  ['198.51.100.7', 'ip', '198.51.100.7'],
  ['2001:DB8::1', 'ip', '2001:db8::1'],
  ['Evil.Example', 'domain', 'evil.example'],
  ['https://evil.example/a?b', 'url', 'https://evil.example/a?b'],
  ['Someone@Evil.example', 'email', 'someone@evil.example'],
  ['D41D8CD98F00B204E9800998ECF8427E', 'hash', 'd41d8cd98f00b204e9800998ecf8427e'],
])('what %s is follows from its form', async (value, type, stored) => {
  expect(await add(await testStore(), value)).toMatchObject({ ok: true, value: { type, value: stored } })
})

test.each<[string, string, Partial<NewIndicator>, RegExp]>([
  ['a bare name without its type', 'workstation', {}, /what "workstation" is cannot be told/],
  ['a value that is none of its type', 'workstation', { type: 'ip' }, /is no ip/],
  ['no reason', '198.51.100.7', { reason: ' ' }, /needs a reason/],
  ['an end that has been', '198.51.100.7', { validUntil: 1000 }, /over already/],
  ['an incident that is not there', '198.51.100.7', { incident: 999 as IncidentNumber }, /no incident 999/],
  ['nobody', '198.51.100.7', { actor: '\u0000' }, /nobody is named/],
])('%s is refused', async (_name, value, parts, message) => {
  const store = await testStore()
  const result = await add(store, value, parts)
  expect(result.ok ? '' : result.problems[0]?.message).toMatch(message)
  expect(await store.transaction((tx) => listIndicators(tx, { at: 0, over: true }))).toEqual([])
})

test('the same again is said, another reason or end replaces it, and everything is in the audit', async () => {
  const store = await testStore()
  await add(store, '198.51.100.7')
  expect(await add(store, '198.51.100.7')).toMatchObject({ ok: false })
  await add(store, '198.51.100.7', { reason: 'command server', validUntil: 5000 })
  expect(await store.transaction((tx) => listIndicators(tx, { at: 4999 }))).toMatchObject([
    { reason: 'command server' },
  ])
  expect(await store.transaction((tx) => listIndicators(tx, { at: 5000 }))).toEqual([])
  const audit = await store.transaction((tx) => tx.query<{ action: string }>('select action from audit order by seq'))
  expect(audit.rows.map((one) => one.action)).toEqual(['indicator.add', 'indicator.add'])
  expect((await verifyAudit(store)).broken).toBeNull()
})

test('a book knows what was added when it is refreshed, until it ends or is removed, and only of its tenant', async () => {
  const url = await testDatabase()
  const [store, other] = [await testStore({ url }), await testStore({ url, tenant: 'other' })]
  const book = createIndicatorBook()
  const enricher = await openEnricher(undefined, [book.provider])
  const now = () => known(enricher, 'ip', '198.51.100.7', 2000)
  await add(other, '198.51.100.7')
  await store.transaction((tx) => book.refresh(tx))
  expect(now()).toEqual([])
  await add(store, '198.51.100.7', { validUntil: 3000 })
  expect(now()).toEqual([])
  await store.transaction((tx) => book.refresh(tx))
  expect(now()).toEqual(['team-indicators malicious'])
  expect(known(enricher, 'ip', '198.51.100.7', 3001)).toEqual([])
  const wish = { value: '198.51.100.7', type: null, actor: 'analyst-1', reason: 'ours', at: 2500 }
  expect(await store.transaction((tx) => removeIndicator(tx, wish))).toMatchObject({ ok: true })
  expect(await store.transaction((tx) => removeIndicator(tx, wish))).toMatchObject({ ok: false })
  await store.transaction((tx) => book.refresh(tx))
  expect(now()).toEqual([])
})
