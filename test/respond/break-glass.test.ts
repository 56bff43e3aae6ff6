import { expect, test } from 'vitest'
import { breakGlass, readRun, turnStopSwitch } from '../../src/respond/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { bundleWith, worldOf } from './world.ts'

const glass = 'breakGlass: { roles: [lead], quorum: 2, expires: 1h }\n'
const policy = `rules:\n  - { effects: [destructive], answer: allow, reason: trust }\nprotectedTargets:\n  - { target: "*@example.com", answer: deny, reason: ours }\n`
const step = `  - { id: act, action: okta.suspend_user, with: { userId: "{{ incident.people | first | default('x') }}" }, expires: 24h }\n`

async function denied(more = glass) {
  const world = await worldOf(await bundleWith(step, policy + more))
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  const id = run?.id ?? ''
  const wish = (parts: { step?: string; reason?: string; actor?: string } = {}) =>
    breakGlass(world.store, id, parts.step ?? 'act', {
      actor: 'analyst-1',
      reason: 'payroll is burning',
      at: world.time.at,
      ...parts,
    })
  const asked = async () => {
    const found = await wish()
    if (!found.ok) throw new Error(found.why)
    return found.run
  }
  const lead = (approval: string, actor: string, answer = 'approve') =>
    world.answer(approval, { actor, roles: ['lead'], answer })
  const effects = () => world.rows<object>('select path, target, outcome, overruled from effect')
  const show = () => world.store.transaction((tx) => readRun(tx, id))
  return { ...world, wish, asked, lead, effects, show }
}

test('two people overrule a denial: exactly that effect is done, once, and everybody can see it', async () => {
  const world = await denied()
  expect((await world.steps()).at(-1)).toMatchObject({ status: 'denied' })
  const approval = await world.asked()
  expect(await world.lead(approval, 'lead-1')).toMatchObject({ ok: true, status: 'pending', missing: 1 })
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect(await world.lead(approval, 'lead-1')).toMatchObject({ ok: false })
  expect(await world.answer(approval, { actor: 'analyst-2' })).toMatchObject({
    ok: false,
    why: expect.stringContaining('lead'),
  })
  expect(await world.lead(approval, 'lead-2')).toMatchObject({ ok: true, status: 'approved' })
  await world.drain()
  await world.drain()
  expect(await world.effects()).toEqual([
    { path: 'act~overruled', target: 'user17@example.com', outcome: 'done', overruled: approval },
  ])
  const loud = await world.rows<{ sentence: string }>(
    `select sentence from timeline where sentence like 'BREAK GLASS%' order by n`,
  )
  expect(loud.map((one) => one.sentence)).toMatchObject([
    expect.stringContaining('asked to overrule'),
    expect.stringContaining('approved okta.suspend_user on user17@example.com'),
    expect.stringContaining('approved okta.suspend_user on user17@example.com'),
    expect.stringContaining('is done against: okta.suspend_user on user17@example.com is denied: ours'),
  ])
  expect(
    (
      await world.rows<{ action: string }>(`select action from audit where action like 'break-glass%' order by seq`)
    ).map((one) => one.action),
  ).toEqual(['break-glass.ask', 'break-glass.approve', 'break-glass.approve', 'break-glass.pass'])
  expect((await verifyAudit(world.store)).broken).toBeNull()
  expect((await world.show())?.status).toBe('completed')
  expect(await world.wish()).toMatchObject({ ok: false, why: expect.stringContaining('once') })
})

test('the stop switch is stronger than a broken glass', async () => {
  const world = await denied()
  const approval = await world.asked()
  await world.lead(approval, 'lead-1')
  await world.lead(approval, 'lead-2')
  await turnStopSwitch(world.store, 'on', { actor: 'lead-3', reason: 'halt', at: world.time.at })
  await world.drain()
  await turnStopSwitch(world.store, 'off', { actor: 'lead-3', reason: 'go', at: world.time.at })
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect(await world.rows(`select status from approval`)).toEqual([{ status: 'void' }])
})

test('a denial by one of the two, or silence, leaves the denial as it is', async () => {
  for (const silent of [true, false]) {
    const world = await denied()
    const approval = await world.asked()
    await world.lead(approval, 'lead-1')
    if (silent) world.time.at += 3_600_000
    else await world.lead(approval, 'lead-2', 'deny')
    await world.drain()
    expect(await world.lead(approval, 'lead-3')).toMatchObject({ ok: false })
    await world.drain()
    expect(await world.effects()).toEqual([])
  }
})

test.each<[what: string, more: string, parts: object, why: RegExp]>([
  ['a policy that lets nobody', '', {}, /no policy lets anybody/],
  ['a step that is not there', glass, { step: 'other' }, /no step "other"/],
  ['no reason', glass, { reason: '  ' }, /name and a reason/],
])('%s: refused', async (_what, more, parts, why) => {
  const world = await denied(more)
  expect(await world.wish(parts)).toMatchObject({ ok: false, why: expect.stringMatching(why) })
  expect(await world.approvals()).toEqual([])
})

test('one person is never enough, whatever a policy says', async () => {
  const world = await denied(glass.replace('quorum: 2', 'quorum: 1')).catch((error: Error) => error)
  if (world instanceof Error) return expect(world.message).toContain('quorum')
  const approval = await world.asked()
  expect(await world.lead(approval, 'lead-1')).toMatchObject({ ok: true, status: 'pending' })
})

test('what was denied by a person is not a denial that a glass is broken for', async () => {
  const world = await worldOf(await bundleWith(step, `rules: []\n${glass}`))
  await world.drain()
  const [asked] = await world.approvals()
  await world.answer(asked?.id ?? '', { answer: 'deny', reason: 'no' })
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  expect(
    await breakGlass(world.store, run?.id ?? '', 'act', { actor: 'a', reason: 'b', at: world.time.at }),
  ).toMatchObject({ ok: false })
})
