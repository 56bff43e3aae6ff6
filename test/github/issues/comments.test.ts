import { expect, test } from 'vitest'
import { answerApproval } from '../../../src/respond/index.ts'
import { githubWorld } from './github-world.ts'

const opened = async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  return world
}

const statusOf = async (world: Awaited<ReturnType<typeof opened>>) =>
  (await world.rows<{ status: string }>('select status from incident where number = 1'))[0]?.status

test.each([
  ['a quote', '> /ack'],
  ['a code block', '```\n/ack\n```'],
  ['indented code', '    /ack'],
  ['an HTML comment', '<!--\n/ack\n-->'],
  ['no command', 'see /etc/passwd'],
])('%s is no command and is not answered', async (_name, body) => {
  const world = await opened()
  await world.say(body)
  await world.settle()
  expect(await statusOf(world)).toBe('new')
  expect(await world.answers()).toEqual([])
})

test.each([
  ['an app', { login: 'helper[bot]', type: 'Bot' }],
  ['an app that calls itself a person', { login: 'helper[bot]', type: 'User' }],
])('what %s says is no command', async (_name, user) => {
  const world = await opened()
  const at = new Date(world.clock()).toISOString()
  await world.dispatch({
    id: 'by-a-machine',
    event: 'issue_comment',
    payload: {
      action: 'created',
      issue: await world.issue(),
      comment: { id: 4242, body: '/ack', user, created_at: at, updated_at: at },
      sender: user,
    },
  })
  await world.settle()
  expect(await statusOf(world)).toBe('new')
  expect(await world.answers()).toEqual([])
})

test('several commands of a comment are done in their order and answered by one comment; an unknown one gets the nearest', async () => {
  const world = await opened()
  await world.say('/ack\n/note the owner was called\n/aprove\n/task ring the bank')
  await world.settle()
  const answers = await world.answers()
  expect(answers).toHaveLength(1)
  expect(
    answers[0]
      ?.split('\n')
      .slice(1)
      .map((line) => line.slice(0, 60)),
  ).toEqual([
    expect.stringMatching(/^- `\/ack`: INC-1: set to acknowledged/),
    expect.stringMatching(/^- `\/note`: /),
    expect.stringMatching(/^- `\/task`: /),
    expect.stringMatching(/^- \*\*not done\*\*: there is no command "aprove": did you mean/),
  ])
})

test('a comment is handled once, however often it is delivered or found', async () => {
  const world = await opened()
  await world.say('/note once')
  await world.github.idle()
  const [delivery] = world.github.take()
  if (delivery === undefined) throw new Error('no webhook')
  await Promise.all([world.dispatch(delivery), world.dispatch({ ...delivery, id: 'again' })])
  await world.dispatch(delivery)
  await world.feature.look?.()
  await world.settle()
  await world.feature.look?.()
  await world.settle()
  const notes = await world.rows(`select from timeline where sentence = 'note: once'`)
  expect(notes).toHaveLength(1)
  expect(await world.answers()).toHaveLength(1)
})

test('who is in no team may not, whatever the repository lets them do, and is told', async () => {
  const world = await opened()
  await world.say('/ack', 'lead')
  await world.settle()
  expect(await statusOf(world)).toBe('new')
  expect((await world.answers()).join()).toContain('you have no role here')
})

test('who leaves the team has no say from that moment on', async () => {
  const world = await opened()
  await world.say('/note still here')
  await world.settle()
  await world.github
    .as('lead')
    .teams.removeMembershipForUserInOrg({ org: 'acme', team_slug: 'soc-responders', username: 'analyst' })
  await world.say('/ack')
  await world.settle()
  expect(await statusOf(world)).toBe('new')
  expect(await world.answers()).toHaveLength(2)
})

test('who is taken out of the team between a question and the answer decides nothing, without any webhook of it', async () => {
  const world = await opened()
  const command = /`(\/approve [0-9a-f]+)`/.exec((await world.issue()).body ?? '')?.[1] ?? ''
  expect(command).not.toBe('')
  await world.say('/note I look at it')
  await world.settle()
  await world.github
    .as('lead')
    .teams.removeMembershipForUserInOrg({ org: 'acme', team_slug: 'soc-responders', username: 'analyst' })
  await world.github.idle()
  world.github.take()
  await world.say(`${command} the owner says it was not them`)
  await world.settle()
  expect((await world.answers()).at(-1)).toMatch(/not done.*your answer does not count/)
  expect(await world.rows('select status from approval')).toEqual([{ status: 'pending' }])
  expect(await world.rows('select from approval_answer')).toEqual([])
})

test('a comment that was edited before it was found counts for nothing, and its author is told', async () => {
  const world = await opened()
  const comment = await world.say('hello')
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await world.github.as('analyst').issues.updateComment({ ...world.repo, comment_id: comment.id, body: '/ack' })
  await world.github.idle()
  world.github.take()
  await world.feature.look?.()
  await world.settle()
  expect(await statusOf(world)).toBe('new')
  expect((await world.answers()).join()).toContain('edited comments do not count')
})

test('of an approval by comment and one on the command line at once one counts and the other is told', async () => {
  const world = await opened()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing waits')
  await world.say(`/approve ${approval.digest.slice(0, 16)}`)
  await world.github.idle()
  const [delivery] = world.github.take()
  if (delivery === undefined) throw new Error('no webhook')
  const [answered] = await Promise.all([
    answerApproval(world.store, {
      id: approval.id,
      answer: 'deny',
      actor: 'lead-1',
      roles: ['responder'],
      channel: 'cli',
      reason: 'not now',
      at: world.clock(),
    }),
    world.dispatch(delivery),
  ])
  await world.settle()
  const [settled] = await world.approvals()
  expect(settled?.answers).toHaveLength(1)
  const [answer = ''] = await world.answers()
  if (settled?.status === 'denied') {
    expect(answered).toMatchObject({ ok: true })
    expect(answer).toContain('**not done**')
  } else {
    expect(answered).toMatchObject({ ok: false })
    expect(settled?.status).toBe('approved')
  }
})

test('while GitHub does not say whether somebody is in the team nothing is done, and it is done later', async () => {
  const world = await opened()
  await world.say('/ack')
  await world.github.idle()
  const [delivery] = world.github.take()
  if (delivery === undefined) throw new Error('no webhook')
  world.github.fail(({ path }) => (path.includes('/memberships/') ? { status: 503 } : null))
  await expect(world.dispatch(delivery)).rejects.toThrow('GitHub answered 503')
  expect(await statusOf(world)).toBe('new')
  world.github.fail(null)
  await world.dispatch(delivery)
  expect(await statusOf(world)).toBe('acknowledged')
})

test('help is the table of all commands, once', async () => {
  const world = await opened()
  await world.say('/help')
  await world.settle()
  const [answer = ''] = await world.answers()
  for (const verb of ['approve', 'deny', 'rollback', 'timeline']) expect(answer).toContain(`/${verb}`)
})
