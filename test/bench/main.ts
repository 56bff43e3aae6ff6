import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import type { NewDelivery } from '../../src/ingest/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { createRuntime, serve } from '../../src/server/index.ts'
import { openStore } from '../../src/store/index.ts'
import { ownBundle } from '../support/content.ts'
import { alertRecord, quietRecord } from './events.ts'

// npm run bench [-- start ingest alerts latency growth sprawl]   GITSOC_BENCH_ALERTS=1000000 for the long form of growth
const wanted = new Set(process.argv.slice(2))
const runs = (name: string) => wanted.size === 0 || wanted.has(name)
const growthTo = Number(process.env.GITSOC_BENCH_ALERTS ?? 100_000)

const bundle = await ownBundle()
const say = (text: string) => process.stdout.write(`${text}\n`)
const seconds = (since: number) => (performance.now() - since) / 1000
const megabytes = (bytes: number) => Math.round(bytes / 1_048_576)

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-bench-'))
  await chmod(dir, 0o711)
  return dir
}

async function withRuntime<T>(
  work: (runtime: Awaited<ReturnType<typeof createRuntime>>, dir: string) => Promise<T>,
): Promise<T> {
  const dir = await scratch()
  const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
  try {
    return await work(await createRuntime({ store, bundle, clock: Date.now, workDir: dir }), dir)
  } finally {
    await store.close()
    await rm(dir, { recursive: true, force: true })
  }
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
  const parsed = count / seconds(parsing)
  await withRuntime(async ({ inbox, pipeline, store }) => {
    const accepting = performance.now()
    for (let at = 0; at < chunks.length; at += 4)
      await Promise.all(chunks.slice(at, at + 4).map((chunk) => inbox.accept([delivery(chunk, 'aws-cloudtrail')])))
    const accepted = count / seconds(accepting)
    const working = performance.now()
    await pipeline.drain()
    const worked = count / seconds(working)
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
    say(`ingest     durable ${(lines.length / seconds(single)).toFixed(0)} events/s as single deliveries, 64 at a time`)
  })
}

async function alerts(): Promise<void> {
  const count = 20_000
  const lines = Array.from({ length: count }, (_, n) => alertRecord(n, 500))
  const parsing = performance.now()
  for (const line of lines) JSON.parse(line)
  const parsed = count / seconds(parsing)
  await withRuntime(async ({ inbox, pipeline, store }) => {
    const started = performance.now()
    for (let at = 0; at < count; at += 1000) await inbox.accept([delivery(lines.slice(at, at + 1000), 'wazuh')])
    await pipeline.drain()
    const rate = count / seconds(started)
    const incidents = await store.transaction((tx) =>
      tx.query<{ n: number }>(`select count(*)::int as n from incident where tenant = $1`, [tx.tenant]),
    )
    const { balanced, total } = await readLedger(store, { recount: true })
    say(
      `alerts     event to durable incident ${rate.toFixed(0)} alerts/s (${count} alerts, ${incidents.rows[0]?.n} incidents); JSON.parse alone ${parsed.toFixed(0)}/s, ratio ${(rate / parsed).toFixed(4)}; ledger ${balanced && total.alerted === count ? 'exact' : `WRONG ${JSON.stringify(total)}`}`,
    )
  })
}

