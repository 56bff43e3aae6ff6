import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import type { NewDelivery } from '../../src/ingest/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { createRuntime, serve } from '../../src/server/index.ts'
import { openStore } from '../../src/store/index.ts'
import { ownBundle } from '../support/content.ts'
import { burst } from './burst.ts'
import { detect } from './detect.ts'
import { alertRecord, quietRecord } from './events.ts'
import { growth } from './growth.ts'
import { latency } from './latency.ts'
import { plan } from './plan.ts'
import { plays } from './plays.ts'
import { rarity } from './rarity.ts'
import { respond } from './respond.ts'
import { say, secondsSince, withScratch } from './scratch.ts'

// npm run bench [-- start ingest alerts latency burst growth full sprawl rarity]   GITSOC_BENCH_ALERTS=1000000 for the long form of growth
const wanted = new Set(process.argv.slice(2).filter((word) => !word.startsWith('--')))
const runs = (name: string) => wanted.size === 0 || wanted.has(name)
const growthTo = Number(process.env.GITSOC_BENCH_ALERTS ?? 100_000)

const bundle = await ownBundle()

async function withRuntime<T>(
  work: (runtime: Awaited<ReturnType<typeof createRuntime>>, dir: string) => Promise<T>,
): Promise<T> {
  return withScratch(async (dir) => {
    const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
    try {
      return await work(await createRuntime({ store, bundle, clock: Date.now, workDir: dir }), dir)
    } finally {
      await store.close()
    }
  })
}

function delivery(lines: readonly string[], source: string): NewDelivery {
  return {
    source,
    transport: 'file',
    contentType: 'application/x-ndjson',
    receivedAt: Date.UTC(2026, 5, 1),
    body: Buffer.from(lines.join('\n')),
  }
}

async function ingest(): Promise<void> {
  const count = 100_000
  const chunks = Array.from({ length: count / 1000 }, (_, index) =>
    Array.from({ length: 1000 }, (_, n) => quietRecord(index * 1000 + n)),
  )
  const parsing = performance.now()
  for (const chunk of chunks) for (const line of chunk) JSON.parse(line)
  const parsed = count / secondsSince(parsing)
  await withRuntime(async ({ inbox, pipeline, store }) => {
    const accepting = performance.now()
    for (let at = 0; at < chunks.length; at += 4)
      await Promise.all(chunks.slice(at, at + 4).map((chunk) => inbox.accept([delivery(chunk, 'aws-cloudtrail')])))
    const accepted = count / secondsSince(accepting)
    const working = performance.now()
    await pipeline.drain()
    const worked = count / secondsSince(working)
    const { balanced, total } = await readLedger(store, { recount: true })
    say(
      `ingest     durable ${accepted.toFixed(0)} events/s in deliveries of 1,000; through the pipeline (no match) ${worked.toFixed(0)} events/s; JSON.parse alone ${parsed.toFixed(0)}/s, ratio of the pipeline to it ${(worked / parsed).toFixed(3)}; ledger ${balanced && total.noMatch === count ? 'exact' : 'WRONG'}`,
    )
  })
  await withRuntime(async ({ inbox }) => {
    const lines = chunks.flat().slice(0, 30_000)
    const single = performance.now()
    let next = 0
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (next < lines.length) await inbox.accept([delivery([lines[next++] as string], 'aws-cloudtrail')])
      }),
    )
    say(
      `ingest     durable ${(lines.length / secondsSince(single)).toFixed(0)} events/s as single deliveries, 64 at a time`,
    )
  })
}

async function alerts(): Promise<void> {
  const count = 20_000
  const lines = Array.from({ length: count }, (_, n) => alertRecord(n, 500))
  const parsing = performance.now()
  for (const line of lines) JSON.parse(line)
  const parsed = count / secondsSince(parsing)
  await withRuntime(async ({ inbox, pipeline, store }) => {
    const started = performance.now()
    for (let at = 0; at < count; at += 1000) await inbox.accept([delivery(lines.slice(at, at + 1000), 'wazuh')])
    await pipeline.drain()
    const rate = count / secondsSince(started)
    const incidents = await store.transaction((tx) =>
      tx.query<{ n: number }>(`select count(*)::int as n from incident where tenant = $1`, [tx.tenant]),
    )
    const { balanced, total } = await readLedger(store, { recount: true })
    say(
      `alerts     event to durable incident ${rate.toFixed(0)} alerts/s (${count} alerts, ${incidents.rows[0]?.n} incidents); JSON.parse alone ${parsed.toFixed(0)}/s, ratio ${(rate / parsed).toFixed(4)}; ledger ${balanced && total.alerted === count ? 'exact' : `WRONG ${JSON.stringify(total)}`}`,
    )
  })
}

async function start(): Promise<void> {
  await withScratch(async (dir) => {
    for (const name of ['cold', 'warm', 'warm'] as const) {
      const started = performance.now()
      const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
      const runtime = await createRuntime({ store, bundle: await ownBundle(), clock: Date.now, workDir: dir })
      const serving = await serve(runtime, {
        host: '127.0.0.1',
        port: 0,
        secrets: () => undefined,
        config: () => ({}),
        clock: Date.now,
        log: () => {},
      })
      const ready = await fetch(`${serving.url}/readyz`)
      say(
        `start      ${name} start to ready ${(secondsSince(started) * 1000).toFixed(0)} ms (status ${ready.status}, without the ${name === 'cold' ? 'start' : 'same start'} of Node itself)`,
      )
      await serving.stop()
    }
  })
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
say(
  `machine    ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}, commit ${commit}`,
)
// Few hosts: incidents that go on for weeks. As many hosts as alerts: each alert an incident of its own.
const suites = {
  start,
  ingest,
  alerts,
  latency,
  burst,
  respond,
  growth: () => growth('growth', 20_000, 250, growthTo),
  full: () => growth('full', 20_000, 250, 80_000, 1_000_000),
  detect: () => detect(bundle, say),
  sprawl: () => growth('sprawl', 10_000_000, 10_000_000, growthTo),
  rarity: () => rarity(bundle),
  plan: async () => {
    await plan(Number(process.env.GITSOC_BENCH_EVENTS ?? 100_000))
    await plays(1000)
  },
}
for (const [name, suite] of Object.entries(suites)) if (runs(name)) await suite()
