import { expect, test } from 'vitest'
import { perform } from '../../src/chatops/index.ts'
import { testDatabase, testStore } from '../support/store.ts'
import { shownIn, slackWorld } from './world.ts'

test('an incident is told, approved by button and modal, done, and the message says so', async () => {
  const world = await slackWorld()
  await world.settle()
  const first = await world.message()
  expect(shownIn(first)).toContain('Action: okta.suspend_user\\nTarget: user17@example.com')
  const modal = await world.open('one', 'approve')
  expect(modal).toMatchObject({ callback_id: 'approval', submit: { text: 'Approve' } })
  expect(shownIn(modal as { blocks: unknown[] })).toContain('Inputs: {\\"userId\\":\\"user17@example.com\\"}')
  expect(await world.effects()).toEqual([])
  expect(await world.submit('one', modal, 'the owner confirmed it')).toBe(
    'You have approved okta.suspend_user on user17@\u200bexample.com.',
  )
  expect((await world.approvals())[0]).toMatchObject({
    status: 'approved',
    answers: [{ actor: 'analyst-1', answer: 'approve', reason: 'the owner confirmed it' }],
  })
  await world.settle()
  expect(await world.effects()).toEqual([{ outcome: 'done' }])
  const [after, ...others] = await world.slack.messages(world.channel)
  expect(others).toEqual([])
  expect(after?.ts).toBe(first.ts)
  expect(shownIn(after ?? {})).not.toContain('"type":"actions"')
  expect(shownIn(after ?? {})).toContain('approved: okta.suspend_user on user17@example.com')
  const thread = (await world.slack.replies(world.channel, first.ts)).map(shownIn).join('\n')
  expect(thread).toMatch(/analyst-1: approved okta.suspend_user on user17@example.com: the owner confirmed it/)
  expect(await world.rows(`select channel from approval_answer`)).toEqual([{ channel: 'slack' }])
})

test('a denial needs a reason: the modal stays open without one', async () => {
  const world = await slackWorld()
  await world.settle()
  const modal = await world.open('one', 'deny')
  const refused = await world.actor.submit('one', modal, '  ')
  expect(JSON.parse(refused.text)).toMatchObject({ response_action: 'errors', errors: { reason: expect.any(String) } })
  expect((await world.approvals())[0]?.status).toBe('pending')
  expect(await world.submit('one', modal, 'a drill')).toMatch(/You have denied/)
  await world.settle()
  expect(await world.effects()).toEqual([])
  expect(shownIn(await world.message())).toContain('denied: okta.suspend_user')
})

test.each<[name: string, person: string, overlay: object | null, why: RegExp]>([
  ['whose account is switched off', 'one', { deleted: true }, /switched off/],
  ['that is a machine', 'one', { is_bot: true }, /machine/],
  ['of another workspace', 'one', { team_id: 'T999' }, /another workspace/],
  ['who is a stranger from a shared channel', 'one', { is_stranger: true }, /another workspace/],
  ['who is a guest', 'one', { is_ultra_restricted: true }, /guests/],
  ['whose mail address is not confirmed', 'one', { is_email_confirmed: false }, /not confirmed/],
  [
    'who is called like an analyst but has another address',
    'stranger',
    {
      name: 'analyst-1',
      real_name: 'analyst-1',
      profile: { email: 'stranger@example.com', display_name: 'analyst-1' },
    },
    /rules\/team/,
  ],
  ['without a mail address', 'one', { profile: {} }, /users:read\.email/],
  ['without the role', 'viewer', null, /one of the roles responder/],
])('the answer of a user %s does not count', async (_name, person, overlay, why) => {
  const world = await slackWorld()
  await world.settle()
  const modal = await world.open(person, 'approve')
  if (overlay !== null) world.slack.overlay(person, { ...(overlay as Record<string, unknown>) })
  expect(await world.submit(person, modal, 'yes')).toMatch(why)
  expect((await world.approvals())[0]).toMatchObject({ status: 'pending', answers: [] })
})

test('an answer that comes from another workspace does not count', async () => {
  const world = await slackWorld()
  await world.settle()
  const modal = await world.open('one', 'approve')
  await world.actor.submit('one', modal, 'yes', 'T999')
  await expect.poll(() => world.slack.ephemerals.at(-1)?.text).toMatch(/another workspace/)
  expect((await world.approvals())[0]?.answers).toEqual([])
})

test('late, changed and repeated answers are told so, and change nothing', async () => {
  const world = await slackWorld()
  await world.settle()
  const old = await world.message()
  const modal = await world.open('one', 'approve')
  const other = {
    ...modal,
    private_metadata: String(modal.private_metadata).replace(/"digest":"[0-9a-f]{64}"/, `"digest":"${'0'.repeat(64)}"`),
  }
  expect(await world.submit('one', other, 'yes')).toMatch(/not what this message shows/)
  expect(await world.submit('one', modal, 'yes')).toMatch(/You have approved/)
  expect(await world.submit('two', modal, 'me too')).toMatch(/Too late: .* is approved already/)
  await world.settle()
  const before = world.slack.modals().length
  await world.actor.click('two', world.channel, old, 'approve')
  await expect.poll(() => world.slack.modals().length).toBe(before + 1)
  expect(JSON.stringify(world.slack.modals().at(-1))).toMatch(/Too late/)
  expect((await world.approvals())[0]?.answers).toHaveLength(1)
})

