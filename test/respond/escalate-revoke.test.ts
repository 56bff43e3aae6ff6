import { expect, test } from 'vitest'
import { boundTo, keepBundle, readApproval, revokeAnswer } from '../../src/respond/index.ts'
import { bundleWith, suspendFirst, worldOf } from './world.ts'

const minute = 60_000
const policy = (terms: string) =>
  `rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [responder], expires: 2h${terms} }, reason: people }\n`

async function asked(terms = '') {
  const world = await worldOf(await bundleWith(suspendFirst, policy(terms)))
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  const audited = () =>
    world.rows<{ action: string; actor: string }>(
      `select action, actor from audit where action like 'approval.%' order by seq`,
    )
  const revoke = (parts: Partial<Parameters<typeof revokeAnswer>[1]> = {}) =>
    revokeAnswer(world.store, { id: approval.id, actor: 'analyst-1', reason: 'a mistake', at: world.time.at, ...parts })
  const effects = () => world.rows<{ outcome: string }>('select outcome from effect')
  return { ...world, approval, audited, revoke, effects }
}

const escalating = ', escalate: { after: 30m, to: [incident-lead, director] }'

test('when nobody answers in time the question is put to more people, once, and that is told', async () => {
  const world = await asked(escalating)
  const lead = () => world.answer(world.approval.id, { actor: 'lead-1', roles: ['incident-lead'] })
  world.time.at += 30 * minute - 1
  await world.drain()
  expect(await lead()).toMatchObject({ ok: false, why: expect.stringContaining('one of the roles responder') })
  world.time.at += 1
  await world.drain()
  await world.drain()
  expect((await world.approvals())[0]?.roles).toEqual(['director', 'incident-lead', 'responder'])
  expect((await world.audited()).map((one) => one.action)).toEqual(['approval.ask', 'approval.escalate'])
  const told = await world.rows<{ sentence: string }>(
    `select sentence from timeline where sentence like 'nobody has answered%'`,
  )
  expect(told).toEqual([{ sentence: expect.stringContaining('now incident-lead, director may too') }])
  expect(await lead()).toMatchObject({ ok: true, status: 'approved' })
})

test.each([
  ['is answered before', 0],
  ['has expired', 2 * 60 * minute],
] as const)('a question that %s is put to nobody else', async (_what, passes) => {
  const world = await asked(escalating)
  if (passes === 0) await world.answer(world.approval.id, { answer: 'deny', reason: 'no' })
  world.time.at += Math.max(passes, 30 * minute)
  await world.drain()
  expect((await world.approvals())[0]?.roles).toEqual(['responder'])
})

test.each(['2h', '3h'])('a policy that escalates after %s of 2h does not load', async (after) => {
  await expect(bundleWith(suspendFirst, policy(`, escalate: { after: ${after}, to: [lead] }`))).rejects.toThrow(
    'an escalation comes before the question expires',
  )
})

test('an approval that is taken back before anything was done lets nothing happen, and others can still decide', async () => {
  const world = await asked()
  await world.answer(world.approval.id)
  expect(await world.revoke()).toEqual({ ok: true })
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect((await world.approvals())[0]).toMatchObject({
    status: 'pending',
    answers: [{ answer: 'revoked', actor: 'analyst-1' }],
  })
  expect(await world.answer(world.approval.id)).toEqual({ ok: false, why: 'analyst-1 has answered already' })
  expect(await world.answer(world.approval.id, { actor: 'analyst-2' })).toMatchObject({ ok: true, status: 'approved' })
  await world.drain()
  expect(await world.effects()).toEqual([{ outcome: 'done' }])
  expect((await world.audited()).map((one) => `${one.action} ${one.actor}`)).toEqual([
    'approval.ask gitsoc',
    'approval.approve analyst-1',
    'approval.revoke analyst-1',
    'approval.approve analyst-2',
  ])
})

test.each<
  [name: string, before: (world: Awaited<ReturnType<typeof asked>>) => Promise<unknown>, parts: object, why: RegExp]
>([
  [
    'of somebody else',
    (world) => world.answer(world.approval.id),
    { actor: 'analyst-2' },
    /analyst-2 has not approved/,
  ],
  ['that was never given', async () => {}, {}, /has not approved/],
  ['of nobody', (world) => world.answer(world.approval.id), { actor: ' ' }, /nobody has not approved|nobody/],
  [
    'that was a denial',
    (world) => world.answer(world.approval.id, { answer: 'deny', reason: 'no' }),
    {},
    /has not approved/,
  ],
  ['of a question that does not exist', async () => {}, { id: 'ap-1' }, /there is no approval/],
  [
    'that was acted on',
    async (world) => {
      await world.answer(world.approval.id)
      await world.drain()
    },
    {},
    /acted on already/,
  ],
])('an approval %s is not taken back', async (_name, before, parts, why) => {
  const world = await asked()
  await before(world)
  const status = (await world.approvals())[0]?.status
  expect(await world.revoke(parts)).toEqual({ ok: false, why: expect.stringMatching(why) })
  expect((await world.approvals())[0]?.status).toBe(status)
})

