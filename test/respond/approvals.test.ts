import { expect, test } from 'vitest'
import { answerApproval, listApprovals } from '../../src/respond/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { testStore } from '../support/store.ts'
import { allow, bundleWith, suspendFirst, worldOf } from './world.ts'

const hour = 3_600_000
const twoLeads =
  'rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [lead], quorum: 2, expires: 2h }, reason: two leads }\n'

/** A world in which one question waits. */
async function asked(policy?: string) {
  const world = await worldOf(await bundleWith(`${suspendFirst}  - { id: after, task: Look after it }\n`, policy))
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  return { ...world, approval }
}

const effects = (world: Pick<Awaited<ReturnType<typeof asked>>, 'rows'>) =>
  world.rows<{ outcome: string; approval: string; target: string; rollback: { url: string } }>(
    'select outcome, approval, target, rollback from effect order by intended_at',
  )

test('nothing happens before a person approves, then exactly what was shown, with the way back on record', async () => {
  const world = await asked()
  expect(world.approval).toMatchObject({
    action: 'okta.suspend_user',
    target: 'user17@example.com',
    inputs: { userId: 'user17@example.com' },
    author: 'playbook-author',
    roles: ['responder'],
    quorum: 1,
    askedAt: 1_000_000,
    expiresAt: 1_000_000 + 4 * hour,
    status: 'pending',
  })
  await world.drain()
  expect(await effects(world)).toEqual([])
  expect(await world.files()).toEqual({})
  expect(await world.answer(world.approval.id, { reason: 'called the owner' })).toEqual({
    ok: true,
    status: 'approved',
    missing: 0,
  })
  await world.drain()
  expect(await effects(world)).toMatchObject([
    {
      outcome: 'done',
      approval: world.approval.id,
      target: 'user17@example.com',
      rollback: { url: '(okta)/api/v1/users/user17%40example.com/lifecycle/unsuspend' },
    },
  ])
  expect((await world.steps()).map((step) => [step.path, step.status])).toEqual([
    ['suspend', 'done'],
    ['after', 'done'],
  ])
  expect((await verifyAudit(world.store)).broken).toBeNull()
})

test('where a policy and the step name different people, both have to agree', async () => {
  const step = suspendFirst.replace(', expires', ', approval: { roles: [hr], quorum: 2, expires: 8h }, expires')
  const lead =
    'rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [lead], quorum: 1, expires: 2h }, reason: a lead }\n'
  const world = await worldOf(await bundleWith(step, lead))
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  expect(approval).toMatchObject({ roles: ['hr'], quorum: 2, also: [{ roles: ['lead'], quorum: 1 }] })
  const by = (actor: string, ...roles: string[]) => world.answer(approval.id, { actor, roles })
  expect(await by('nobody-1', 'responder')).toEqual({ ok: false, why: 'the answer needs one of the roles hr, lead' })
  expect(await by('hr-1', 'hr')).toMatchObject({ status: 'pending', missing: 1 })
  expect(await by('hr-2', 'hr')).toMatchObject({ status: 'pending', missing: 1 })
  expect(await by('hr-3', 'hr')).toMatchObject({ status: 'pending', missing: 1 })
  await world.drain()
  expect(await effects(world)).toEqual([])
  expect(await by('lead-1', 'lead')).toMatchObject({ status: 'approved', missing: 0 })
  await world.drain()
  expect(await effects(world)).toMatchObject([{ outcome: 'done', approval: approval.id }])
})

test('somebody with roles of both counts in both', async () => {
  const step = suspendFirst.replace(', expires', ', approval: { roles: [hr], quorum: 1, expires: 8h }, expires')
  const world = await worldOf(await bundleWith(step))
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  expect(approval.also).toHaveLength(1)
  expect(await world.answer(approval.id, { actor: 'a', roles: ['hr', 'responder'] })).toMatchObject({
    status: 'approved',
  })
})

test('a denial is respected, and says who and why', async () => {
  const world = await asked()
  await world.answer(world.approval.id, { answer: 'deny', reason: 'it was a drill' })
  await world.drain()
  expect((await world.steps())[0]).toMatchObject({
    status: 'denied',
    sentence:
      'okta.suspend_user on user17@example.com is not done: the approval was denied by analyst-1 (it was a drill)',
  })
  expect(await effects(world)).toEqual([])
})

