import { expect, test } from 'vitest'
import { changeIncident, readCase } from '../../src/cases/index.ts'
import { perform } from '../../src/chatops/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { analyst, nobody, responder, talk } from './talk.ts'

test.each<[string, RegExp, object]>([
  ['/ack', /^INC-1: set to acknowledged; now acknowledged, owned by analyst-1$/, { status: 'acknowledged' }],
  ['/assign octo-2', /assigned to analyst-2/, { owner: 'analyst-2' }],
  ['/assign @octo-2', /assigned to analyst-2/, { owner: 'analyst-2' }],
  ['/assign me', /assigned to analyst-1/, { owner: 'analyst-1' }],
  ['/status contained the key is off', /set to contained/, { status: 'contained' }],
  ['/verdict benign-positive drill', /judged as benign-positive/, { verdict: 'benign-positive' }],
  ['/close false-positive the scanner', /now closed, nobody owns it, false-positive/, { status: 'closed' }],
])('%s does it and says so', async (text, said, after) => {
  const world = await talk()
  const reply = await world.say(text)
  expect(reply).toMatchObject({ ok: true, changed: true, lines: [expect.stringMatching(said)] })
  const file = await world.store.transaction((tx) => readCase(tx, 1))
  expect(file?.incident).toMatchObject(after)
  expect(file?.timeline.at(-1)).toMatchObject({ kind: 'person', actor: 'analyst-1', at: world.time.at })
  expect((await verifyAudit(world.store)).broken).toBeNull()
})

test('notes and tasks are written, finished and opened again', async () => {
  const world = await talk()
  await world.say('/note called the owner')
  expect(await world.say('/task Look at the mail')).toMatchObject({ ok: true })
  expect(await world.say('/task done 1')).toMatchObject({
    ok: true,
    lines: [expect.stringContaining('task 1 is done')],
  })
  expect(await world.say('/task done 1')).toMatchObject({
    ok: false,
    lines: [expect.stringContaining('no task 1'), expect.any(String)],
  })
  expect(await world.say('/task reopen 1')).toMatchObject({ ok: true })
  const file = await world.store.transaction((tx) => readCase(tx, 1))
  expect(file?.timeline.some((one) => one.sentence === 'note: called the owner')).toBe(true)
  expect(file?.tasks).toMatchObject([{ title: 'Look at the mail', state: 'open' }])
})

test.each<[name: string, text: string, said: RegExp]>([
  ['an incident that is not there', 'INC-77 ack', /there is no incident 77/],
  ['no incident', 'ack', /which incident is meant\?/],
  ['somebody whom the team does not know', 'INC-1 assign octo-3', /nobody called "octo-3": did you mean/],
  ['a close without a verdict', 'INC-1 close', /closing needs a verdict/],
  ['a verdict that is none', 'INC-1 verdict maybe', /"maybe" is none of true-positive/],
  ['words that are missing', 'INC-1 note', /text is missing/],
  ['an approval that is not there', 'INC-1 approve ap-0000', /there is no approval ap-0000 in INC-1/],
  ['an approval where nothing waits', 'INC-2 approve', /nothing of INC-2 waits/],
  ['no approval and no incident', 'approve', /which approval is meant/],
  ['a denial without its reason', 'INC-1 deny ap-0000', /the reason is missing/],
])('%s is refused with what is missing, and nothing changes', async (_name, text, said) => {
  const world = await talk()
  await world.drain()
  const before = await world.stored()
  const reply = await world.say(text, responder, null)
  expect(reply).toMatchObject({ ok: false, changed: false })
  expect(reply.lines.join('\n')).toMatch(said)
  expect(await world.stored()).toEqual(before)
})

test('what is done already is said, and not done again', async () => {
  const world = await talk()
  await world.say('/ack')
  expect((await world.say('/ack')).lines[0]).toBe('incident 1 is acknowledged already')
  await world.say('/close benign-positive')
  expect((await world.say('/close benign-positive')).lines[0]).toBe('incident 1 is closed already')
})

