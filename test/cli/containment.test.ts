import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { allow, bundleWith, suspendEach, worldOf } from '../respond/world.ts'
import { gitsoc } from '../support/cli.ts'
import { testDatabase, testStore } from '../support/store.ts'

async function contained() {
  const url = await testDatabase()
  vi.stubEnv('DATABASE_URL', url)
  const bundle = await bundleWith(suspendEach, allow)
  const world = await worldOf(bundle, { store: await testStore({ url }) })
  await world.drain()
  // The commands have a clock of their own, by which a day after 1970 is over.
  await world.rows('update effect set expires_at = null')
  const places = ['--dir', join(world.dir, 'incidents')]
  const work = ['--work', world.dir]
  return {
    ...world,
    status: (...more: readonly string[]) => gitsoc('containment', 'status', ...places, ...more),
    apply: (...more: readonly string[]) =>
      gitsoc('containment', 'apply', ...places, ...work, '--as', 'lead-1', ...more),
  }
}

test('status ends with 1 while anything differs, apply makes it equal, and then status ends with 0', async () => {
  const world = await contained()
  const before = await world.status('--json')
  expect([before.exitCode, before.json()]).toMatchObject([
    1,
    { drift: [{ kind: 'unlisted' }], standing: [{ action: 'okta.suspend_user' }] },
  ])
  const applied = await world.apply()
  expect([applied.exitCode, applied.out]).toEqual([0, expect.stringContaining('containment.yaml')])
  const after = await world.status()
  expect([after.exitCode, after.out]).toEqual([
    0,
    expect.stringContaining('okta.suspend_user on user17@example.com (simulate) since'),
  ])
})

test('a folder of another incident with an entry by hand is told with the place of the entry', async () => {
  const world = await contained()
  await world.apply()
  const dir = join(world.dir, 'incidents', '7')
  mkdirSync(dir)
  writeFileSync(
    join(dir, 'containment.yaml'),
    'incident: 7\ncovers: []\ncontainments:\n  - { action: okta.suspend_user, target: boss }\n',
  )
  expect(await world.status('--incident', 'INC-1')).toMatchObject({ exitCode: 0 })
  const told = await world.status('--incident', '7')
  expect(told.exitCode).toBe(1)
  expect(told.out).toContain('containment.yaml:4:5 okta.suspend_user on boss is listed and was never done')
  expect((await world.apply()).exitCode).toBe(1)
})

test('an incident that is no number is wrong usage', async () => {
  expect((await gitsoc('containment', 'status', '--incident', 'x')).exitCode).toBe(2)
})
