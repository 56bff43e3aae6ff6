import { expect, test } from 'vitest'
import { keepBundle } from '../../src/respond/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { allow, bundleWith, suspendFirst, worldOf } from '../respond/world.ts'
import { folderOf } from '../support/folder.ts'

test('another bundle decides from the next batch on, and runs under way end with the one they started with', async () => {
  const old = await bundleWith(suspendFirst, allow)
  const next = await bundleWith('  - { id: look, task: Look at it }\n', allow)
  const { store, rows, steps, time } = await worldOf(old)
  const runtime = await createRuntime({ store, bundle: old, clock: () => time.at, workDir: folderOf({}) })
  const receive = (n: number) =>
    runtime.inbox.accept([
      {
        ...{ source: 'generic', transport: 'webhook', contentType: 'application/json', receivedAt: time.at },
        body: Buffer.from(`{"action":"login","n":${n}}\n`),
      },
    ])
  await receive(1)
  await runtime.pipeline.drain()
  await store.transaction((tx) => keepBundle(tx, next, { at: time.at, authors: {} }))
  runtime.swap(next)
  await receive(2)
  await runtime.pipeline.drain()
  await runtime.responder.drain()
  expect(runtime.bundle()).toBe(next)
  expect(await rows('select bundle from delivery_count order by seq')).toEqual([
    { bundle: old.digest },
    { bundle: next.digest },
  ])
  expect((await steps()).map((step) => step.path)).toEqual(['suspend'])
  expect(await rows('select status from run')).toEqual([{ status: 'completed' }])
})
