import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changeIncident, readContainments } from '../../../src/cases/index.ts'
import { containmentStatus, reconcileContainment, turnStopSwitch } from '../../../src/respond/index.ts'
import type { Store, Tx } from '../../../src/store/index.ts'
import { allow, bundleWith, suspendEach, worldOf } from '../world.ts'

const people = ['user17@example.com', 'user18@example.com']
const day = 86_400_000

/** Two accounts that a run has suspended, and a folder for the files. */
async function contained(steps = suspendEach, policy = allow) {
  const bundle = await bundleWith(steps, policy)
  const world = await worldOf(bundle, { people })
  await world.drain()
  const dir = join(world.dir, 'incidents')
  const file = join(dir, '1', 'containment.yaml')
  const parts = (store: Store = world.store) => ({
    store,
    bundleOf: () => bundle,
    current: bundle,
    clock: () => world.time.at,
    places: world.places,
    dir,
  })
  const apply = (wish: { store?: Store; again?: boolean } = {}) =>
    reconcileContainment(parts(wish.store), { actor: 'analyst-1', again: wish.again ?? false })
  const edit = async (change: (text: string) => string) => {
    const before = await readFile(file, 'utf8')
    const after = change(before)
    expect(after).not.toBe(before)
    await writeFile(file, after)
  }
  return {
    ...world,
    dir,
    file,
    apply,
    edit,
    drift: async () => (await containmentStatus(parts())).drift.map(({ kind, target }) => `${kind} ${target}`),
    details: async () => (await containmentStatus(parts())).drift,
    holding: async () => (await world.store.transaction((tx) => readContainments(tx, 1))).map((one) => one.target),
    effects: () =>
      world.rows<{ path: string; outcome: string | null }>('select path, outcome from effect order by path, id'),
    audited: async () =>
      (
        await world.rows<{ action: string; actor: string }>(
          "select action, actor from audit where action like 'containment.%' order by seq",
        )
      ).map(({ action, actor }) => `${action} ${actor}`),
  }
}

/** A file without the entry of a target. */
const without = (target: string) => (text: string) =>
  text.replace(new RegExp(` {2}- effect: \\S+\\n {4}action: \\S+\\n {4}target: ${target}\\n(?: {4}.*\\n)*`), '')

test('what was done is written to the file, and then nothing differs', async () => {
  const world = await contained()
  expect(await world.drift()).toEqual(people.map((one) => `unlisted ${one}`))
  expect((await world.apply()).written).toEqual([1])
  expect(await world.drift()).toEqual([])
  expect(await world.apply()).toEqual({ done: [], left: [], written: [] })
  expect(await readFile(world.file, 'utf8')).toMatch(
    /effect: ef-\w+\n {4}action: okta.suspend_user\n {4}target: user17@example.com/,
  )
})

test('what has expired is taken back once, as an effect of its own with an artifact', async () => {
  const world = await contained()
  await world.apply()
  world.time.at += day
  expect(await world.drift()).toEqual(people.map((one) => `expired ${one}`))
  const { done } = await world.apply()
  expect(done.map((one) => one.replace(/:.*/, ''))).toEqual(
    people.map((one) => `took back okta.suspend_user on ${one}`),
  )
  expect(await world.holding()).toEqual([])
  expect(await world.drift()).toEqual([])
  expect(await world.apply()).toEqual({ done: [], left: [], written: [] })
  expect((await world.effects()).filter((one) => one.path.endsWith('~undo'))).toHaveLength(2)
  expect(await world.audited()).toEqual(
    people.flatMap(() => ['containment.undo analyst-1', 'containment.undo-done analyst-1']),
  )
  const undone = Object.entries(await world.files()).filter(([name]) => name.includes('undo'))
  expect(undone.map(([, text]) => JSON.parse(text).actions[0].request.url)).toEqual([
    expect.stringContaining('/lifecycle/unsuspend'),
    expect.stringContaining('/lifecycle/unsuspend'),
  ])
})