async function latency(): Promise<void> {
  const rate = 500
  const warmUp = 1000
  const count = 6000
  await withRuntime(async (runtime) => {
    const serving = await serve({ ...runtime, store: { ...runtime.store, close: async () => {} } }, bundle, {
      host: '127.0.0.1',
      port: 0,
      secrets: () => ['bench'],
      config: () => ({}),
      clock: Date.now,
      log: () => {},
    })
    const sentAt = new Map<string, number>()
    const took: number[] = []
    const early: number[] = []
    const pending: Promise<unknown>[] = []
    const seen = new Set<string>()
    const poll = async () => {
      const rows = await runtime.store.transaction((tx) =>
        tx.query<{ seq: number }>('select done_seq as seq from inbox_head where tenant = $1', [tx.tenant]),
      )
      const done = rows.rows[0]?.seq ?? 0
      const now = performance.now()
      for (const [seq, at] of sentAt) {
        if (Number(seq) > done || seen.has(seq)) continue
        seen.add(seq)
        if (Number(seq) > warmUp) took.push(now - at)
        else early.push(now - at)
      }
    }
    const begun = performance.now()
    let sent = 0
    while (took.length + early.length < count && seconds(begun) < 60) {
      const due = Math.min(count, Math.floor(seconds(begun) * rate))
      for (; sent < due; sent++) {
        const at = performance.now()
        pending.push(
          fetch(`${serving.url}/in/wazuh`, {
            method: 'POST',
            headers: { 'x-api-key': 'bench' },
            body: alertRecord(sent, 200),
          }).then(async (response) => {
            const { delivery: seq } = (await response.json()) as { delivery: number }
            sentAt.set(String(seq), at)
          }),
        )
      }
      await poll()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await Promise.all(pending)
    took.sort((a, b) => a - b)
    early.sort((a, b) => a - b)
    const at = (share: number) => took[Math.floor(took.length * share)]?.toFixed(1)
    say(
      `latency    ${rate} alerts/s over HTTP for ${(count - warmUp) / rate} s, request sent to incident committed: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${took.at(-1)?.toFixed(1)} ms (${took.length} alerts; load generator and polling in the same process); the first 2 s, in which 200 incidents open and their playbooks start: p50 ${early[early.length >> 1]?.toFixed(1)} ms, max ${early.at(-1)?.toFixed(1)} ms`,
    )
    await serving.stop()
  })
}

async function growth(hosts: number): Promise<void> {
  await withRuntime(async ({ inbox, pipeline, store }) => {
    const step = 10_000
    const rates: string[] = []
    for (let done = 0; done < growthTo; done += step) {
      const lines = Array.from({ length: step }, (_, n) => alertRecord(done + n, hosts, 5000))
      const started = performance.now()
      for (let at = 0; at < step; at += 1000) await inbox.accept([delivery(lines.slice(at, at + 1000), 'wazuh')])
      await pipeline.drain()
      const total = done + step
      if (total === step || total % Math.max(step, growthTo / 5) === 0)
        rates.push(`${total}: ${(step / seconds(started)).toFixed(0)}/s`)
    }
    const stored = await store.transaction((tx) =>
      tx.query<{ n: number }>('select count(*)::int as n from alert where tenant = $1', [tx.tenant]),
    )
    say(
      `growth     ${hosts} hosts, one alert in 5 s of event time: alerts/s at stored alerts ${rates.join(', ')}; ${stored.rows[0]?.n} alerts stored; RSS of this process ${megabytes(process.memoryUsage().rss)} MB`,
    )
  })
}

async function start(): Promise<void> {
  const dir = await scratch()
  try {
    for (const name of ['cold', 'warm', 'warm'] as const) {
      const started = performance.now()
      const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
      const runtime = await createRuntime({ store, bundle: await ownBundle(), clock: Date.now, workDir: dir })
      const serving = await serve(runtime, bundle, {
        host: '127.0.0.1',
        port: 0,
        secrets: () => undefined,
        config: () => ({}),
        clock: Date.now,
        log: () => {},
      })
      const ready = await fetch(`${serving.url}/readyz`)
      say(
        `start      ${name} start to ready ${(seconds(started) * 1000).toFixed(0)} ms (status ${ready.status}, without the ${name === 'cold' ? 'start' : 'same start'} of Node itself)`,
      )
      await serving.stop()
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
say(
  `machine    ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}, commit ${commit}`,
)
// Few hosts: incidents that go on for weeks. As many hosts as alerts: each alert an incident of its own.
const suites = { start, ingest, alerts, latency, growth: () => growth(2000), sprawl: () => growth(100_000_000) }
for (const [name, suite] of Object.entries(suites)) if (runs(name)) await suite()
