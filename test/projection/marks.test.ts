import { expect, test } from 'vitest'
import { addTask, appendTimeline, changeIncident, saveIncidents } from '../../src/cases/index.ts'
import { disableChannel, enableChannel, foldMarks, listProjections, takeDue } from '../../src/projection/index.ts'
import type { Store } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import { testDatabase, testStore } from '../support/store.ts'

const save = (store: Store, ...numbers: number[]) =>
  store.transaction((tx) =>
    saveIncidents(
      tx,
      numbers.map((number) => madeIncident({ number })),
    ),
  )

const marked = (store: Store) =>
  store.transaction(async (tx) =>
    (
      await tx.query<{ incident: number }>(
        'with gone as (delete from projection_mark where tenant = $1 returning incident) select distinct incident from gone order by 1',
        [tx.tenant],
      )
    ).rows.map((row) => row.incident),
  )

const sql = (text: string) => (store: Store) => store.transaction((tx) => tx.query(text, [tx.tenant]))

const insertRun = sql(
  "insert into run (tenant, id, incident, playbook, bundle, commit, status, why, started_at, deadline_at) values ($1, 'r', 2, 'p', 'b', 'c', 'running', 'w', 1, 2)",
)
const insertApproval = sql(
  "insert into approval (tenant, id, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, asked_at, expires_at) values ($1, 'a', 'r', 2, 'p', 'd', 'x.y', 't', '{}', 'w', 'o', '{responder}', 1, 1, 9)",
)
const insertAnswer = sql(
  "insert into approval_answer (tenant, approval, actor, answer, channel, reason, at) values ($1, 'a', 'analyst-1', 'approve', 'cli', '', 3)",
)
const insertEffect = sql(
  "insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, mode, intended_at) values ($1, 'e', 'r', 2, 'p', 'x.y', 'read', 't', '{}', '{}', 'simulate', 1)",
)

const changes: readonly (readonly [name: string, change: (store: Store) => Promise<unknown>])[] = [
  ['an incident that is opened', (store) => save(store, 2)],
  [
    'alerts that join',
    (store) => store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 2, alertCount: 9 })])),
  ],
  [
    'a note',
    (store) => changeIncident(store, { number: 2, actor: 'analyst-1', at: 5, change: { kind: 'note', text: 'x' } }),
  ],
  ['a task', (store) => store.transaction((tx) => addTask(tx, 2, 'look', 'team'))],
  ['a finished task', sql("update task set state = 'done' where tenant = $1")],
  [
    'a line of the timeline',
    (store) =>
      store.transaction((tx) =>
        appendTimeline(tx, [{ incident: 2, at: 5, kind: 'run', actor: 'gitsoc', sentence: 's' }]),
      ),
  ],
  ['a run that starts', insertRun],
  ['a run that ends', sql("update run set status = 'completed' where tenant = $1")],
  ['a question', insertApproval],
  ['a question that expires', sql("update approval set status = 'expired' where tenant = $1")],
  ['an answer', insertAnswer],
  ['an answer that is changed', sql("update approval_answer set answer = 'revoked' where tenant = $1")],
  ['an answer that is gone', sql('delete from approval_answer where tenant = $1')],
  ['an intended effect', insertEffect],
  ['an effect with an outcome', sql("update effect set outcome = 'done' where tenant = $1")],
]

test('whatever is changed of an incident marks it, and no other', async () => {
  const store = await testStore()
  await enableChannel(store, 'github', 1)
  await save(store, 1, 3)
  expect(await marked(store)).toEqual([1, 3])
  for (const [name, change] of changes) {
    await change(store)
    expect(await marked(store), name).toEqual([2])
  }
})

test('nothing is marked where no channel is enabled', async () => {
  const store = await testStore()
  for (const [name, change] of changes) {
    await change(store)
    expect(await marked(store), name).toEqual([])
  }
})

test('a channel that is enabled gets all incidents that are open, once', async () => {
  const store = await testStore()
  await save(store, 1, 2)
  await changeIncident(store, {
    number: 2,
    actor: 'analyst-1',
    at: 5,
    change: { kind: 'status', status: 'closed', verdict: 'false-positive' },
  })
  await enableChannel(store, 'github', 1)
  await enableChannel(store, 'github', 2)
  expect(await marked(store)).toEqual([1])
  await disableChannel(store, 'github')
  await save(store, 3)
  expect(await marked(store)).toEqual([])
})

test('marks of one tenant are nothing to another', async () => {
  const url = await testDatabase()
  const one = await testStore({ url, tenant: 'one' })
  const two = await testStore({ url, tenant: 'two' })
  await enableChannel(one, 'github', 1)
  await save(one, 1)
  await save(two, 1)
  expect(await marked(two)).toEqual([])
  expect(await marked(one)).toEqual([1])
})

test('many changes of an incident are one row, for each channel', async () => {
  const store = await testStore()
  await enableChannel(store, 'github', 1)
  await enableChannel(store, 'slack', 1)
  await save(store, 1)
  for (const n of [1, 2, 3]) await store.transaction((tx) => addTask(tx, 1, `look ${n}`, 'team'))
  await store.transaction((tx) => foldMarks(tx, 10))
  const rows = await store.transaction((tx) => listProjections(tx))
  expect(rows.map((row) => [row.channel, row.subject, row.state])).toEqual([
    ['github', 'incident/1', 'waiting'],
    ['slack', 'incident/1', 'waiting'],
  ])
})

test('what is marked in a transaction that is rolled back is not marked', async () => {
  const store = await testStore()
  await enableChannel(store, 'github', 1)
  await expect(
    store.transaction(async (tx) => {
      await saveIncidents(tx, [madeIncident({ number: 1 })])
      throw new Error('lost')
    }),
  ).rejects.toThrow('lost')
  expect(await marked(store)).toEqual([])
})

test('who marks never waits for who folds or takes', async () => {
  const store = await testStore()
  await enableChannel(store, 'github', 1)
  await save(store, 1)
  await store.transaction(async (tx) => {
    await foldMarks(tx, 1)
    await takeDue(tx, 'github', { n: 1, at: 1, leaseMs: 10 })
    // The rows that were just folded and taken are locked by this transaction: another that changes the incident goes through.
    await store.transaction(async (other) => {
      await other.query("set local lock_timeout = '2s'")
      await addTask(other, 1, 'look', 'team')
    })
  })
  expect(await marked(store)).toEqual([1])
})

test('without a channel the triggers of a batch of 400 incidents read one empty table and write nothing', async () => {
  const store = await testStore()
  const plan = await store.transaction(async (tx) => {
    const found = await tx.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs off) insert into incident (tenant, number, first_at, last_at, doc)
        select $1, n, 1, 1, '{}' from generate_series(1, 400) n`,
      [tx.tenant],
    )
    return found.rows.map((row) => row['QUERY PLAN'])
  })
  const trigger = plan.filter((line) => line.startsWith('Trigger'))
  expect(trigger).toHaveLength(1)
  expect(trigger[0]).toMatch(/^Trigger incident_marked_new: .* calls=1$/)
  expect(await marked(store)).toEqual([])
})