test('of an approval and its revocation at the same moment as the run goes on, either nothing is done or the revocation is refused', async () => {
  const world = await asked()
  await world.answer(world.approval.id)
  const [revoked] = await Promise.all([world.revoke(), world.drain()])
  await world.drain()
  expect(await world.effects()).toHaveLength(revoked.ok ? 0 : 1)
})

test.each<[name: string, authors: readonly string[], by: { actor: string; roles?: readonly string[] }, ok: boolean]>([
  ['by name', [], { actor: 'Playbook-Author' }, false],
  ['as a member of the team that owns it', [], { actor: 'analyst-1', roles: ['responder', 'playbook-author'] }, false],
  ['by the mail address of the commit', ['kim@example.com', 'Kim'], { actor: 'KIM@example.com' }, false],
  ['by the name of the commit', ['kim@example.com', 'Kim'], { actor: 'kim' }, false],
  ['by nothing', ['kim@example.com', 'Kim'], { actor: 'analyst-1' }, true],
  ['by nothing, and Git knows nobody', [], { actor: 'kim@example.com' }, true],
])('somebody who stands near the playbook %s: whether the approval counts', async (_name, authors, by, ok) => {
  const world = await asked()
  await world.store.transaction(async (tx) => {
    await tx.query(
      `insert into bundle (tenant, digest, commit, deployed_at, files, authors) select tenant, bundle, commit, 0, '[]', $2 from run where tenant = $1`,
      [tx.tenant, JSON.stringify({ contain: authors })],
    )
  })
  expect((await world.answer(world.approval.id, by)).ok).toBe(ok)
})

test('what an approval is bound to is shown whole, and a change of it is seen', async () => {
  const world = await asked()
  const bound = () =>
    world.store.transaction(async (tx) => {
      const approval = await readApproval(tx, world.approval.id)
      return approval === null ? null : boundTo(tx, approval)
    })
  expect(await bound()).toMatchObject({
    step: 'suspend',
    action: 'okta.suspend_user',
    target: 'user17@example.com',
    inputs: { userId: 'user17@example.com' },
    commit: 'worktree',
    matches: true,
  })
  await world.rows(`update approval set target = 'boss@example.com'`)
  expect(await bound()).toMatchObject({ matches: false })
})

/** One playbook that calls another, whose step asks; both of a commit of which these authors are known. */
async function calling(authors: Readonly<Record<string, readonly string[]>>, commit = 'a'.repeat(40)) {
  const called = `id: inner\ntitle: Inner\nowner: inner-team\nwhy: test\ntrigger: { manual: true }\ndeadline: 1h\nsteps:\n${suspendFirst}`
  const bundle = {
    ...(await bundleWith('  - { id: go, call: inner }\n', undefined, { 'playbooks/inner.yaml': called })),
    commit,
  }
  const world = await worldOf(bundle, {})
  await world.store.transaction((tx) => keepBundle(tx, bundle, { at: 0, authors }))
  await world.drain()
  const [approval] = (await world.approvals()).filter((one) => one.path.startsWith('go'))
  if (approval === undefined) throw new Error('nothing was asked')
  return { ...world, approval }
}

test('who wrote or owns a playbook that is called does not approve what it asks for either', async () => {
  const world = await calling({ contain: ['kim@example.com'], inner: ['robin@example.com'] })
  expect(world.approval).toMatchObject({ author: 'playbook-author, inner-team', quorum: 1 })
  for (const by of [
    { actor: 'kim@example.com' },
    { actor: 'Robin@example.com' },
    { actor: 'analyst-1', roles: ['responder', 'inner-team'] },
  ])
    expect((await world.answer(world.approval.id, by)).ok).toBe(false)
  expect(await world.answer(world.approval.id)).toMatchObject({ ok: true, status: 'approved' })
})

test('where content is of a commit and nobody knows who wrote what runs, one more person has to agree', async () => {
  const world = await calling({ contain: ['kim@example.com'] })
  expect(world.approval.quorum).toBe(2)
  expect(await world.answer(world.approval.id)).toMatchObject({ ok: true, status: 'pending', missing: 1 })
  await world.drain()
  expect(await world.answer(world.approval.id, { actor: 'analyst-2' })).toMatchObject({ ok: true, status: 'approved' })
  expect((await calling({}, 'worktree')).approval.quorum).toBe(1)
})