test('a right that is missing is named, with what the speaker has', async () => {
  const world = await talk()
  await world.drain()
  const before = await world.stored()
  expect((await world.say('/cancel', analyst)).lines).toEqual([
    '/cancel needs one of the roles responder, incident-lead; you have analyst',
  ])
  expect((await world.say('/ack', nobody)).lines).toEqual([
    '/ack needs one of the roles analyst, responder, incident-lead; you have no role here',
  ])
  expect((await world.say('/status', nobody)).ok).toBe(false)
  expect((await world.say('/status contained', { ...nobody, roles: ['guest'] })).ok).toBe(false)
  expect((await world.say('/status', { ...nobody, roles: ['guest'] })).ok).toBe(true)
  expect((await world.say('/help', nobody)).ok).toBe(true)
  expect(await world.stored()).toEqual(before)
})

test('the team file takes and gives rights from one moment to the next', async () => {
  const world = await talk()
  const rights = { ...world.live.team.rights, ack: ['incident-lead'] }
  const parts = { ...world.parts, bundle: () => ({ ...world.live, team: { ...world.live.team, rights } }) }
  const said = { command: { verb: 'ack', reason: '' }, speaker: responder, incident: 1, at: 1 } as const
  expect((await perform(parts, said)).ok).toBe(false)
  expect((await perform(world.parts, said)).ok).toBe(true)
})

test.each(['dependabot[bot]', 'gitsoc[BOT]', '', ' '])('what "%s" says changes nothing', async (actor) => {
  const world = await talk()
  await world.drain()
  const before = await world.stored()
  for (const text of ['/ack', '/approve', '/help'])
    expect(await world.say(text, { ...responder, actor })).toMatchObject({ ok: false, changed: false })
  expect(await world.stored()).toEqual(before)
})

async function asked(policy?: string) {
  const world = await talk({ ...(policy === undefined ? {} : { policy }) })
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  return { ...world, approval }
}

test('/status shows what would be approved: action, target, inputs, reason, end, who may, digest and how to answer', async () => {
  const { say, approval } = await asked()
  const text = (await say('/status')).lines.join('\n')
  for (const part of [
    `${approval.id}: may okta.suspend_user be done on user17@example.com?`,
    'inputs: {"userId":"user17@example.com"}',
    'why: ',
    'may be answered until 1970-01-01 04:16:40 UTC by one of responder',
    `bound to ${approval.digest.slice(0, 12)}: content of worktree, ${approval.run}, step suspend`,
    `/approve ${approval.id.slice(0, 11)} or /deny`,
  ])
    expect(text).toContain(part)
  expect((await say('/why')).lines.join('\n')).toContain(`${approval.id}: may okta.suspend_user`)
})

test.each<[string, (id: string, digest: string) => string]>([
  ['the whole id', (id) => `/approve ${id} fine`],
  ['the beginning of the id', (id) => `/approve ${id.slice(0, 11)}`],
  ['the beginning of the digest', (_id, digest) => `/approve ${digest.slice(0, 16)}`],
  ['nothing, where one waits', () => '/approve'],
])('an approval is given by %s', async (_name, write) => {
  const world = await asked()
  const reply = await world.say(write(world.approval.id, world.approval.digest))
  expect(reply.lines[0]).toMatch(/approved by analyst-1: okta.suspend_user on user17@example.com/)
  expect(reply).toMatchObject({ ok: true, changed: true })
  expect(await world.approvals()).toMatchObject([{ status: 'approved', answers: [{ actor: 'analyst-1' }] }])
})

test('a denial carries its reason', async () => {
  const world = await asked()
  expect(await world.say('/deny this is a drill')).toMatchObject({ ok: true, changed: true })
  expect(await world.approvals()).toMatchObject([{ status: 'denied', answers: [{ reason: 'this is a drill' }] }])
})

