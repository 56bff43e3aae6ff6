import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { readContainments } from '../../../src/cases/index.ts'
import { createReconciler } from '../../../src/respond/index.ts'
import { allow, bundleWith, suspendEach, worldOf } from '../world.ts'

test('the server takes back what has expired without being asked, and stops when it is told', async () => {
  const bundle = await bundleWith(suspendEach, allow)
  const world = await worldOf(bundle)
  await world.drain()
  const reconciler = createReconciler({
    store: world.store,
    bundleOf: () => bundle,
    current: bundle,
    clock: () => world.time.at,
    places: world.places,
    dir: join(world.dir, 'incidents'),
    everyMs: 20,
  })
  reconciler.start()
  const holding = () => world.store.transaction((tx) => readContainments(tx, null))
  await vi.waitFor(
    async () => expect(Object.keys(await world.files())).toContain('incidents/1/containment.yaml'),
    20_000,
  )
  expect(await holding()).toHaveLength(1)
  world.time.at += 86_400_000
  await vi.waitFor(async () => expect(await holding()).toEqual([]), 20_000)
  await reconciler.stop()
})
