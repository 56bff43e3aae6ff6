import { expect, test } from 'vitest'
import { changeIncident } from '../../src/cases/index.ts'
import { send } from '../../src/projection/index.ts'
import { shownIn, slackWorld } from './world.ts'

test('one message for an incident, edited in place, its story in the thread, told in one reply each time', async () => {
  const world = await slackWorld()
  await world.settle()
  const first = await world.message()
  for (let n = 1; n <= 5; n++) {
    await world.saveIncident({ title: `Title ${n}` })
    await changeIncident(world.store, {
      number: 1,
      actor: 'analyst-1',
      at: world.time.at,
      change: { kind: 'note', text: `note ${n}` },
    })
  }
  const before = world.slack.calls.length
  const replies = (await world.slack.replies(world.channel, first.ts)).length
  await world.settle()
  expect(world.slack.calls.slice(before).map((one) => one.method)).toEqual(['chat.update', 'chat.postMessage'])
  expect((await world.slack.messages(world.channel)).map((one) => one.ts)).toEqual([first.ts])
  expect(shownIn(await world.message())).toContain('INC-1 Title 5')
  const thread = await world.slack.replies(world.channel, first.ts)
  expect(thread).toHaveLength(replies + 1)
  for (let n = 1; n <= 5; n++) expect(shownIn(thread.at(-1) ?? {})).toContain(`analyst-1: note: note ${n}`)
})

test('of a long story the thread tells the newest and counts the rest', async () => {
  const world = await slackWorld()
  await world.rows(
    "insert into timeline (tenant, incident, n, at, kind, actor, sentence) select tenant, number, 100 + g, g, 'alert', 'okta', 'entry ' || g from incident, generate_series(1, 50) g",
  )
  await world.rows('delete from timeline where n < 100')
  await world.rows('update timeline set n = n - 100')
  await world.settle()
  const [reply] = await world.slack.replies(world.channel, (await world.message()).ts)
  const shown = shownIn(reply ?? {})
  expect(shown).toMatch(/3\d earlier entries are left out here/)
  expect(shown).not.toContain('entry 30\\n')
  expect(shown).toContain('entry 50')
})

test('the same state is not written again', async () => {
  const world = await slackWorld()
  await world.settle()
  await world.saveIncident({})
  const before = world.slack.calls.length
  await world.settle()
  expect(world.slack.calls.slice(before)).toEqual([])
})

test('a closed incident says so on top and asks nothing any more', async () => {
  const world = await slackWorld()
  await world.settle()
  const change = { kind: 'status', status: 'closed', verdict: 'false-positive' } as const
  await changeIncident(world.store, { number: 1, actor: 'analyst-1', at: world.time.at, change })
  await world.settle()
  const shown = shownIn(await world.message())
  expect(shown).toContain('CLOSED: INC-1')
  expect(shown).not.toContain('"type":"actions"')
})

test('what alerts say stands in Slack as text', async () => {
  const world = await slackWorld()
  await world.saveIncident({ title: '<!channel> <https://evil.example|click> *bold* https://evil.example @here' })
  await world.settle()
  const message = await world.message()
  const wire = JSON.stringify(message.blocks) + message.text
  expect(wire).not.toMatch(/<!|<http|:\/\/evil|@here/)
  expect(wire).toContain('&lt;!channel&gt;')
})

test.each([
  ['does not answer', { hang: true as const }],
  ['answers 500', { status: 500 }],
  ['wants to be left alone', { status: 429, headers: { 'retry-after': '30' } }],
  ['does not know our token', { body: { ok: false, error: 'invalid_auth' } }],
])('while Slack %s playbooks go on; when it is back everything is told once', async (_name, fault) => {
  const world = await slackWorld({ policy: 'rules:\n  - { effects: [destructive], answer: allow, reason: trust }\n' })
  world.slack.fault('*', fault)
  await world.drain()
  expect(await world.effects()).toEqual([{ outcome: 'done' }])
  await world.connected.drain()
  expect(await world.slack.messages(world.channel)).toEqual([])
  world.slack.fault('*', null)
  world.time.at += 120_000
  await world.settle()
  expect(await world.slack.messages(world.channel)).toHaveLength(1)
  const thread = (await world.slack.replies(world.channel, (await world.message()).ts)).map(shownIn).join('\n')
  expect(thread).toContain('okta.suspend_user')
})

