import { expect, test } from 'vitest'
import { changeIncident } from '../../../src/cases/index.ts'
import { githubWorld } from './github-world.ts'

test('an incident becomes one issue, an approval in a comment lets the action be done, and closing it closes the issue', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  expect(await world.problems()).toEqual([])
  const opened = await world.issue()
  const [waiting] = await world.approvals()
  if (waiting === undefined) throw new Error('nothing waits')
  expect(opened.state).toBe('open')
  expect(opened.body).toContain('May `okta.suspend_user` be done on `user17@example.com`?')
  expect(await world.labels()).toContain('status:new')
  expect((await world.comments()).map((one) => one.body?.split('\n')[0])).toEqual(['<!-- gitsoc:status main/1 -->'])

  const asked = /`(\/approve [0-9a-f]+)`/.exec(opened.body ?? '')?.[1] ?? ''
  const comment = await world.say(`I called the owner, it was not them.\n\n${asked} confirmed by phone`)
  await world.settle()
  expect(await world.approvals()).toMatchObject([
    { status: 'approved', answers: [{ actor: 'analyst-1', reason: 'confirmed by phone' }] },
  ])
  expect(await world.answers()).toHaveLength(1)
  const reactions = await world.github
    .as('lead')
    .reactions.listForIssueComment({ ...world.repo, comment_id: comment.id })
  expect(reactions.data.map((one) => one.content)).toEqual(['+1'])

  await world.drain()
  await world.settle()
  expect((await world.issue()).body).toContain('**Holds** (simulated): `okta.suspend_user` on `user17@example.com`')
  expect((await world.issue()).body).not.toContain('decision waits')

  await world.say('/ack\n/close true-positive keys rotated')
  await world.settle()
  const closed = await world.issue()
  expect(closed.state).toBe('closed')
  expect(await world.labels()).toContain('status:closed')
  expect((await world.answers()).length).toBe(2)
  expect((await world.comments()).filter((one) => one.body?.includes('gitsoc:status'))).toHaveLength(1)
})

test('when nothing changes nothing is written, and our own writes are not taken for anybody else’s', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  const before = world.writes().length
  await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.clock(),
    change: { kind: 'status', status: 'contained' },
  })
  await world.settle()
  const after = world.writes().length
  expect(after - before, 'the issue and its sticky comment').toBe(2)
  expect(await world.settle()).toBe(0)
  expect(world.writes().length).toBe(after)
})