test('silence is no consent: after the time the step is denied and the playbook goes on', async () => {
  const world = await asked()
  world.time.at += 4 * hour - 1
  await world.drain()
  expect(await world.steps()).toEqual([])
  world.time.at += 1
  await world.drain()
  expect((await world.steps()).map((step) => [step.path, step.status])).toEqual([
    ['suspend', 'denied'],
    ['after', 'done'],
  ])
  expect(await world.answer(world.approval.id)).toEqual({ ok: false, why: 'the approval is expired already' })
  expect(await effects(world)).toEqual([])
})

test('a late answer does not count even when nobody has noticed the time', async () => {
  const world = await asked()
  expect(await world.answer(world.approval.id, { at: world.approval.expiresAt })).toMatchObject({ ok: false })
  expect(await world.answer(world.approval.id, { at: world.approval.expiresAt - 1 })).toMatchObject({ ok: true })
})

test('when the deadline of the playbook passes the run ends, and its question with it', async () => {
  const world = await asked(
    'rules:\n  - { effects: [destructive], answer: ask, approvers: { expires: 5d }, reason: slow }\n',
  )
  world.time.at += 8 * hour
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'expired' }])
  expect(await world.answer(world.approval.id)).toEqual({ ok: false, why: 'the approval is void already' })
  await world.drain()
  expect(await effects(world)).toEqual([])
})

test.each<[name: string, parts: Parameters<Awaited<ReturnType<typeof asked>>['answer']>[1], why: RegExp]>([
  ['of somebody without the role', { roles: ['viewer'] }, /one of the roles responder/],
  ['of somebody without any role', { roles: [] }, /one of the roles responder/],
  ['of the author of the playbook', { actor: 'playbook-author' }, /owns the playbook/],
  ['of nobody', { actor: '' }, /nobody is named/],
  ['of nobody in blanks', { actor: ' \u0000\n' }, /nobody is named/],
  ['for something else than was shown', { digest: 'a'.repeat(64) }, /not what was shown/],
  ['that denies without the role', { roles: ['viewer'], answer: 'deny' }, /one of the roles/],
])('an answer %s changes nothing', async (_name, parts, why) => {
  const world = await asked()
  const answered = await world.answer(world.approval.id, parts)
  expect(answered).toMatchObject({ ok: false, why: expect.stringMatching(why) })
  expect(await world.approvals()).toMatchObject([{ status: 'pending', answers: [] }])
  expect(await world.answer(world.approval.id, { digest: world.approval.digest })).toMatchObject({ ok: true })
})

test('an approval that nobody asked for does not exist', async () => {
  const world = await asked()
  for (const id of ['ap-1', '', "' or true --"])
    expect(await world.answer(id)).toEqual({ ok: false, why: `there is no approval ${id}` })
})

test('an answer cannot be given twice', async () => {
  const world = await asked()
  await world.answer(world.approval.id)
  await world.drain()
  expect(await world.answer(world.approval.id)).toEqual({ ok: false, why: 'the approval is approved already' })
  expect(await world.answer(world.approval.id, { answer: 'deny', actor: 'analyst-2' })).toMatchObject({ ok: false })
  expect(await effects(world)).toHaveLength(1)
})

test('where two have to agree one is not enough, and nobody counts twice', async () => {
  const world = await asked(twoLeads)
  const lead = (actor: string) => world.answer(world.approval.id, { actor, roles: ['lead'] })
  expect(await lead('lead-1')).toEqual({ ok: true, status: 'pending', missing: 1 })
  expect(await lead('lead-1')).toEqual({ ok: false, why: 'lead-1 has answered already' })
  await world.drain()
  expect(await effects(world)).toEqual([])
  expect(await lead('lead-2')).toEqual({ ok: true, status: 'approved', missing: 0 })
  await world.drain()
  expect(await effects(world)).toHaveLength(1)
})

test('one of two is enough to deny', async () => {
  const world = await asked(twoLeads)
  await world.answer(world.approval.id, { actor: 'lead-1', roles: ['lead'] })
  expect(await world.answer(world.approval.id, { actor: 'lead-2', roles: ['lead'], answer: 'deny' })).toMatchObject({
    ok: true,
    status: 'denied',
  })
  await world.drain()
  expect(await effects(world)).toEqual([])
})

