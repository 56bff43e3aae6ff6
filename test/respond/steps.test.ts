import { expect, test } from 'vitest'
import { cancelRun, pauseRun, readRun, rerunFrom, resumeRun, signalRun, startByHand } from '../../src/respond/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { allow, bundleWith, worldOf } from './world.ts'

const minute = 60_000
const hand = (at: number) => ({ actor: 'analyst-1', reason: 'because', at })

async function begun(steps: string, policy = allow, parts: Parameters<typeof worldOf>[1] = {}) {
  const bundle = await bundleWith(steps, policy)
  const world = await worldOf(bundle, parts)
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  const id = run?.id ?? ''
  const show = async () => {
    const found = await world.store.transaction((tx) => readRun(tx, id))
    if (found === null) throw new Error('the run is gone')
    return found
  }
  const outputs = async () =>
    Object.fromEntries(
      (
        await world.rows<{ path: string; status: string; output: unknown }>(
          `select path, status, output from run_step where status <> 'decided' order by n`,
        )
      ).map((one) => [one.path, [one.status, one.output]]),
    )
  return { ...world, bundle, id, show, outputs }
}

const question = `  - { id: choose, ask: "Is {{ incident.people | first | default('it') }} on holiday?", options: [yes-they-are, no], to: { roles: [responder] }, expires: 1h, onExpiry: no }
  - { id: told, task: "{{ steps.choose.output.answer }} by {{ steps.choose.output.by }}" }
`

test('a question waits for a person, and what was chosen is what the next steps see', async () => {
  const world = await begun(question)
  const [asked] = await world.approvals()
  expect(asked).toMatchObject({
    kind: 'question',
    target: 'Is user17@example.com on holiday?',
    options: ['yes-they-are', 'no'],
  })
  const id = asked?.id ?? ''
  expect(await world.answer(id, { answer: 'perhaps' })).toMatchObject({
    ok: false,
    why: expect.stringContaining('yes-they-are, no'),
  })
  expect(await world.answer(id, { answer: 'approve' })).toMatchObject({ ok: false })
  expect(await world.answer(id, { answer: 'yes-they-are' })).toMatchObject({ ok: true, status: 'approved' })
  expect(await world.answer(id, { answer: 'no', actor: 'analyst-2' })).toMatchObject({ ok: false })
  await world.drain()
  expect(await world.outputs()).toEqual({
    choose: ['done', { answer: 'yes-they-are', by: 'analyst-1' }],
    told: ['done', 'yes-they-are by analyst-1'],
  })
  expect((await verifyAudit(world.store)).broken).toBeNull()
})

test('a question that nobody answers comes to what the playbook says, and late answers count for nothing', async () => {
  const world = await begun(question)
  const [asked] = await world.approvals()
  world.time.at += 60 * minute
  expect(await world.answer(asked?.id ?? '', { answer: 'yes-they-are' })).toMatchObject({ ok: false })
  await world.drain()
  expect(await world.outputs()).toMatchObject({ choose: ['done', { answer: 'no', by: 'nobody' }] })
})

test('a question without an answer for silence fails its step', async () => {
  const world = await begun(question.replace(', onExpiry: no', '').split('\n')[0] ?? '')
  world.time.at += 60 * minute
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'failed', sentence: expect.stringContaining('nobody answered') })
})

test('a wait is over when its time has come, however often the responder was started meanwhile and wherever its clock was', async () => {
  const world = await begun('  - { id: pause, wait: 30m }\n  - { id: look, task: Look }\n')
  for (const step of [10 * minute, -20 * minute, 39 * minute]) {
    world.time.at += step
    await world.drain()
    expect(await world.show()).toMatchObject({ status: 'waiting', waits: [{ path: 'pause', signal: null }] })
  }
  world.time.at += minute
  await world.drain()
  expect(await world.outputs()).toEqual({
    pause: ['done', { received: false, payload: null }],
    look: ['done', 'Look'],
  })
})

const forSignal =
  '  - { id: reply, waitFor: vendor-reply, timeout: 1h, onTimeout: continue }\n  - { id: look, task: "{{ steps.reply.output.payload.note | default(\'silence\') }}" }\n'

