import { expect, test } from 'vitest'
import { cancelRun } from '../../src/respond/index.ts'
import { bundleWith, suspendFirst, worldOf } from './world.ts'

const steps = `${suspendFirst}  - { id: pause, wait: 1h }\n`
const asks = `rules:\n  - { effects: [destructive, reversible], answer: ask, approvers: { roles: [responder], quorum: 1, expires: 4h }, reason: team }\n`

async function approvedThenCancelled(policy: string) {
  const world = await worldOf(await bundleWith(steps, policy))
  await world.drain()
  const [approval] = await world.approvals()
  await world.answer(approval?.id ?? '')
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  const hand = { actor: 'analyst-2', reason: 'wrong person', at: world.time.at, rollback: true }
  expect(await cancelRun(world.store, run?.id ?? '', hand)).toMatchObject({ ok: true })
  return world
}

const effects = 'select outcome, undoes is not null as undo from effect order by undoes is not null'

test('what people approved is taken back without asking again, and the record names those who had approved', async () => {
  const world = await approvedThenCancelled(asks)
  await world.drain()
  expect(await world.approvals()).toHaveLength(1)
  expect(await world.rows(effects)).toEqual([
    { outcome: 'done', undo: false },
    { outcome: 'done', undo: true },
  ])
  expect(await world.rows(`select details from audit where action = 'effect.undo-done'`)).toMatchObject([
    { details: expect.stringContaining('"approvedBy":["analyst-1"]') },
  ])
  expect(await world.rows('select status from run')).toEqual([{ status: 'cancelled' }])
})

test('a denial stands: what is denied by then is not taken back, and an analyst is told', async () => {
  const world = await approvedThenCancelled(asks)
  await world.rows(
    `insert into stop_switch (tenant, by_actor, reason, at) select tenant, 'x', 'y', 0 from run returning tenant`,
  )
  await world.drain()
  expect(await world.rows(effects)).toEqual([{ outcome: 'done', undo: false }])
  expect(await world.rows(`select title from task where title like 'Take back%'`)).toHaveLength(1)
})
