import { expect, test } from 'vitest'
import {
  addTask,
  appendTimeline,
  readCase,
  saveAlerts,
  saveIncidents,
  type TimelineEntry,
  takeWork,
} from '../../src/cases/index.ts'
import type { AlertId, EventId } from '../../src/core/model/index.ts'
import { testStore } from '../support/store.ts'
import { storedWork } from '../support/stored-work.ts'
import { madeAlert, madeIncident } from './made.ts'

const entry = (incident: number, sentence: string): TimelineEntry => ({
  incident,
  at: 5,
  kind: 'decision',
  actor: 'gitsoc',
  sentence,
})

test('what was saved comes back', async () => {
  const store = await testStore()
  const alerts = [madeAlert(), madeAlert({ id: 'al-2', incident: 2, lastAt: 10 })]
  const incidents = [madeIncident(), madeIncident({ number: 2, lastAt: 10 })]
  await store.transaction(async (tx) => {
    await saveIncidents(tx, incidents)
    await saveAlerts(tx, alerts)
  })
  expect(await store.transaction((tx) => storedWork(tx))).toEqual({
    alerts: [alerts[1], alerts[0]],
    incidents,
  })
})

test('an empty store has nothing', async () => {
  const store = await testStore()
  expect(await store.transaction((tx) => storedWork(tx))).toEqual({ alerts: [], incidents: [] })
})

test('rows that did not change are not rewritten', async () => {
  const store = await testStore()
  const save = (count: number) =>
    store.transaction(async (tx) => {
      await saveIncidents(tx, [madeIncident(), madeIncident({ number: 2, signalCount: count })])
      await saveAlerts(tx, [madeAlert(), madeAlert({ id: 'al-2', count })])
    })
  const versions = () =>
    store.transaction(async (tx) => {
      const rows = await tx.query<{ key: string; version: string }>(
        `select 'i' || number as key, xmin::text as version from incident union all select id, xmin::text from alert order by 1`,
      )
      return Object.fromEntries(rows.rows.map((row) => [row.key, row.version]))
    })
  await save(2)
  const before = await versions()
  await save(3)
  const after = await versions()
  expect(Object.keys(before)).toEqual(['al-1', 'al-2', 'i1', 'i2'])
  expect(Object.keys(before).filter((key) => before[key] !== after[key])).toEqual(['al-2', 'i2'])
})

test.each([
  ['NUL', 'a\u0000b'],
  ['half a surrogate pair', 'a\ud800b'],
  ['an escaped backslash before u0000', 'a\\u0000b'],
  ['quotes and SQL', `'); drop table incident; --`],
  ['a prototype name', '__proto__'],
])('text with %s is stored', async (_name, value) => {
  const store = await testStore()
  const observables = [{ type: 'user' as const, value, role: 'target' as const }]
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [madeIncident({ title: value, observables })])
    await saveAlerts(tx, [madeAlert({ title: value, key: value, observables })])
    await appendTimeline(tx, [entry(1, value)])
    await addTask(tx, 1, value, value)
  })
  const { alerts, incidents } = await store.transaction((tx) => storedWork(tx))
  const kept = value.replace('\u0000', '\ufffd').toWellFormed()
  expect([alerts[0]?.title, incidents[0]?.title, incidents[0]?.observables[0]?.value]).toEqual([kept, kept, kept])
})

test('timelines are numbered per incident without gaps, also when many write at once', async () => {
  const store = await testStore()
  await store.transaction((tx) => saveIncidents(tx, [madeIncident(), madeIncident({ number: 2 })]))
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      store.transaction((tx) => appendTimeline(tx, [entry(2, `b${n}`), entry(1, `a${n}`), entry(2, `c${n}`)])),
    ),
  )
  const rows = await store.transaction((tx) =>
    tx.query<{ incident: number; n: number; sentence: string }>(
      'select incident, n, sentence from timeline order by incident, n',
    ),
  )
  const numbers = (incident: number) => rows.rows.filter((row) => row.incident === incident).map((row) => row.n)
  expect(numbers(1)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
  expect(numbers(2)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
  const second = rows.rows.filter((row) => row.incident === 2).map((row) => row.sentence)
  expect(second.indexOf('c0') - second.indexOf('b0')).toBe(1)
})

