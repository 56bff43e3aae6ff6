import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createInbox } from '../../src/ingest/index.ts'
import { createPipeline } from '../../src/pipeline/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const bundle = await ownBundle()

test('deliveries that come one after the other are worked off together, the first one at once', async () => {
  const store = await testStore()
  const sizes: number[] = []
  const pipeline = createPipeline({
    store,
    bundle: () => bundle,
    enrich: () => [],
    onBatch: ({ deliveries }) => sizes.push(deliveries),
    batchEveryMs: 2000,
  })
  const inbox = createInbox(store, pipeline.wake)
  const send = (n: number) =>
    inbox.accept([
      {
        source: 'syslog',
        transport: 'syslog',
        contentType: 'text/plain',
        receivedAt: Date.UTC(2026, 4, 12, 9),
        body: Buffer.from(`May 12 08:00:00 host sshd[${n}]: Connection closed by 192.0.2.1 port ${n}`),
      },
    ])
  await pipeline.start()
  onTestFinished(() => pipeline.stop())
  await send(0)
  await expect.poll(() => sizes, { timeout: 10_000 }).toEqual([1])
  for (let n = 1; n < 20; n++) {
    await send(n)
    await wait(50)
  }
  await expect.poll(() => sizes.reduce((sum, one) => sum + one, 0), { timeout: 20_000 }).toBe(20)
  expect(sizes.length).toBeLessThan(8)
})
