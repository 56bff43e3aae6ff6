import { expect, test } from 'vitest'
import { startsAgain } from '../../src/core/playbook/index.ts'
import { startRuns } from '../../src/respond/index.ts'
import { allow, bundleWith, worldOf } from './world.ts'

const watch = (more: string) => ({
  'playbooks/watch.yaml': `id: watch\ntitle: Watch\nowner: team\nwhy: test\ntrigger: { ${more}, when: { fact: number, operator: greaterThan, value: 0 } }\ndeadline: 1h\nsteps:\n  - { id: look, task: Look }\n`,
})
const minute = 60_000

async function watched(more: string) {
  const bundle = await bundleWith('  - { id: nothing, task: Nothing }\n', allow, watch(more))
  const world = await worldOf(bundle)
  await world.rows('delete from run returning id')
  world.time.at = 100 * 15 * minute
  const runs = () =>
    world.rows<{ trigger: string; why: string }>(
      `select trigger, why from run where playbook = 'watch' order by started_at, id`,
    )
  const set = (at: number) => {
    const playbook = bundle.playbooks.get('watch')
    if (playbook === undefined) throw new Error('no playbook')
    const decision = { answer: 'started' as const, rule: playbook.ref, facts: [], sentence: 'because' }
    return world.store.transaction((tx) =>
      startRuns(tx, bundle, [{ incident: 1, trigger: { playbook, decision }, at }]),
    )
  }
  /** The running form, for one pass at this time. */
  const pass = async (until: number) => {
    const responders = [world.responder(), world.responder()]
    await Promise.all(responders.map((one) => one.start()))
    await expect.poll(runs, { timeout: 20_000 }).toHaveLength(until)
    await Promise.all(responders.map((one) => one.stop()))
    expect(await runs()).toHaveLength(until)
  }
  const trigger = () => {
    const found = bundle.playbooks.get('watch')?.trigger
    if (found === undefined) throw new Error('no playbook')
    return found
  }
  return { ...world, runs, set, pass, trigger }
}

test('a playbook that looks at open incidents starts once each time, however many replicas look', async () => {
  const world = await watched('every: 15m, once: change')
  await world.pass(1)
  world.time.at += 14 * minute
  await world.pass(1)
  world.time.at += minute
  await world.pass(2)
  expect(await world.runs()).toMatchObject([
    { trigger: 'every', why: expect.stringContaining('looks at open incidents') },
    { trigger: 'every' },
  ])
})

test('with once: incident it starts on each incident one time only', async () => {
  const world = await watched('every: 15m')
  await world.pass(1)
  world.time.at += 60 * minute
  await world.pass(1)
})

test('closed incidents are left alone', async () => {
  const world = await watched('every: 15m')
  await world.rows(`update incident set status = 'closed' returning number`)
  await world.pass(0)
})

test.each<[what: string, more: string, times: readonly number[], started: number]>([
  ['once for an incident', 'on: [opened]', [0, minute], 1],
  ['once for each change', 'on: [extended], once: change', [0, minute, minute], 2],
  ['not again within its cooldown', 'on: [extended], once: change, cooldown: 10m', [0, 9 * minute, 11 * minute], 2],
])('a playbook starts %s', async (_what, more, times, started) => {
  const world = await watched(more)
  for (const at of times) await world.set(world.time.at + at)
  expect(await world.runs()).toHaveLength(started)
})

test.each([
  'on: [opened]',
  'on: [opened], cooldown: 10m',
  'on: [opened], once: change',
  'on: [opened], once: change, cooldown: 10m',
])('what fixtures say of a second start is what happens: %s', async (more) => {
  const world = await watched(more)
  const trigger = world.trigger()
  for (const [index, afterMs] of [1, 10 * minute - 1, 10 * minute, 24 * 60 * minute].entries()) {
    const first = index * 10_000 * minute
    expect(await world.set(first)).toHaveLength(index === 0 || trigger.once === 'change' ? 1 : 0)
    expect(await world.set(first + afterMs)).toHaveLength(startsAgain(trigger, afterMs) ? 1 : 0)
  }
})
