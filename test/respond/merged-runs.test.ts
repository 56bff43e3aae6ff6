import { expect, test } from 'vitest'
import { saveIncidents } from '../../src/cases/index.ts'
import { allow, bundleWith, incidentOf, suspendFirst, worldOf } from './world.ts'

const people = ['user17@example.com']

/** Two incidents with a run of the same playbook each; `begun` says in which order they start. */
async function twoRuns(policy: string | undefined, begun: readonly [number, number] = [1, 2], steps = suspendFirst) {
  const world = await worldOf(await bundleWith(steps, policy), { people })
  await world.rows('delete from run returning id')
  await world.store.transaction((tx) => saveIncidents(tx, [incidentOf(2, people)]))
  for (const incident of begun) {
    await world.begin(incident)
    world.time.at += 1
  }
  const merge = () =>
    world.store.transaction((tx) =>
      saveIncidents(tx, [incidentOf(1, people), incidentOf(2, people, { status: 'merged', mergedInto: 1 })]),
    )
  const runs = () =>
    world.rows<{ incident: number; status: string; sentence: string | null }>(
      'select incident, status, sentence from run order by started_at',
    )
  return { ...world, merge, runs }
}

const gaveWay = /^run-\w+ of the same playbook started earlier and goes on/

test.each([
  ['of the incident that stays', [1, 2]],
  ['of the incident that was merged', [2, 1]],
] as const)('after a merge the older run %s goes on, the other is cancelled and does nothing', async (_, begun) => {
  const world = await twoRuns(allow, begun)
  await world.merge()
  await world.drain()
  expect(await world.runs()).toEqual([
    { incident: 1, status: 'completed', sentence: expect.any(String) },
    { incident: 1, status: 'cancelled', sentence: expect.stringMatching(gaveWay) },
  ])
  expect(await world.rows('select incident, outcome from effect')).toEqual([{ incident: 1, outcome: 'done' }])
  expect(await world.rows(`select action from audit where action = 'run.cancelled'`)).toHaveLength(1)
  expect(
    await world.rows(`select sentence from timeline where sentence like 'the playbook is cancelled:%'`),
  ).toHaveLength(1)
})

test('a question of a run that gives way is void, the one of the older run is still open', async () => {
  const world = await twoRuns(
    'rules:\n  - { effects: [destructive, reversible], answer: ask, approvers: { roles: [responder], quorum: 1, expires: 4h }, reason: team }\n',
  )
  await world.drain()
  expect((await world.approvals()).map((one) => one.status)).toEqual(['pending', 'pending'])
  await world.merge()
  await world.drain()
  expect((await world.approvals()).map((one) => one.status).toSorted()).toEqual(['pending', 'void'])
  expect((await world.runs()).map((one) => one.status)).toEqual(['waiting', 'cancelled'])
})

test('an effect that was on record before the merge is settled before its run gives way', async () => {
  const mail = '  - { id: tell, action: email.send, with: { to: a@example.com, subject: x, text: y } }\n'
  const world = await twoRuns(allow, [1, 2], mail)
  await expect(
    world
      .responder({
        store: {
          ...world.store,
          transaction: (work) =>
            world.store.transaction(async (tx) => {
              const open = await tx.query('select from effect where tenant = $1 and outcome is null', [tx.tenant])
              if (open.rowCount === 2) throw new Error('dead')
              return work(tx)
            }),
        },
        outboxDir: '/dev/null/nowhere',
      })
      .drain(),
  ).rejects.toThrow()
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: null }, { outcome: null }])
  await world.rows('delete from replica returning id')
  await world.merge()
  await world.drain()
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
  expect((await world.runs()).map((one) => one.status)).toEqual(['completed', 'cancelled'])
})

test('a run that failed keeps the other one from nothing', async () => {
  const world = await twoRuns(allow)
  await world.rows(`update run set status = 'failed' where incident = 1 returning id`)
  await world.merge()
  await world.drain()
  expect((await world.runs()).map((one) => one.status)).toEqual(['failed', 'completed'])
})