test.each(['before', 'while'] as const)('a signal that comes %s a step waits for it is taken once', async (when) => {
  const world = await begun(when === 'before' ? `  - { id: first, wait: 1m }\n${forSignal}` : forSignal)
  const payload = { note: 'all clear {{ incident.title }}' }
  const sent = await signalRun(world.store, world.id, { ...hand(world.time.at), name: 'vendor-reply', payload })
  expect(sent).toMatchObject({ ok: true })
  world.time.at += minute
  await world.drain()
  expect(await world.outputs()).toMatchObject({
    reply: ['done', { received: true, payload }],
    look: ['done', 'all clear {{ incident.title }}'],
  })
})

test('a signal that does not come is told so', async () => {
  const world = await begun(forSignal)
  await signalRun(world.store, world.id, { ...hand(world.time.at), name: 'another', payload: null })
  await world.drain()
  expect((await world.show()).status).toBe('waiting')
  world.time.at += 60 * minute
  await world.drain()
  expect(await world.outputs()).toMatchObject({ reply: ['done', { received: false }], look: ['done', 'silence'] })
})

test('branches side by side wait for themselves only', async () => {
  const world = await begun(`  - id: both
    parallel:
      - { id: ask, steps: [{ id: choose, ask: Is it?, options: [a, b], to: { roles: [responder] }, expires: 1h }] }
      - { id: act, steps: [{ id: tell, action: email.send, with: { to: a@example.com, subject: x, text: y } }, { id: after, task: After }] }
  - { id: end, task: End }
`)
  expect(Object.keys(await world.outputs())).toEqual(['tell', 'after'])
  const [asked] = await world.approvals()
  await world.answer(asked?.id ?? '', { answer: 'b' })
  await world.drain()
  expect(await world.outputs()).toMatchObject({ both: ['done', { ask: 'done', act: 'done' }], end: ['done', 'End'] })
})

test('of branches of which one is enough, the question of the others is void', async () => {
  const world = await begun(`  - id: race
    join: any
    parallel:
      - { id: ask, steps: [{ id: choose, ask: Is it?, options: [a, b], to: { roles: [responder] }, expires: 2h }] }
      - { id: wait, steps: [{ id: reply, waitFor: go, timeout: 3h }] }
`)
  expect((await world.show()).waitsFor).toHaveLength(1)
  await signalRun(world.store, world.id, { ...hand(world.time.at), name: 'go', payload: null })
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'completed', waitsFor: [] })
  expect((await world.approvals()).map((one) => one.status)).toEqual(['void'])
})

const byHand = {
  'playbooks/lock.yaml': `id: lock
title: Lock
owner: team
why: test
trigger: { manual: true, cooldown: 10m }
deadline: 1h
inputs:
  user: { type: string, description: who, maxLength: 40 }
  hard: { type: boolean, description: at once, default: false }
steps:
  - { id: note, task: "{{ inputs.user }} {{ inputs.hard }}" }
outputs: { who: "{{ inputs.user }}" }
`,
}

test('a person starts a playbook with inputs that are checked and filled in', async () => {
  const bundle = await bundleWith('  - { id: nothing, task: Nothing }\n', allow, byHand)
  const world = await worldOf(bundle)
  const start = (parts: object = {}) =>
    startByHand(world.store, bundle, {
      playbook: 'lock',
      incident: 1,
      inputs: { user: 'user17' },
      ...hand(world.time.at),
      ...parts,
    })
  await world.rows('delete from run returning id')
  for (const [parts, why] of [
    [{ inputs: {} }, /required/],
    [{ inputs: { user: 17 } }, /string/],
    [{ inputs: { user: 'x'.repeat(41) } }, /40/],
    [{ inputs: { user: 'a', other: 1 } }, /additional/],
    [{ playbook: 'lokc' }, /no playbook "lokc".*lock/],
    [{ playbook: 'contain' }, /manual: true/],
    [{ incident: 9 }, /no incident 9/],
    [{ actor: ' ' }, /nobody/],
  ] as const)
    expect(await start(parts)).toMatchObject({ ok: false, why: expect.stringMatching(why) })
  const started = await start()
  if (!started.ok) throw new Error(started.why)
  expect(await start({ at: world.time.at + 1 })).toMatchObject({ ok: false, why: expect.stringContaining('cooldown') })
  await world.drain()
  const run = await world.store.transaction((tx) => readRun(tx, started.run))
  expect(run).toMatchObject({
    status: 'completed',
    inputs: { user: 'user17', hard: false },
    outputs: { who: 'user17' },
    steps: [{ sentence: 'left a task: user17 false' }],
  })
  world.time.at += 10 * minute
  expect(await start({ at: world.time.at })).toMatchObject({ ok: true })
})

