import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer } from '../../src/core/normalize/index.ts'
import { ownBundle } from '../support/content.ts'
import { alertRecord, quietRecord } from './events.ts'

// node test/bench/normalize.ts: events per second of processor time (other work on the machine does not count) through decoding
// and normalising alone, beside JSON.parse of the same lines.
const { integrations } = await ownBundle()
const normalizer = createNormalizer(integrations, tenantId('main'))
const count = 50_000

function rate(work: () => void): number {
  work()
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return Math.round(count / ((user + system) / 1_000_000))
}

for (const [name, source, line] of [
  ['CloudTrail records (telemetry)', 'aws-cloudtrail', (n: number) => quietRecord(n)],
  ['Wazuh alerts', 'wazuh', (n: number) => alertRecord(n, 500)],
] as const) {
  const lines = Array.from({ length: count }, (_, n) => line(n))
  const bodies = Array.from({ length: count / 1000 }, (_, n) =>
    Buffer.from(lines.slice(n * 1000, n * 1000 + 1000).join('\n')),
  )
  const parsed = rate(() => {
    for (const one of lines) JSON.parse(one)
  })
  const normalize = (from: string | null, transport: 'file' | 'webhook') =>
    rate(() => {
      for (const body of bodies)
        normalizer.normalize({
          seq: 1,
          source: from,
          transport,
          contentType: 'application/x-ndjson',
          receivedAt: Date.UTC(2026, 5, 1),
          body,
        })
    })
  console.log(
    `${name.padEnd(32)} JSON.parse ${parsed}/s, from a file ${normalize(source, 'file')}/s, by webhook ${normalize(source, 'webhook')}/s, recognised ${normalize(null, 'file')}/s`,
  )
}
