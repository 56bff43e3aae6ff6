import { expect, test } from 'vitest'
import type { Bundle } from '../../src/core/content/index.ts'
import { createResponder, storedBundles } from '../../src/respond/index.ts'
import { allow, bundleWith, suspendFirst, worldOf } from './world.ts'

/** A run that started with older content, on a machine that has newer content now. */
async function deployedAgain(store: (old: Bundle) => Bundle = (old) => old) {
  const old = await bundleWith(suspendFirst, allow)
  const current = await bundleWith('  - { id: look, task: Look at it }\n', allow)
  const world = await worldOf(old)
  await world.store.transaction(async (tx) => {
    for (const bundle of [store(old), current])
      await tx.query('insert into bundle (tenant, digest, commit, deployed_at, files) values ($1, $2, $3, 1, $4)', [
        tx.tenant,
        bundle.digest,
        bundle.commit,
        JSON.stringify(bundle.files),
      ])
  })
  const responder = createResponder({
    store: world.store,
    bundleOf: storedBundles(world.store, () => current),
    clock: () => world.time.at,
    places: world.places,
  })
  return { ...world, responder, old, current }
}

test('a run ends with the content it started with, though newer content is deployed', async () => {
  const { responder, rows, steps } = await deployedAgain()
  await responder.drain()
  expect((await steps()).map((step) => step.path)).toEqual(['suspend'])
  expect(await rows('select status from run')).toEqual([{ status: 'completed' }])
})

test('stored content that was changed is not used: the run waits until its deadline ends it', async () => {
  const { responder, rows, steps, time } = await deployedAgain((old) => ({
    ...old,
    files: old.files.map((file) => ({ ...file, text: file.text.replace('first', 'last') })),
  }))
  await responder.drain()
  expect(await steps()).toEqual([])
  expect(await rows('select status from run')).toEqual([{ status: 'running' }])
  time.at += 8 * 3_600_000
  await responder.drain()
  expect(await rows('select status from run')).toEqual([{ status: 'expired' }])
})

test('content that was never here is not known', async () => {
  const { store, old, current } = await deployedAgain()
  const bundleOf = storedBundles(store, () => current)
  expect(await bundleOf('f'.repeat(64))).toBeUndefined()
  expect((await bundleOf(old.digest))?.digest).toBe(old.digest)
  expect(await bundleOf(current.digest)).toBe(current)
})