test('a message that Slack took before we could write down which is found again, not posted twice', async () => {
  const world = await slackWorld()
  await world.settle()
  const first = await world.message()
  // As it stands when the process dies between Slack's answer and our record of it.
  await world.rows(
    `update projection set written = 0, digest = null, outside = outside - 'ts' || '{"posting": true, "told": 0}' where incident = 1`,
  )
  await world.settle()
  expect((await world.slack.messages(world.channel)).map((one) => one.ts)).toEqual([first.ts])
})

test('a reply that Slack took before we could write it down is not told twice', async () => {
  const world = await slackWorld()
  await world.settle()
  const { ts } = await world.message()
  const before = await world.slack.replies(world.channel, ts)
  await world.rows(
    `update projection set written = 0, outside = outside || jsonb_build_object('told', 0, 'replying', (outside->>'told')::int) where incident = 1`,
  )
  await world.settle()
  expect(await world.slack.replies(world.channel, ts)).toEqual(before)
})

test('a message that somebody removed is posted anew with its whole story', async () => {
  const world = await slackWorld()
  await world.settle()
  world.slack.fault('chat.update', { body: { ok: false, error: 'message_not_found' } })
  await world.saveIncident({ title: 'Another title' })
  await world.connected.drain()
  world.slack.fault('chat.update', null)
  await world.settle()
  const all = await world.slack.messages(world.channel)
  expect(all).toHaveLength(2)
  expect(shownIn(all[1] ?? {})).toContain('Another title')
  expect(await world.slack.replies(world.channel, all[1]?.ts ?? '')).toHaveLength(1)
})

test('a channel that the app does not see is said in the outbox, and the message comes when it does', async () => {
  const world = await slackWorld()
  await world.drain()
  world.slack.fault('conversations.list', { body: { ok: true, channels: [] } })
  await world.connected.drain()
  const [row] = await world.rows<{ why: string }>(`select problem->>'why' as why from projection where incident = 1`)
  expect(row?.why).toMatch(/no channel #soc: invite the app/)
  world.slack.fault('conversations.list', null)
  await world.settle()
  expect(await world.slack.messages(world.channel)).toHaveLength(1)
})

test('people who are called get a direct message, held to the same checks as those who answer', async () => {
  const world = await slackWorld()
  await world.settle()
  const call = (key: string, to: object) =>
    world.store.transaction((tx) =>
      send(tx, 'slack', {
        key,
        rank: 0,
        at: world.time.at,
        body: {
          kind: 'call',
          incident: 1,
          approval: null,
          sentence: 'wake up <!channel>',
          channel: null,
          email: null,
          ...to,
        },
      }),
    )
  await call('one', { email: 'one@example.com' })
  await call('channel', { channel: '#soc' })
  world.slack.overlay('two', { deleted: true })
  await call('two', { email: 'two@example.com' })
  await call('gone', { email: 'gone@example.com' })
  await call('one', { email: 'one@example.com' })
  await world.connected.drain()
  const posts = world.slack.calls.filter((one) => one.method === 'chat.postMessage').slice(-2)
  expect(posts.map((one) => one.body.channel)).toEqual([world.slack.userId('one'), world.channel])
  expect(String(posts[0]?.body.text)).toBe('wake up &lt;!channel&gt;')
  expect(
    await world.rows(
      `select problem->>'why' as why from projection where body is not null and problem is not null order by subject`,
    ),
  ).toEqual([
    { why: expect.stringContaining('not in rules/team') },
    { why: expect.stringContaining('analyst-2 cannot be called in Slack: this account is switched off') },
  ])
})
