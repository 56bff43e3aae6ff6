import { expect, test } from 'vitest'
import { slackWorld } from './world.ts'

test('/soc does what comments do, by the same rights', async () => {
  const world = await slackWorld()
  await world.settle()
  expect(await world.say('one', 'ack INC-1')).toMatch(/INC-1: .*acknowledged/)
  expect(await world.rows('select status, owner from incident')).toEqual([
    { status: 'acknowledged', owner: 'analyst-1' },
  ])
  expect(await world.say('viewer', 'close INC-1 false-positive')).toMatch(/needs|may/)
  expect(await world.say('one', 'stauts INC-1')).toMatch(/did you mean \/soc status/)
  expect(await world.say('stranger', 'status INC-1')).toMatch(/Nothing was done: no file of rules\/team/)
  expect(await world.rows('select status from incident')).toEqual([{ status: 'acknowledged' }])
})

test('an approval is answered by words too', async () => {
  const world = await slackWorld()
  await world.settle()
  const [approval] = await world.approvals()
  expect(await world.say('one', `approve ${approval?.id} the owner agrees`)).toMatch(/approved by analyst-1/)
  expect(await world.say('two', `deny ${approval?.id} no`)).toMatch(/does not count/)
  await world.settle()
  expect(await world.effects()).toEqual([{ outcome: 'done' }])
})

test('a command that is sent again is done once', async () => {
  const world = await slackWorld()
  await world.settle()
  const trigger = await world.slack.trigger(world.slack.userId('one'))
  const body = world.actor.commandBody('one', 'note INC-1 called the owner', world.channel, trigger)
  for (let n = 0; n < 3; n++) expect((await world.actor.post(body)).status).toBe(200)
  await expect.poll(() => world.slack.answers().length).toBe(1)
  await world.say('one', 'status INC-1')
  expect(await world.rows(`select from timeline where sentence like 'note: called%'`)).toHaveLength(1)
})

test('while Slack does not say who somebody is, nobody is anybody', async () => {
  const world = await slackWorld()
  await world.settle()
  world.slack.fault('users.info', { status: 500 })
  expect(await world.say('one', 'ack INC-1')).toMatch(/Nothing was done: Slack does not say who this is/)
  expect(await world.rows('select status from incident')).toEqual([{ status: 'new' }])
})

test('a call that Slack never answers is given up, and a person or modal that waits for it is told or logged', async () => {
  const world = await slackWorld()
  await world.settle()
  world.slack.fault('users.info', { hang: true })
  const trigger = await world.slack.trigger(world.slack.userId('one'))
  await world.actor.post(world.actor.commandBody('one', 'ack INC-1', world.channel, trigger))
  await expect.poll(() => world.slack.answers().at(-1), { timeout: 30_000 }).toMatch(/Slack does not say who this is/)
  expect(await world.rows('select status from incident')).toEqual([{ status: 'new' }])
  world.slack.fault('views.open', { hang: true })
  expect((await world.actor.click('one', world.channel, await world.message(), 'approve')).status).toBe(200)
  await expect.poll(() => world.logs.join(), { timeout: 30_000 }).toMatch(/slack: .*timeout/)
  expect(await world.approvals()).toMatchObject([{ status: 'pending' }])
}, 90_000)

test('over Socket Mode buttons, modals and commands work the same, and nothing listens on HTTP', async () => {
  const world = await slackWorld({ receive: 'socket' })
  await world.connected.start()
  await world.settle()
  await expect.poll(() => world.connected.state(), { timeout: 5000 }).toBe('connected')
  const message = await world.message()
  const button = world.actor.button(message, 'approve')
  const click = world.actor.clickBody(
    'one',
    world.channel,
    message,
    button,
    await world.slack.trigger(world.slack.userId('one')),
  )
  await world.slack.envelope('interactive', click)
  await expect.poll(() => world.slack.modals().length, { timeout: 5000 }).toBe(1)
  const submit = world.actor.submitBody(
    'one',
    world.slack.modals()[0] ?? {},
    'yes',
    await world.slack.trigger(world.slack.userId('one')),
  )
  await world.slack.envelope('interactive', submit)
  await expect.poll(() => world.slack.ephemerals.at(-1)?.text, { timeout: 5000 }).toMatch(/You have approved/)
  expect((await world.actor.post('payload={}')).status).toBe(404)
})