test('a task is added once by its title, also when many add it at once', async () => {
  const store = await testStore()
  await store.transaction((tx) => saveIncidents(tx, [madeIncident()]))
  for (const title of ['b', 'a', 'b', 'c']) await store.transaction((tx) => addTask(tx, 1, title, 'rule'))
  await Promise.all(Array.from({ length: 8 }, () => store.transaction((tx) => addTask(tx, 1, 'd', 'rule'))))
  const rows = await store.transaction((tx) => tx.query('select n, title from task order by n'))
  expect(rows.rows).toEqual(['b', 'a', 'c', 'd'].map((title, index) => ({ n: index + 1, title })))
})

test('of the events behind an alert the newest 200 are kept', async () => {
  const store = await testStore()
  const link = (alert: string, seq: number) => ({
    alert: alert as AlertId,
    count: alert === 'al-1' ? seq + 1 : 2,
    event: `ev-${seq}` as EventId,
    seq,
    index: 0,
  })
  for (const from of [0, 150])
    await store.transaction((tx) =>
      saveAlerts(tx, [], [link('al-2', from), ...Array.from({ length: 150 }, (_, n) => link('al-1', from + n))]),
    )
  const rows = await store.transaction((tx) =>
    tx.query<{ alert: string; seqs: number[] }>(
      'select alert, array_agg(seq::int order by seq) as seqs from alert_event group by alert order by alert',
    ),
  )
  expect(rows.rows.map((row) => [row.alert, row.seqs.length, row.seqs[0], row.seqs.at(-1)])).toEqual([
    ['al-1', 200, 100, 299],
    ['al-2', 2, 0, 150],
  ])
})

test('a merged incident gives its tasks, owner and acknowledgement to the one it was merged into', async () => {
  const store = await testStore()
  const two = madeIncident({ number: 2 })
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [madeIncident(), two])
    for (const [incident, title] of [
      [1, 'a'],
      [2, 'a'],
      [2, 'b'],
      [2, 'c'],
    ] as const)
      await addTask(tx, incident, title, 'rule')
    await tx.query(
      `update incident set status = 'acknowledged', owner = 'analyst-2', acknowledged_at = 7 where number = 2`,
    )
  })
  await store.transaction((tx) => saveIncidents(tx, [{ ...two, status: 'merged', mergedInto: 1 }]))
  const survivor = await store.transaction((tx) => readCase(tx, 2))
  expect(survivor?.incident).toMatchObject({ number: 1, status: 'acknowledged', owner: 'analyst-2' })
  expect(survivor?.incident.times.acknowledgedAt).toBe(7)
  expect(survivor?.tasks.map((one) => one.title)).toEqual(['a', 'b', 'c'])
  expect((await store.transaction((tx) => takeWork(tx))).map((one) => one.owner)).toEqual(['analyst-2'])
})

test('a merged incident gives its alerts to the one it was merged into', async () => {
  const store = await testStore()
  const two = madeIncident({ number: 2 })
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [madeIncident(), two])
    await saveAlerts(tx, [madeAlert(), madeAlert({ id: 'al-2', incident: 2 })])
  })
  await store.transaction((tx) => saveIncidents(tx, [{ ...two, status: 'merged', mergedInto: 1 }]))
  const { alerts, incidents } = await store.transaction((tx) => storedWork(tx))
  expect(alerts.map((one) => one.incident)).toEqual([1, 1])
  expect(incidents.map((one) => [one.status, one.mergedInto])).toEqual([
    ['new', null],
    ['merged', 1],
  ])
})