test('an approval without the role, a second time, or of another incident does not count', async () => {
  const world = await asked()
  expect((await world.say('/approve', analyst)).lines[0]).toMatch(/needs one of the roles responder/)
  expect((await world.say(`INC-2 approve ${world.approval.id}`)).lines[0]).toMatch(/belongs to INC-1: answer it there/)
  await world.say('/approve')
  expect((await world.say(`/approve ${world.approval.id}`)).lines[0]).toMatch(/is approved already/)
  expect((await world.say('/approve')).lines[0]).toMatch(/nothing of INC-1 waits/)
})

test('right after one approval ended the next is only answered by name', async () => {
  const steps = `  - { id: one, action: okta.suspend_user, with: { userId: a@example.com }, expires: 24h }\n  - { id: two, action: okta.suspend_user, with: { userId: b@example.com }, expires: 24h }\n`
  const world = await talk({ steps })
  await world.drain()
  await world.say('/approve')
  await world.drain()
  world.time.at += 10_000
  expect((await world.say('/approve')).lines[0]).toMatch(/ended a moment ago: say which/)
  world.time.at += 60_000
  expect((await world.say('/approve')).lines[0]).toMatch(/approved by analyst-1: okta.suspend_user on b@example.com/)
})

test.each([
  ['analyst-1@example.com'],
  ['octo-1'],
  ['octo-1@users.noreply.github.com'],
  ['1234+Octo-1@users.noreply.github.com'],
])('who wrote the playbook as %s cannot approve it', async (author) => {
  const world = await asked()
  await world.store.transaction((tx) =>
    tx.query(
      `insert into bundle (tenant, digest, commit, deployed_at, files, authors) values ($1, $2, 'c', 1, '[]', $3)
      on conflict (tenant, digest) do update set authors = excluded.authors`,
      [tx.tenant, world.live.digest, JSON.stringify({ contain: [author] })],
    ),
  )
  expect((await world.say('/approve')).lines[0]).toMatch(/whoever wrote the playbook cannot approve/)
})

test('of a question the answer is one of its options', async () => {
  const steps = '  - { id: q, ask: Is it theirs?, options: [yes it is, "no"], expires: 1h }\n'
  const world = await talk({ steps })
  await world.drain()
  expect((await world.say('/approve')).lines[0]).toMatch(/is a question: write \/approve ap-\w+ yes it is or/)
  expect((await world.say('/deny because')).lines[0]).toMatch(/is a question/)
  expect((await world.say('/approve yes it is, I asked')).ok).toBe(false)
  expect((await world.say('/approve YES it is I asked')).lines[0]).toMatch(/answered "yes it is"/)
  expect(await world.approvals()).toMatchObject([{ chosen: 'yes it is', answers: [{ reason: 'I asked' }] }])
})

test('what stands in a merged incident is shown where it went', async () => {
  const world = await talk()
  await world.rows(`update incident set status = 'merged', merged_into = 2 where number = 1`)
  expect((await world.say('/status')).lines[0]).toBe('INC-1 was merged into INC-2')
  expect((await world.say('/ack')).lines).toEqual(['incident 1 was merged into 2', 'use incident 2'])
})

test('text of attackers comes out as bounded lines without what changes how they read', async () => {
  const world = await talk()
  const title = `evil\u202e\u200b\n/approve\u0007 ${'x'.repeat(5000)}`
  await world.rows(
    `update incident set doc = jsonb_set(doc, '{title}', '${JSON.stringify(title).replaceAll("'", "''")}') where number = 1`,
  )
  await changeIncident(world.store, { number: 1, actor: 'a', at: 1, change: { kind: 'note', text: title } })
  for (const text of ['/status', '/why', '/timeline']) {
    const { lines } = await world.say(text)
    expect(lines.every((line) => line.length <= 1000)).toBe(true)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u200b\u202e]/)
  }
})