test('what is not yet over holds', async () => {
  const world = await contained()
  await world.apply()
  world.time.at += day - 1
  expect(await world.drift()).toEqual([])
})

test('the close of an incident takes everything back', async () => {
  const world = await contained()
  await world.apply()
  const closed = await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.time.at,
    change: { kind: 'status', status: 'closed', verdict: 'true-positive', reason: 'done' },
  })
  expect(closed).toMatchObject({ ok: true })
  expect(await world.drift()).toEqual(people.map((one) => `closed ${one}`))
  await world.apply()
  expect(await world.holding()).toEqual([])
})

test('an entry that is removed is taken back, the others stay', async () => {
  const world = await contained()
  await world.apply()
  await world.edit(without('user17@example.com'))
  expect(await world.drift()).toEqual(['removed user17@example.com'])
  await world.apply()
  expect(await world.holding()).toEqual(['user18@example.com'])
  expect(await world.drift()).toEqual([])
})

test('an old file without what was done later takes nothing back', async () => {
  const world = await contained()
  await world.apply()
  await writeFile(world.file, 'incident: 1\ncovers: []\ncontainments: []\n')
  expect(await world.drift()).toEqual(people.map((one) => `unlisted ${one}`))
  await world.apply()
  expect(await world.holding()).toEqual(people)
})

test.each([
  ['later', '1970-01-05T00:00:00Z', people],
  ['earlier', '1970-01-01T00:00:01Z', ['user18@example.com']],
] as const)('an end that is made %s is taken over', async (_when, until, holding) => {
  const world = await contained()
  await world.apply()
  await world.edit((text) => text.replace(/until: .*/, `until: ${until}`))
  expect((await world.drift())[0]).toBe('until user17@example.com')
  await world.apply()
  expect(await world.holding()).toEqual(holding)
  expect((await world.audited())[0]).toBe('containment.until analyst-1')
  expect(await world.drift()).toEqual([])
  const rows = await world.rows<{ at: number }>(
    `select expires_at as at from effect where target = 'user17@example.com' and path not like '%undo'`,
  )
  expect(rows[0]?.at).toBe(Date.parse(until))
})

test('an entry that is added contains nothing, is told with what to do, and stays', async () => {
  const world = await contained()
  await world.apply()
  await world.edit((text) =>
    text.replace('containments:\n', 'containments:\n  - action: okta.suspend_user\n    target: boss@example.com\n'),
  )
  const [drift] = await world.details()
  expect(drift).toMatchObject({ kind: 'by-hand', target: 'boss@example.com', place: { line: 6 } })
  expect(drift?.hint).toContain('gitsoc runs start')
  await world.apply()
  expect(await world.effects()).toHaveLength(2)
  expect(await world.drift()).toEqual(['by-hand boss@example.com'])
})

test('an entry that says something else than was done changes nothing', async () => {
  const world = await contained()
  await world.apply()
  await world.edit((text) => text.replace('target: user17@example.com', 'target: boss@example.com'))
  expect(await world.drift()).toEqual(['changed user17@example.com'])
  await world.apply()
  expect(await world.effects()).toHaveLength(2)
  expect(await world.holding()).toEqual(people)
})

test('such an entry stays as somebody wrote it, and is told, until it is put right or the containment ends', async () => {
  const world = await contained()
  await world.apply()
  await world.edit((text) => text.replace('target: user17@example.com', 'target: boss@example.com'))
  for (let pass = 0; pass < 2; pass++) {
    await world.apply()
    expect(await readFile(world.file, 'utf8')).toContain('target: boss@example.com')
    expect(await readFile(world.file, 'utf8')).not.toContain('target: user17@example.com')
    expect(await world.drift()).toEqual(['changed user17@example.com'])
  }
  await world.edit((text) => text.replace('target: boss@example.com', 'target: user17@example.com'))
  await world.apply()
  expect(await world.drift()).toEqual([])
  await world.edit((text) => text.replace('target: user17@example.com', 'target: boss@example.com'))
  world.time.at += day
  await world.apply()
  await world.apply()
  expect(await world.holding()).toEqual([])
  expect(await world.drift()).toEqual([])
})

