import { expect, test } from 'vitest'
import { bundleWith, suspendFirst, worldOf } from './world.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const asks =
  'rules:\n  - { effects: [destructive, reversible], answer: ask, approvers: { roles: [responder], quorum: 1, expires: 4h }, reason: team }\n'

const statuses = async (world: Awaited<ReturnType<typeof worldOf>>) => ({
  run: (await world.rows<{ status: string }>('select status from run'))[0]?.status,
  approvals: (await world.approvals()).map((one) => one.status),
  effects: (await world.rows('select from effect')).length,
})

test.each([
  ['back by a day', [-24 * hourMs], { run: 'waiting', approvals: ['pending'], effects: 0 }],
  ['back and on again', [-24 * hourMs, 24 * hourMs], { run: 'waiting', approvals: ['pending'], effects: 0 }],
  ['to just before it expires', [4 * hourMs - 1], { run: 'waiting', approvals: ['pending'], effects: 0 }],
  ['past its expiry', [5 * hourMs], { run: 'completed', approvals: ['expired'], effects: 0 }],
  ['past its expiry and back', [5 * hourMs, -5 * hourMs], { run: 'completed', approvals: ['expired'], effects: 0 }],
  ['past the deadline of the run', [48 * hourMs], { run: 'expired', approvals: ['expired'], effects: 0 }],
])(
  'while a question waits the clock jumps %s: it expires once or not at all, and nothing is done',
  async (_, jumps, end) => {
    const world = await worldOf(await bundleWith(suspendFirst, asks))
    await world.drain()
    for (const jump of jumps) {
      world.time.at += jump
      await world.drain()
      await world.drain()
    }
    expect(await statuses(world)).toEqual(end)
    if (end.approvals[0] === 'pending') return
    const [approval] = await world.approvals()
    expect(await world.answer(approval?.id ?? '')).toMatchObject({ ok: false })
    expect(await world.rows(`select action from audit where action = 'approval.expire'`)).toHaveLength(1)
  },
)

test.each([
  ['back by an hour', [-hourMs], 'waiting'],
  ['back by an hour and past its end', [-hourMs, hourMs + 11 * minuteMs], 'completed'],
  ['past its end and back', [11 * minuteMs, -hourMs], 'completed'],
  ['to just before its end, in steps', [4 * minuteMs, -3 * minuteMs, 9 * minuteMs - 1], 'waiting'],
  ['past the deadline of the run', [48 * hourMs], 'expired'],
])('while a run waits for ten minutes the clock jumps %s', async (_, jumps, end) => {
  const world = await worldOf(await bundleWith('  - { id: pause, wait: 10m }\n  - { id: call, task: Call }\n'))
  await world.drain()
  for (const jump of jumps) {
    world.time.at += jump
    await world.drain()
    await world.drain()
  }
  expect((await statuses(world)).run).toBe(end)
  expect(await world.rows('select from task')).toHaveLength(end === 'completed' ? 1 : 0)
})