test('a paused run takes no step until it is resumed; its question stays open', async () => {
  const world = await begun(question)
  expect(await resumeRun(world.store, world.id, hand(world.time.at))).toMatchObject({ ok: false })
  expect(await pauseRun(world.store, world.id, hand(world.time.at))).toMatchObject({ ok: true })
  const [asked] = await world.approvals()
  await world.answer(asked?.id ?? '', { answer: 'no' })
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'paused', steps: [] })
  await resumeRun(world.store, world.id, hand(world.time.at))
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'completed' })
})

test('a paused run still ends at its deadline', async () => {
  const world = await begun(question)
  await pauseRun(world.store, world.id, hand(world.time.at))
  world.time.at += 8 * 60 * minute
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'expired' })
})

const twoEffects = `  - { id: one, action: okta.suspend_user, with: { userId: a@example.com }, expires: 24h }
  - { id: cut, action: okta.clear_sessions, with: { userId: a@example.com }, expires: 24h }
  - { id: two, action: okta.suspend_user, with: { userId: b@example.com }, expires: 24h }
  - { id: hold, wait: 1h }
finally:
  - { id: last, task: Last }
`

test('a cancelled run with rollback takes back what it did, the last first, and leaves the rest to people', async () => {
  const world = await begun(twoEffects)
  expect(await cancelRun(world.store, world.id, { ...hand(world.time.at), rollback: true })).toMatchObject({ ok: true })
  await world.drain()
  const run = await world.show()
  expect(run).toMatchObject({ status: 'cancelled', sentence: 'cancelled: by analyst-1: because' })
  expect(run.steps.filter((one) => one.status !== 'decided').map((one) => one.path)).toEqual([
    'one',
    'cut',
    'two',
    'last',
    'two~undo',
    'cut~undo',
    'one~undo',
  ])
  expect(run.effects.filter((one) => one.undoes !== null)).toMatchObject([
    { target: 'a@example.com', outcome: 'done', result: { request: { url: expect.stringContaining('/unsuspend') } } },
    { target: 'b@example.com', outcome: 'done', result: { request: { url: expect.stringContaining('/unsuspend') } } },
  ])
  expect(await world.rows(`select title from task where title like 'Take back%'`)).toMatchObject([
    { title: expect.stringContaining('okta.clear_sessions on a@example.com cannot be taken back') },
  ])
})

test('taking back goes through the gate: with the stop switch on nothing is taken back', async () => {
  const world = await begun(twoEffects)
  await world.rows(
    `insert into stop_switch (tenant, by_actor, reason, at) select tenant, 'x', 'y', 0 from run returning tenant`,
  )
  await cancelRun(world.store, world.id, { ...hand(world.time.at), rollback: true })
  await world.drain()
  const run = await world.show()
  expect(run.status).toBe('cancelled')
  expect(run.steps.find((one) => one.path === 'two~undo')).toMatchObject({
    status: 'denied',
    sentence: expect.stringContaining('stop switch'),
  })
  expect(run.effects.filter((one) => one.undoes !== null)).toEqual([])
})

test('a run that is over is done again from a step on as a new run', async () => {
  const world = await begun(
    `${question}  - { id: fail, action: okta.suspend_user, with: { userId: "" }, expires: 1h }\n`,
  )
  const again = (step: string) => rerunFrom(world.store, world.id, step, hand(world.time.at))
  expect(await again('told')).toMatchObject({ ok: false, why: expect.stringContaining('cancel it first') })
  const [asked] = await world.approvals()
  await world.answer(asked?.id ?? '', { answer: 'no' })
  await world.drain()
  expect(await world.show()).toMatchObject({ status: 'failed' })
  expect(await again('nowhere')).toMatchObject({ ok: false, why: expect.stringContaining('nowhere') })
  const started = await again('told')
  if (!started.ok) throw new Error(started.why)
  await world.drain()
  const run = await world.store.transaction((tx) => readRun(tx, started.run))
  expect(run?.steps.filter((one) => one.status !== 'decided').map((one) => one.path)).toEqual([
    'choose',
    'told',
    'fail',
  ])
  expect(run).toMatchObject({ trigger: 'rerun', status: 'failed' })
  expect(await world.approvals()).toHaveLength(1)
})