test('an answer after the approval has expired is late', async () => {
  const world = await slackWorld()
  await world.settle()
  const modal = await world.open('one', 'approve')
  world.time.at = (await world.approvals())[0]?.expiresAt ?? 0
  const trigger = await world.slack.trigger(world.slack.userId('one'))
  const body = world.actor.form(world.actor.submitBody('one', modal, 'yes', trigger))
  await world.actor.post(body, { at: world.time.at })
  await expect.poll(() => world.slack.ephemerals.at(-1)?.text).toMatch(/has expired/)
  await world.settle()
  expect(await world.effects()).toEqual([])
})

test.each(['the command line', 'a comment'])(
  'of a button and %s that answer at the same time exactly one wins, and the other is told',
  async (way) => {
    const world = await slackWorld()
    await world.settle()
    const modal = await world.open('one', 'approve')
    const id = (await world.approvals())[0]?.id ?? ''
    const other = async () => {
      if (way === 'the command line')
        return (await world.answer(id, { actor: 'analyst-2', answer: 'deny', reason: 'no' })).ok
      const parts = { store: world.store, bundle: () => world.bundle }
      const speaker = { actor: 'analyst-2', roles: ['responder'], channel: 'github' } as const
      const command = { verb: 'deny', approval: id, reason: 'no' } as const
      const reply = await perform(parts, { command, speaker, incident: 1, at: world.time.at })
      if (!reply.ok) expect(reply.lines.join()).toMatch(/does not count/)
      return reply.ok
    }
    const [told, isOther] = await Promise.all([world.submit('one', modal, 'yes'), other()])
    const isButton = /You have approved/.test(told)
    expect([isButton, isOther].filter(Boolean)).toHaveLength(1)
    if (!isButton) expect(told).toMatch(/Too late|already/)
    expect((await world.approvals())[0]?.answers).toHaveLength(1)
    await world.settle()
    expect(await world.effects()).toHaveLength(isButton ? 1 : 0)
    expect(shownIn(await world.message())).toContain(`${isButton ? 'approved' : 'denied'}: okta.suspend_user`)
  },
)

test('what Slack sends again, or somebody who recorded it, is done once', async () => {
  const world = await slackWorld()
  await world.settle()
  const modal = await world.open('one', 'approve')
  const trigger = await world.slack.trigger(world.slack.userId('one'))
  const body = world.actor.form(world.actor.submitBody('one', modal, 'yes', trigger))
  const sent = await Promise.all(Array.from({ length: 4 }, () => world.actor.post(body)))
  expect(sent.map((one) => one.status)).toEqual([200, 200, 200, 200])
  await expect.poll(() => world.slack.ephemerals.length).toBe(1)
  await world.actor.post(body, { headers: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' } })
  await world.say('one', 'status INC-1')
  expect(world.slack.ephemerals).toHaveLength(1)
  expect((await world.approvals())[0]?.answers).toHaveLength(1)
})

test.each<[name: string, parts: object, status: number]>([
  ['without a signature', { secret: null }, 401],
  ['with the signature of another secret', { secret: 'another-secret' }, 401],
  ['of six minutes ago', { at: -360_000 }, 401],
  ['of six minutes from now', { at: 360_000 }, 401],
  ['with a time that is none', { headers: { 'x-slack-request-timestamp': 'now' } }, 401],
  ['with a hundred thousand bytes more', { size: 100_001 }, 413],
])('a request %s is refused before anybody looks at it', async (_name, given, status) => {
  const { at, size, ...parts } = given as { at?: number; size?: number }
  const world = await slackWorld()
  await world.settle()
  const message = await world.message()
  const button = world.actor.button(message, 'approve')
  const body = world.actor.form(world.actor.clickBody('one', world.channel, message, button, 'trigger'))
  const padded = size === undefined ? body : body + '&'.repeat(size)
  const answered = await world.actor.post(padded, { ...parts, ...(at === undefined ? {} : { at: world.time.at + at }) })
  expect(answered.status).toBe(status)
  expect(world.slack.modals()).toEqual([])
})

test('a button that is not one of ours, and kinds of requests nobody handles, are answered and do nothing', async () => {
  const world = await slackWorld()
  await world.settle()
  const message = await world.message()
  const click = (action: Record<string, unknown>) =>
    world.actor.post(
      world.actor.form(world.actor.clickBody('one', world.channel, message, action, `t-${Math.random()}`)),
    )
  expect((await click({ action_id: 'other', block_id: 'x', value: '1' })).status).toBe(200)
  expect((await click({ action_id: 'approve', block_id: 'x', value: '{"id":"ap-1"}' })).status).toBe(200)
  expect(
    (
      await world.actor.post(
        world.actor.form({
          type: 'shortcut',
          callback_id: 'x',
          trigger_id: 't',
          ...{ team: { id: 'T000000001' }, user: { id: 'U1' } },
        }),
      )
    ).status,
  ).toBe(200)
  expect((await world.approvals())[0]?.status).toBe('pending')
})

test('buttons of one tenant do nothing at another', async () => {
  const url = await testDatabase()
  const one = await slackWorld({ store: await testStore({ url, tenant: 'one' }) })
  const two = await slackWorld({ store: await testStore({ url, tenant: 'two' }) })
  await one.settle()
  const modal = await one.open('one', 'approve')
  expect(await two.submit('one', modal, 'yes')).toMatch(/There is no approval/)
  expect((await one.approvals())[0]?.status).toBe('pending')
  expect(await two.slack.messages(two.channel)).toEqual([])
  await two.settle()
  expect(await two.slack.messages(two.channel)).toHaveLength(1)
})
