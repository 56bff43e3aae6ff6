import { expect, test } from 'vitest'
import { saveIncidents } from '../../src/cases/index.ts'
import { bundleWith, incidentOf, suspendFirst, worldOf } from './world.ts'

const grown = '{ fact: title, operator: equal, value: grown }'
const stricter = `rules:
  - { effects: [destructive], when: ${grown}, answer: ask, approvers: { roles: [lead], quorum: 2, expires: 2h }, reason: two leads }
  - { effects: [destructive], answer: ask, approvers: { roles: [responder, lead], quorum: 1, expires: 4h }, reason: one }
`
const automatic = `rules:
  - { effects: [destructive], when: ${grown}, answer: allow, reason: at once }
  - { effects: [destructive], answer: ask, approvers: { roles: [responder, lead], quorum: 1, expires: 4h }, reason: one }
`
const forbidden = `rules:
  - { effects: [destructive], when: ${grown}, answer: deny, reason: not any more }
  - { effects: [destructive], answer: ask, approvers: { roles: [responder, lead], quorum: 1, expires: 4h }, reason: one }
`

/** A world in which one responder is asked, and a way to let its incident grow before the run goes on. */
async function asked(policy: string) {
  const world = await worldOf(await bundleWith(suspendFirst, policy))
  const grow = (title: string, people = ['user17@example.com']) =>
    world.store.transaction((tx) => saveIncidents(tx, [incidentOf(1, people, { title })]))
  const waiting = async () => (await world.approvals()).filter((one) => one.status === 'pending')
  await world.drain()
  const [first] = await waiting()
  if (first === undefined) throw new Error('nothing was asked')
  const effects = () => world.rows<{ outcome: string; approval: string | null }>('select outcome, approval from effect')
  return { ...world, first, grow, waiting, effects }
}

test('an approval does not count for an incident that has come to ask for more people: it is void and they are asked', async () => {
  const world = await asked(stricter)
  expect(await world.answer(world.first.id)).toMatchObject({ ok: true, status: 'approved' })
  await world.grow('grown')
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect((await world.approvals()).find((one) => one.id === world.first.id)?.status).toBe('void')
  const [second] = await world.waiting()
  if (second === undefined) throw new Error('nobody was asked again')
  expect(second).toMatchObject({
    digest: world.first.digest,
    roles: ['lead'],
    quorum: 2,
    answers: [],
    why: expect.stringMatching(/asked again, because it needs 2 of lead now/),
  })
  expect(await world.answer(world.first.id)).toMatchObject({ ok: false, why: 'the approval is void already' })
  await world.answer(second.id, { actor: 'lead-1', roles: ['lead'] })
  await world.drain()
  expect(await world.effects()).toEqual([])
  await world.answer(second.id, { actor: 'lead-2', roles: ['lead'] })
  await world.drain()
  expect(await world.effects()).toMatchObject([{ outcome: 'done', approval: second.id }])
})

test('an approval under terms that are enough still counts when the incident has grown', async () => {
  const world = await asked(
    stricter.replace('quorum: 2', 'quorum: 1').replace('roles: [lead]', 'roles: [responder, lead, boss]'),
  )
  await world.answer(world.first.id)
  await world.grow('grown')
  await world.drain()
  expect(await world.effects()).toMatchObject([{ outcome: 'done', approval: world.first.id }])
})

test('a denial stands, also when the policies would allow by now', async () => {
  const world = await asked(automatic)
  await world.answer(world.first.id, { answer: 'deny', reason: 'a drill' })
  await world.grow('grown')
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect(await world.steps()).toMatchObject([
    { path: 'suspend', status: 'denied', sentence: expect.stringMatching(/a drill/) },
  ])
})

test('an approval does not help against policies that deny by now', async () => {
  const world = await asked(forbidden)
  await world.answer(world.first.id)
  await world.grow('grown')
  await world.drain()
  expect(await world.effects()).toEqual([])
  expect(await world.steps()).toMatchObject([{ path: 'suspend', status: 'denied' }])
})

test('an input that changes and changes back is asked about each time, and no answer to an earlier question counts', async () => {
  const world = await asked(stricter)
  const wake = () => world.rows(`update run set status = 'running', wake_at = null returning id`)
  for (const people of [['user9@example.com'], ['user17@example.com']]) {
    await world.grow('other', people)
    await wake()
    await world.drain()
    expect(await world.waiting()).toMatchObject([{ target: people[0] }])
  }
  const [last] = await world.waiting()
  expect(last).toMatchObject({ digest: world.first.digest })
  expect(last?.id).not.toBe(world.first.id)
  expect(await world.answer(world.first.id)).toMatchObject({ ok: false, why: 'the approval is void already' })
  await world.answer(last?.id ?? '')
  await world.drain()
  expect(await world.effects()).toMatchObject([{ outcome: 'done', approval: last?.id }])
})
