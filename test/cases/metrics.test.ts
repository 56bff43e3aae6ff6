import { expect, test } from 'vitest'
import { changeIncident, metrics, saveAlerts, saveIncidents, spread } from '../../src/cases/index.ts'
import type { Assessment, IncidentSeverity } from '../../src/core/model/index.ts'
import { testStore } from '../support/store.ts'
import { madeAlert, madeIncident } from './made.ts'

const graded = (severity: IncidentSeverity): Assessment => ({
  score: 50,
  severity,
  contributions: [],
  explanation: '',
  recommendation: '',
})
const times = (occurredAt: number, detectedAt: number) => ({
  occurredAt,
  detectedAt,
  ingestedAt: detectedAt,
  acknowledgedAt: null,
  containedAt: null,
  resolvedAt: null,
})

test.each([
  ['nothing', [], null],
  ['one', [7], { count: 1, mean: 7, median: 7, p90: 7 }],
  ['two', [10, 0], { count: 2, mean: 5, median: 5, p90: 10 }],
  ['ten', [9, 1, 2, 3, 4, 5, 6, 7, 8, 100], { count: 10, mean: 15, median: 6, p90: 9 }],
])('mean, median and 90th percentile of %s', (_name, durations, expected) => {
  expect(spread(durations)).toEqual(expected)
})

test('an empty store has no times and no reduction', async () => {
  const store = await testStore()
  const result = await store.transaction((tx) => metrics(tx))
  expect(result.all).toEqual({ incidents: 0, detect: null, acknowledge: null, contain: null, resolve: null })
  expect(result.reduction).toEqual({ events: 0, signals: 0, alerts: 0, incidents: 0, spared: null })
})

async function worked() {
  const store = await testStore()
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [
      madeIncident({ number: 1, firstAt: 1000, times: times(1000, 3000), assessment: graded('CRITICAL') }),
      madeIncident({ number: 2, firstAt: 5000, times: times(5000, 9000), assessment: graded('LOW') }),
      madeIncident({ number: 3, firstAt: 5000, status: 'merged', mergedInto: 1 }),
    ])
    await saveAlerts(tx, [madeAlert({ count: 40 }), madeAlert({ id: 'al-2', count: 2, lastAt: 6000, incident: 2 })])
    await tx.query(`insert into inbox_done (tenant, done_seq, received) values ('main', 8, 1000)`)
  })
  const act = (at: number, status: 'acknowledged' | 'contained' | 'resolved') =>
    changeIncident(store, { number: 1, actor: 'analyst-1', at, change: { kind: 'status', status } })
  await act(13_000, 'acknowledged')
  await act(23_000, 'contained')
  await act(33_000, 'resolved')
  return store
}

test('times count from detection, merged incidents are left out, severities are told apart', async () => {
  const store = await worked()
  const result = await store.transaction((tx) => metrics(tx))
  const only = (ms: number) => ({ count: 1, mean: ms, median: ms, p90: ms })
  expect(result.all).toEqual({
    incidents: 2,
    detect: { count: 2, mean: 3000, median: 3000, p90: 4000 },
    acknowledge: only(10_000),
    contain: only(20_000),
    resolve: only(30_000),
  })
  expect(result.bySeverity.LOW).toMatchObject({ incidents: 1, detect: only(4000), acknowledge: null })
  expect(result.bySeverity.HIGH.incidents).toBe(0)
  expect(result.byStatus).toEqual({ new: 1, resolved: 1 })
  expect(result.reduction).toEqual({ events: 1000, signals: 42, alerts: 2, incidents: 2, spared: 0.998 })
})

test('a range takes the incidents that began in it', async () => {
  const store = await worked()
  const within = async (from: number | null, to: number | null) =>
    (await store.transaction((tx) => metrics(tx, { from, to }))).all.incidents
  expect(await within(0, 5000)).toBe(1)
  expect(await within(5000, null)).toBe(1)
  expect(await within(null, 5001)).toBe(2)
  expect(await within(6000, 7000)).toBe(0)
})

test('a clock that went back does not make a time negative', async () => {
  const store = await worked()
  await changeIncident(store, { number: 2, actor: 'a', at: 1, change: { kind: 'status', status: 'acknowledged' } })
  const result = await store.transaction((tx) => metrics(tx))
  expect(result.bySeverity.LOW.acknowledge).toEqual({ count: 1, mean: 0, median: 0, p90: 0 })
})
