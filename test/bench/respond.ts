import { type ChildProcess, fork } from 'node:child_process'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { saveIncidents } from '../../src/cases/index.ts'
import { tenantId } from '../../src/core/model/index.ts'
import { startRuns } from '../../src/respond/index.ts'
import { type OpenStore, openStore } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import { startVendor } from '../respond/vendor.ts'
import { databaseCpuMs } from './engine.ts'
import { type BenchPlaybook, respondContent } from './respond-content.ts'
import { megabytes, say, secondsSince, withScratch } from './scratch.ts'

const bundle = respondContent()
const workerFile = fileURLToPath(new URL('./respond-worker.ts', import.meta.url))
const fiveStepRuns = Number(process.env.GITSOC_BENCH_RUNS ?? 1000)
const warmUpRuns = 400
const waitingRuns = Number(process.env.GITSOC_BENCH_WAITING ?? 10_000)
const wanted = process.env.GITSOC_BENCH_PARTS?.split(',')

interface Usage {
  readonly cpuMs: number
  readonly rss: number
  readonly transactions: number
  readonly statements: number
}

const parts: Readonly<Record<string, (store: OpenStore, dir: string) => Promise<void>>> = {
  starts,
  tasks: (store, dir) => five(store, dir, 'tasks'),
  simulated: (store, dir) => five(store, dir, 'simulated'),
  sent,
  first: firstAction,
  idle,
}

/** Durable starts, five-step runs by two processes, trigger to first action, and what waiting runs cost. */
export async function respond(): Promise<void> {
  await withScratch(async (dir) => {
    const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'), { connections: 20 })
    try {
      for (const [name, part] of Object.entries(parts)) if (wanted?.includes(name) ?? true) await part(store, dir)
    } finally {
      await store.close()
    }
  })
}

const load = () => `load ${loadavg()[0]?.toFixed(1)}`
let numbers = 0

/** Incidents of their own, so that runs are as they are in life. */
async function incidents(store: OpenStore, count: number): Promise<readonly number[]> {
  const fresh = Array.from({ length: count }, () => ++numbers)
  for (let at = 0; at < count; at += 500)
    await store.transaction((tx) =>
      saveIncidents(
        tx,
        fresh.slice(at, at + 500).map((number) => madeIncident({ number })),
      ),
    )
  return fresh
}

function begin(store: OpenStore, id: BenchPlaybook, of: readonly number[]) {
  const playbook = bundle.playbooks.get(id)
  if (playbook === undefined) throw new Error(`there is no playbook ${id}`)
  const trigger = {
    playbook,
    decision: { answer: 'started', rule: playbook.ref, facts: [], sentence: 'measured' },
  }
  return store.transaction((tx) =>
    startRuns(
      tx,
      bundle,
      of.map((incident) => ({ incident, trigger, at: Date.now() })),
    ),
  )
}

async function starts(store: OpenStore): Promise<void> {
  const all = await incidents(store, 2000)
  const begun = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < all.length) await begin(store, 'tasks', [all[next++] as number])
    }),
  )
  const single = all.length / secondsSince(begun)
  const more = await incidents(store, 5000)
  const batched = performance.now()
  for (let at = 0; at < more.length; at += 100) await begin(store, 'tasks', more.slice(at, at + 100))
  say(
    `respond    durable starts: ${single.toFixed(0)}/s one a transaction (16 at a time), ${(more.length / secondsSince(batched)).toFixed(0)}/s a hundred a transaction; ${load()}`,
  )
  await store.transaction((tx) => tx.query('delete from run where tenant = $1', [tx.tenant]))
}

async function workers(store: OpenStore, dir: string, count: number, vendorUrl = ''): Promise<readonly ChildProcess[]> {
  const all = Array.from({ length: count }, () => fork(workerFile, [store.url, join(dir, 'work'), vendorUrl]))
  await Promise.all(all.map((one) => new Promise((resolve) => one.once('message', resolve))))
  return all
}

function usage(worker: ChildProcess): Promise<Usage> {
  return new Promise((resolve) => {
    worker.once('message', (answer) => resolve(answer as Usage))
    worker.send('usage')
  })
}

async function stop(all: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    all.map((one) => {
      const gone = new Promise((resolve) => one.once('exit', resolve))
      one.send('end')
      return gone
    }),
  )
}

async function left(store: OpenStore, statuses: readonly string[]): Promise<number> {
  const found = await store.transaction((tx) =>
    tx.query<{ n: number }>('select count(*)::int as n from run where tenant = $1 and status = any($2)', [
      tx.tenant,
      statuses,
    ]),
  )
  return found.rows[0]?.n ?? 0
}