test('of many answers at once exactly one decides', async () => {
  const world = await asked()
  await Promise.all(Array.from({ length: 8 }, () => world.rows('select pg_sleep(0.1)')))
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      world.answer(world.approval.id, { actor: `analyst-${n}`, answer: n % 2 === 0 ? 'approve' : 'deny' }),
    ),
  )
  const counted = answers.filter((one) => one.ok)
  expect(counted).toHaveLength(1)
  const [approval] = await world.approvals()
  expect(approval?.answers).toHaveLength(1)
  expect(counted[0]).toMatchObject({ status: approval?.status })
  await world.drain()
  expect(await effects(world)).toHaveLength(approval?.status === 'approved' ? 1 : 0)
})

test('what was approved for one target is not done to another: it is asked again', async () => {
  const world = await asked()
  await world.save(['user18@example.com'])
  expect(await world.answer(world.approval.id)).toMatchObject({ ok: true, status: 'approved' })
  await world.drain()
  expect(await effects(world)).toEqual([])
  const [next] = await world.approvals()
  expect(next).toMatchObject({ target: 'user18@example.com', status: 'pending' })
  expect(next?.digest).not.toBe(world.approval.digest)
})

test('an approval holds for one run only, though another asks for the very same', async () => {
  const world = await asked()
  await world.rows(
    `insert into incident (tenant, number, status, first_at, last_at, doc) select tenant, 2, status, first_at, last_at, jsonb_set(doc, '{number}', '2') from incident returning number`,
  )
  await world.begin(2)
  await world.drain()
  const approvals = await world.approvals()
  expect(approvals.map((one) => [one.incident, one.status]).sort()).toEqual([
    [1, 'pending'],
    [2, 'pending'],
  ])
  await world.answer(world.approval.id)
  await world.drain()
  expect(await world.rows('select incident from effect')).toEqual([{ incident: 1 }])
})

test('a question that is out of date is void', async () => {
  const world = await asked()
  await world.save(['user18@example.com'])
  await world.rows(`update run set status = 'running' returning id`)
  await world.drain()
  expect((await world.approvals()).map((one) => [one.target, one.status])).toEqual([
    ['user18@example.com', 'pending'],
    ['user17@example.com', 'void'],
  ])
  expect(await world.answer(world.approval.id)).toEqual({ ok: false, why: 'the approval is void already' })
})

test('the stop switch holds even after an approval', async () => {
  const world = await asked()
  await world.answer(world.approval.id)
  await world.rows(
    `insert into stop_switch (tenant, by_actor, reason, at) values ('main', 'analyst-1', 'wrong tenant', 1) returning at`,
  )
  await world.drain()
  expect((await world.steps())[0]).toMatchObject({ status: 'denied', sentence: expect.stringContaining('stop switch') })
  expect(await effects(world)).toEqual([])
})

test('past the budget of an hour the next effect asks', async () => {
  const people = ['a@example.com', 'b@example.com', 'c@example.com']
  const world = await worldOf(
    await bundleWith(
      suspendFirst.replace('suspend,', 'one,') + suspendFirst.replace('suspend,', 'two,'),
      `${allow}budgets: { destructivePerHour: 1 }\n`,
    ),
    { people },
  )
  await world.drain()
  expect((await world.steps()).map((step) => step.path)).toEqual(['one'])
  expect(await world.approvals()).toMatchObject([{ path: 'two', why: expect.stringContaining('more than 1') }])
})

test('the audit has the question and every answer, with digest, channel and reason', async () => {
  const world = await asked()
  await world.answer(world.approval.id, { reason: 'called\nthe\u0000owner' })
  const audit = await world.rows<{ actor: string; action: string; details: unknown }>(
    `select actor, action, details::jsonb as details from audit where action like 'approval.%' order by seq`,
  )
  expect(audit).toMatchObject([
    { actor: 'gitsoc', action: 'approval.ask', details: { digest: world.approval.digest } },
    {
      actor: 'analyst-1',
      action: 'approval.approve',
      details: { digest: world.approval.digest, channel: 'cli', reason: 'called the owner' },
    },
  ])
})

test('another tenant cannot see or answer it', async () => {
  const world = await asked()
  const other = await testStore({ url: world.store.url, tenant: 'other' })
  expect(await other.transaction((tx) => listApprovals(tx))).toEqual([])
  expect(
    await answerApproval(other, {
      id: world.approval.id,
      answer: 'approve',
      actor: 'a',
      roles: ['responder'],
      channel: 'cli',
      reason: '',
      at: 1_000_001,
    }),
  ).toMatchObject({ ok: false })
})