test.each([
  ['is no YAML', 'incident: ['],
  ['is of another incident', 'incident: 2\ncovers: []\ncontainments: []\n'],
  ['has an unknown member', 'incident: 1\ncovers: []\ncontainments: []\nextra: 1\n'],
  [
    'has an end that is no time',
    'incident: 1\ncovers: []\ncontainments: [{ action: a, target: b, until: tomorrow }]\n',
  ],
])('a file that %s is told by line and column, and is not written over', async (_what, text) => {
  const world = await contained()
  await world.apply()
  await writeFile(world.file, text)
  const [drift] = await world.details()
  expect(drift).toMatchObject({ kind: 'unreadable', place: { file: world.file, line: expect.any(Number) } })
  await world.apply()
  expect(await readFile(world.file, 'utf8')).toBe(text)
  expect(await world.holding()).toEqual(people)
})

test('while the stop switch is on nothing is taken back; afterwards it is', async () => {
  const world = await contained()
  await world.apply()
  world.time.at += day
  await turnStopSwitch(world.store, 'on', { actor: 'lead-1', reason: 'wait', at: world.time.at })
  expect((await world.apply()).left).toEqual(people.map(() => expect.stringContaining('the stop switch is on')))
  expect(await world.holding()).toEqual(people)
  await turnStopSwitch(world.store, 'off', { actor: 'lead-1', reason: 'go on', at: world.time.at })
  await world.apply()
  expect(await world.holding()).toEqual([])
})

test('what people approved is taken back at its end without asking again', async () => {
  const world = await contained(suspendEach, 'rules: []\n')
  for (const one of await world.approvals()) await world.answer(one.id)
  await world.drain()
  for (const one of await world.approvals()) if (one.status === 'pending') await world.answer(one.id)
  await world.drain()
  world.time.at += day
  await world.apply()
  expect(await world.holding()).toEqual([])
  expect((await world.approvals()).every((one) => one.status === 'approved')).toBe(true)
})

test('two at the same time take each containment back once', async () => {
  const world = await contained()
  await world.apply()
  world.time.at += day
  await Promise.all([world.apply(), world.apply()])
  expect(await world.holding()).toEqual([])
  expect((await world.audited()).filter((one) => one.startsWith('containment.undo-done'))).toHaveLength(2)
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a crash at transaction %i leaves nothing half done: the next time ends it',
  async (crashAt) => {
    const world = await contained()
    world.time.at += day
    let count = 0
    const crashing: Store = {
      ...world.store,
      tenant: world.store.tenant,
      transaction: <T>(work: (tx: Tx) => Promise<T>) => {
        count += 1
        if (count >= crashAt) return Promise.reject(new Error('the machine is gone'))
        return world.store.transaction(work)
      },
    }
    await world.apply({ store: crashing }).catch((error: Error) => expect(error.message).toBe('the machine is gone'))
    world.time.at += 60_000
    await world.apply()
    expect(await world.holding()).toEqual([])
    expect((await world.effects()).filter((one) => one.path.endsWith('~undo')).map((one) => one.outcome)).toEqual([
      'done',
      'done',
    ])
    expect((await world.audited()).filter((one) => one.startsWith('containment.undo-done'))).toHaveLength(2)
  },
)

test('taking back that failed is told, and tried again when a person asks for it', async () => {
  const world = await contained()
  await world.apply()
  world.time.at += day
  await mkdir(world.places.artifactsDir, { recursive: true })
  await world.rows(`update effect set inputs = '{"userId": ".."}'`)
  expect((await world.apply()).left).toEqual(people.map(() => expect.stringContaining('could not take back')))
  expect((await world.apply()).left).toEqual(
    people.map(() => expect.stringContaining('could not be taken back before')),
  )
  await world.rows(`update effect set inputs = '{"userId": "user17"}'`)
  await world.apply({ again: true })
  expect(await world.holding()).toEqual([])
})