/** Five actions that reach a vendor, which answers at once. */
async function sent(store: OpenStore, dir: string): Promise<void> {
  const vendor = await startVendor()
  await five(store, dir, 'simulated', vendor.url)
  say(`respond    the vendor was called ${vendor.calls.length} times`)
  await vendor.stop()
}

async function five(store: OpenStore, dir: string, id: BenchPlaybook, vendorUrl = ''): Promise<void> {
  const count = fiveStepRuns
  const two = await workers(store, dir, 2, vendorUrl)
  // Processes that have just begun compile what they run: that is not what a run costs.
  await begin(store, id, await incidents(store, warmUpRuns))
  while ((await left(store, ['running', 'waiting'])) > 0) await wait(50)
  const all = await incidents(store, count)
  const before = await Promise.all(two.map(usage))
  const databaseBefore = await databaseMs(store)
  const begun = performance.now()
  await begin(store, id, all)
  while ((await left(store, ['running', 'waiting'])) > 0) await wait(50)
  const rate = count / secondsSince(begun)
  const after = await Promise.all(two.map(usage))
  const each = (of: 'cpuMs' | 'transactions' | 'statements') =>
    (after.reduce((sum, one, index) => sum + one[of] - (before[index]?.[of] ?? 0), 0) / count).toFixed(2)
  const database = ((await databaseMs(store)) - databaseBefore) / count
  await stop(two)
  say(
    `respond    ${count} runs of five steps (${vendorUrl === '' ? id : 'sent'}), two processes after ${warmUpRuns} to warm up: ${rate.toFixed(0)} runs/s; a run costs ${each('cpuMs')} ms of processor in the processes and ${database.toFixed(2)} in the database, ${each('transactions')} transactions, ${each('statements')} statements; ${load()}`,
  )
}

async function databaseMs(store: OpenStore): Promise<number> {
  const found = await store.transaction((tx) => tx.query<{ pid: number }>('select pg_backend_pid() as pid'))
  return databaseCpuMs(found.rows[0]?.pid ?? 0)
}

async function firstAction(store: OpenStore, dir: string): Promise<void> {
  const rate = 50
  const all = await incidents(store, rate * 10)
  const vendor = await startVendor()
  const [worker] = await workers(store, dir, 1, vendor.url)
  const sentAt = new Map<string, number>()
  const times: number[] = []
  vendor.before = (call) => {
    const at = sentAt.get(call)
    if (at !== undefined) times.push(performance.now() - at)
  }
  const begun = performance.now()
  for (const [index, number] of all.entries()) {
    const due = (index / rate) * 1000 - (performance.now() - begun)
    if (due > 0) await wait(due)
    sentAt.set(`POST /lock/u${number}`, performance.now())
    begin(store, 'one', [number]).catch((error: Error) => say(error.message))
  }
  while (times.length < all.length) await wait(20)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1)
  if (worker !== undefined) await stop([worker])
  await vendor.stop()
  say(
    `respond    trigger written to request at the vendor, ${rate} starts/s: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${times.length} runs); ${load()}`,
  )
}

async function idle(store: OpenStore, dir: string): Promise<void> {
  const measure = async () => {
    const [worker] = await workers(store, dir, 1)
    if (worker === undefined) throw new Error('there is no worker')
    await wait(5000)
    const before = await usage(worker)
    const commits = await transactions(store)
    await wait(20_000)
    const after = await usage(worker)
    const rate = ((await transactions(store)) - commits) / 20
    await stop([worker])
    return { cpu: (after.cpuMs - before.cpuMs) / 200, rss: after.rss, rate }
  }
  const empty = await measure()
  const all = await incidents(store, waitingRuns)
  for (let at = 0; at < all.length; at += 500) await begin(store, 'waiting', all.slice(at, at + 500))
  const begun = performance.now()
  const two = await workers(store, dir, 2)
  while ((await left(store, ['running'])) > 0) await wait(200)
  const parked = waitingRuns / secondsSince(begun)
  await stop(two)
  const full = await measure()
  say(
    `respond    ${waitingRuns} waiting runs: ${megabytes(full.rss - empty.rss)} MB more than none (${megabytes(full.rss)} MB against ${megabytes(empty.rss)}), ${full.cpu.toFixed(2)} % of a processor (${empty.cpu.toFixed(2)} % with none), ${full.rate.toFixed(1)} transactions/s; they came to their wait at ${parked.toFixed(0)} runs/s; ${load()}`,
  )
}

async function transactions(store: OpenStore): Promise<number> {
  const found = await store.transaction((tx) =>
    tx.query<{ n: number }>('select xact_commit::int as n from pg_stat_database where datname = current_database()'),
  )
  return found.rows[0]?.n ?? 0
}
