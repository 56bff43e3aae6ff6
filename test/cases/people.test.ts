import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Change, changeIncident, readCase, saveIncidents, takeWork, transitions } from '../../src/cases/index.ts'
import { type IncidentStatus, incidentStatuses, verdicts } from '../../src/core/model/index.ts'
import { type OpenStore, verifyAudit } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { madeIncident } from './made.ts'

async function withIncident(): Promise<OpenStore> {
  const store = await testStore()
  await store.transaction((tx) => saveIncidents(tx, [madeIncident()]))
  return store
}

const change = (store: OpenStore, what: Change, at = 10_000, actor = 'analyst-1', number = 1) =>
  changeIncident(store, { number, actor, at, change: what })
const status = (to: Extract<Change, { kind: 'status' }>['status'], verdict?: 'true-positive') =>
  ({ kind: 'status', status: to, ...(verdict === undefined ? {} : { verdict }) }) as const

async function must(store: OpenStore, what: Change, at?: number) {
  const result = await change(store, what, at)
  if (!result.ok) throw new Error(result.problems[0]?.message)
  return result.value
}

test('an incident goes from new to closed; every time is the first, and the story tells it', async () => {
  const store = await withIncident()
  await must(store, status('acknowledged'), 2000)
  await must(store, status('contained'), 3000)
  await must(store, status('resolved'), 4000)
  const closed = await must(store, status('closed', 'true-positive'), 5000)
  expect(closed).toMatchObject({ status: 'closed', owner: 'analyst-1', verdict: 'true-positive' })
  expect(closed.times).toMatchObject({ acknowledgedAt: 2000, containedAt: 3000, resolvedAt: 4000 })
  const file = await store.transaction((tx) => readCase(tx, 1))
  expect(file?.timeline.map((one) => [one.at, one.actor, one.sentence])).toEqual([
    [2000, 'analyst-1', 'acknowledged the incident and took it'],
    [3000, 'analyst-1', 'set the status to contained'],
    [4000, 'analyst-1', 'set the status to resolved'],
    [5000, 'analyst-1', 'set the status to closed as true-positive'],
  ])
})

test('who closes at once also acknowledged and resolved', async () => {
  const store = await withIncident()
  const { times } = await must(store, status('closed', 'true-positive'), 7000)
  expect(times).toMatchObject({ acknowledgedAt: 7000, containedAt: null, resolvedAt: 7000 })
})

test('opening again clears the resolution and keeps the acknowledgement', async () => {
  const store = await withIncident()
  await must(store, status('acknowledged'), 2000)
  await must(store, status('closed', 'true-positive'), 3000)
  const again = await must(store, status('acknowledged'), 4000)
  expect(again.status).toBe('acknowledged')
  expect(again.times).toMatchObject({ acknowledgedAt: 2000, resolvedAt: null })
})

const reachable: Readonly<Record<IncidentStatus, readonly Change[]>> = {
  new: [],
  acknowledged: [status('acknowledged')],
  contained: [status('contained')],
  resolved: [status('resolved')],
  closed: [status('closed', 'true-positive')],
  merged: [],
}
const pairs = incidentStatuses
  .filter((from) => from !== 'merged')
  .flatMap((from) => (['acknowledged', 'contained', 'resolved', 'closed'] as const).map((to) => [from, to] as const))

test.each(pairs)('from %s to %s is allowed or refused as the table says', async (from, to) => {
  const store = await withIncident()
  for (const step of reachable[from]) await must(store, step)
  const result = await change(store, status(to, 'true-positive'))
  expect(result.ok).toBe(transitions[from].includes(to))
  if (!result.ok) {
    expect(result.problems[0]?.code).toBe('cases/transition')
    expect(result.problems[0]?.hint).toContain(transitions[from][0] ?? 'nothing')
  }
})

const refused: readonly [string, Change, { actor?: string; number?: number }, string][] = [
  ['an incident that does not exist', status('acknowledged'), { number: 9 }, 'cases/unknown'],
  ['a number beyond the column', status('acknowledged'), { number: 2 ** 40 }, 'cases/unknown'],
  ['a number that is none', status('acknowledged'), { number: Number.NaN }, 'cases/unknown'],
  ['nobody as actor', status('acknowledged'), { actor: ' \u0007 ' }, 'cases/actor'],
  ['closing without a verdict', status('closed'), {}, 'cases/verdict'],
  ['giving back what nobody owns', { kind: 'owner', owner: null }, {}, 'cases/unchanged'],
  ['an owner without letters', { kind: 'owner', owner: '\n' }, {}, 'cases/empty'],
  ['an empty note', { kind: 'note', text: '' }, {}, 'cases/empty'],
  ['a task without title', { kind: 'task', title: '' }, {}, 'cases/empty'],
  ['a task that is not there', { kind: 'task-state', n: 5, state: 'done' }, {}, 'cases/task'],
  ['a task number that is none', { kind: 'task-state', n: Number.POSITIVE_INFINITY, state: 'done' }, {}, 'cases/task'],
]

