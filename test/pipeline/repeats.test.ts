import { expect, test } from 'vitest'
import { createInbox, readLedger } from '../../src/ingest/index.ts'
import { createPipeline } from '../../src/pipeline/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const bundle = await ownBundle()
const line = (n: number) =>
  `May 12 08:00:${String(n % 60).padStart(2, '0')} host sshd[${n}]: Connection closed by 192.0.2.1 port ${n}`

test.each([1, 399, 400, 401, 900])(
  'an event that comes again %i records later in one batch is a duplicate',
  async (apart) => {
    const store = await testStore()
    const lines = [...Array.from({ length: apart }, (_, n) => line(n)), line(0), line(apart - 1)]
    await createInbox(store).accept([
      {
        source: 'syslog',
        transport: 'syslog',
        contentType: 'text/plain',
        receivedAt: Date.UTC(2026, 4, 12, 9),
        body: Buffer.from(lines.join('\n')),
      },
    ])
    await createPipeline({ store, bundle: () => bundle, enrich: () => [] }).drain()
    const { total } = await readLedger(store, { recount: true })
    expect({ received: total.received, duplicate: total.duplicate }).toEqual({ received: apart + 2, duplicate: 2 })
  },
)