test.each(refused)('%s is refused and leaves nothing behind', async (_name, what, as, code) => {
  const store = await withIncident()
  const result = await change(store, what, 10_000, as.actor ?? 'analyst-1', as.number ?? 1)
  expect(result.ok ? null : result.problems[0]?.code).toBe(code)
  expect((await verifyAudit(store)).entries).toBe(0)
  expect(await store.transaction((tx) => takeWork(tx))).toEqual([])
})

test('a merged incident is not worked on, and says where it went', async () => {
  const store = await withIncident()
  const two = madeIncident({ number: 2, status: 'merged', mergedInto: 1 })
  await store.transaction((tx) => saveIncidents(tx, [two]))
  const result = await change(store, { kind: 'note', text: 'x' }, 1, 'analyst-1', 2)
  expect(result.ok ? null : result.problems[0]?.hint).toBe('use incident 1')
})

test('tasks are added, finished and opened again, with who and when', async () => {
  const store = await withIncident()
  await must(store, { kind: 'task', title: 'Call the owner' })
  const tasks = async () => (await store.transaction((tx) => readCase(tx, 1)))?.tasks
  await must(store, { kind: 'task-state', n: 1, state: 'done' }, 9000)
  expect(await tasks()).toEqual([
    { n: 1, title: 'Call the owner', origin: 'analyst-1', state: 'done', doneBy: 'analyst-1', doneAt: 9000 },
  ])
  await must(store, { kind: 'task-state', n: 1, state: 'open' })
  expect(await tasks()).toMatchObject([{ state: 'open', doneBy: null, doneAt: null }])
})

test('every change is in the audit chain with its values', async () => {
  const store = await withIncident()
  await must(store, { kind: 'owner', owner: 'analyst-2' }, 2000)
  await must(store, { kind: 'verdict', verdict: 'benign-positive' }, 3000)
  const rows = await asOwner(store.url, 'select at::int, actor, action, subject, details from audit order by seq')
  expect(rows.rows).toEqual([
    {
      at: 2000,
      actor: 'analyst-1',
      action: 'incident.owner',
      subject: 'incident/1',
      details: '{"from":null,"to":"analyst-2"}',
    },
    {
      at: 3000,
      actor: 'analyst-1',
      action: 'incident.verdict',
      subject: 'incident/1',
      details: '{"from":null,"to":"benign-positive"}',
    },
  ])
})

test('a batch of the pipeline does not take back what a person did meanwhile', async () => {
  const store = await withIncident()
  await must(store, status('acknowledged'), 2000)
  await store.transaction((tx) => saveIncidents(tx, [madeIncident({ signalCount: 99 })]))
  const file = await store.transaction((tx) => readCase(tx, 1))
  expect(file?.incident).toMatchObject({ status: 'acknowledged', owner: 'analyst-1', signalCount: 99 })
  expect((await store.transaction((tx) => takeWork(tx))).map((one) => one.status)).toEqual(['acknowledged'])
  expect(await store.transaction((tx) => takeWork(tx))).toEqual([])
})

test('of two people who do the same at once one is refused', async () => {
  const store = await withIncident()
  const results = await Promise.all(Array.from({ length: 6 }, () => change(store, status('acknowledged'))))
  expect(results.filter((one) => one.ok)).toHaveLength(1)
  expect(await verifyAudit(store)).toMatchObject({ entries: 1, broken: null })
})

test('whatever people do in whatever order, the state stays consistent and the chain whole', {
  timeout: 60_000,
}, async () => {
  const changes = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('acknowledged', 'contained', 'resolved', 'closed'),
        fc.constantFrom(undefined, ...verdicts),
      )
      .map(([to, verdict]): Change => ({ kind: 'status', status: to, ...(verdict === undefined ? {} : { verdict }) })),
    fc.option(fc.string({ unit: 'binary' })).map((owner): Change => ({ kind: 'owner', owner })),
    fc.string({ unit: 'binary' }).map((text): Change => ({ kind: 'note', text })),
    fc.string().map((title): Change => ({ kind: 'task', title })),
  )
  const store = await withIncident()
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(changes, fc.integer({ min: 2000, max: 9999 }), async (what, at) => {
      const before = (await store.transaction((tx) => readCase(tx, 1)))?.incident
      const result = await change(store, what, at)
      if (!result.ok) return
      accepted++
      const { status: now, times, verdict } = result.value
      if (what.kind === 'status') expect(transitions[before?.status ?? 'merged']).toContain(now)
      if (now === 'closed') expect(verdict).not.toBeNull()
      if (now !== 'new') expect(times.acknowledgedAt).not.toBeNull()
      expect(times.resolvedAt !== null).toBe(now === 'resolved' || now === 'closed')
    }),
    { numRuns: 150 },
  )
  expect(accepted).toBeGreaterThan(20)
  expect(await verifyAudit(store)).toMatchObject({ entries: accepted, broken: null })
})
