import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbedded } from '../../src/store/index.ts'
import type { DbosOrder } from './dbos-worker.ts'
import { databaseCpuMs } from './engine.ts'
import { megabytes, say, secondsSince, withScratch } from './scratch.ts'

// node test/bench/dbos.ts FOLDER: what DBOS does on our database, where it is installed in FOLDER.
const [folder = '', only = 'starts,five,first,idle,takeover'] = process.argv.slice(2)
if (!existsSync(join(folder, 'node_modules/@dbos-inc/dbos-sdk'))) {
  process.stderr.write(
    'usage: node test/bench/dbos.ts FOLDER [starts,five,first,idle,takeover]\nDBOS is no part of this project; in a folder elsewhere: npm init -y && npm install @dbos-inc/dbos-sdk@5.3.0\n',
  )
  process.exit(2)
}
const runs = Number(process.env.GITSOC_BENCH_RUNS ?? 1000)
const warmUpRuns = 400
const waiting = Number(process.env.GITSOC_BENCH_WAITING ?? 10_000)
const workerFile = fileURLToPath(new URL('./dbos-worker.ts', import.meta.url))
const load = () => `load ${loadavg()[0]?.toFixed(1)}`

interface Usage {
  readonly cpuMs: number
  readonly rss: number
  readonly reached: Readonly<Record<string, readonly [began: number, intended: number]>>
}
interface Place {
  readonly url: string
  readonly pool: pg.Pool
}
type Taking = { readonly pollMs?: number; readonly takes?: 'five' | 'one' | 'dead' }

let count = 0
const fresh = (many: number) => Array.from({ length: many }, () => `w${String(++count).padStart(7, '0')}`)

async function worker({ url }: Place, { pollMs = 0, takes }: Taking = {}): Promise<ChildProcess> {
  const one = fork(workerFile, [url, folder, `x${++count}`, String(pollMs), takes ?? ''])
  await new Promise((resolve) => one.once('message', resolve))
  return one
}

function tell(one: ChildProcess, order: DbosOrder): Promise<Usage> {
  return new Promise((resolve) => {
    one.once('message', (usage) => resolve(usage as Usage))
    one.send(order)
  })
}

async function end(one: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => one.once('exit', resolve))
  one.kill('SIGKILL')
  await gone
}

async function number({ pool }: Place, sql: string): Promise<number> {
  return Number((await pool.query<{ n: string }>(sql)).rows[0]?.n ?? 0)
}
const databaseMs = async (place: Place) => databaseCpuMs(await number(place, 'select pg_backend_pid() as n'))
const left = (place: Place) => number(place, 'select count(*) as n from bench_run where not done')
const enqueue = (workflow: 'five' | 'one', queue = 'runs') =>
  `select dbos.enqueue_workflow('${workflow}', '${queue}', array[to_json(id)], workflow_id => id, app_version => '1') from unnest($1::text[]) as id`
const insert = 'insert into bench_run (id) select unnest($1::text[])'

async function starts(place: Place): Promise<void> {
  const one = await worker(place)
  const timed = async (queue?: string) => {
    const begun = performance.now()
    await tell(one, { order: 'start', workflow: 'held', ids: fresh(2000), ...(queue === undefined ? {} : { queue }) })
    return (2000 / secondsSince(begun)).toFixed(0)
  }
  const direct = await timed()
  const queued = await timed('nobody')
  const begun = performance.now()
  for (let at = 0; at < 5000; at += 100) await place.pool.query(enqueue('five', 'nobody'), [fresh(100)])
  const together = (5000 / secondsSince(begun)).toFixed(0)
  await end(one)
  say(
    `dbos       durable starts: direct ${direct}/s, by queue ${queued}/s (both 16 at a time), by its SQL function ${together}/s a hundred a transaction; ${load()}`,
  )
}

/** Has both processes work off so many runs. */
async function work(place: Place, two: readonly ChildProcess[], taking: Taking, many: number): Promise<void> {
  const ids = fresh(many)
  if (taking.takes === undefined)
    await place.pool.query(`insert into bench_run (id, taken) select unnest($1::text[]), 'x'`, [ids])
  if (taking.pollMs !== undefined) await place.pool.query(enqueue('five'), [ids])
  else if (taking.takes !== undefined)
    await place.pool.query(`with r as (${insert}) select pg_notify('bench_runs', '')`, [ids])
  else
    for (const [index, one] of two.entries())
      void tell(one, { order: 'start', workflow: 'five', ids: ids.filter((_, at) => at % 2 === index) })
  while ((await left(place)) > 0) await wait(50)
}

async function five(place: Place, name: string, taking: Taking): Promise<void> {
  const two = [await worker(place, taking), await worker(place, taking)]
  await work(place, two, taking, warmUpRuns)
  const before = await Promise.all(two.map((one) => tell(one, { order: 'usage' })))
  const databaseBefore = await databaseMs(place)
  const begun = performance.now()
  await work(place, two, taking, runs)
  const rate = runs / secondsSince(begun)
  const after = await Promise.all(two.map((one) => tell(one, { order: 'usage' })))
  const cpu = after.reduce((sum, one, index) => sum + one.cpuMs - (before[index]?.cpuMs ?? 0), 0) / runs
  const database = ((await databaseMs(place)) - databaseBefore) / runs
  await Promise.all(two.map(end))
  say(
    `dbos       ${runs} runs of five empty steps, two processes after ${warmUpRuns} to warm up, ${name}: ${rate.toFixed(0)} runs/s; a run costs ${cpu.toFixed(2)} ms of processor in the processes and ${database.toFixed(2)} in the database; ${load()}`,
  )
}

async function first(place: Place, name: string, taking: Taking): Promise<void> {
  const one = await worker(place, taking)
  const ids = fresh(500)
  const sentAt = new Map<string, number>()
  const begun = performance.now()
  for (const [index, id] of ids.entries()) {
    const due = index * 20 - (performance.now() - begun)
    if (due > 0) await wait(due)
    sentAt.set(id, Number(process.hrtime.bigint() / 1000n) / 1000)
    void (taking.pollMs === undefined
      ? place.pool.query(`with r as (${insert}) select pg_notify('bench_runs', '')`, [[id]])
      : place.pool.query(
          `with r as (insert into bench_run (id, taken) select unnest($1::text[]), 'x') ${enqueue('one')}`,
          [[id]],
        ))
  }
  while ((await left(place)) > 0) await wait(50)
  const { reached } = await tell(one, { order: 'usage' })
  await end(one)
  const at = (which: 0 | 1, share: number) => {
    const times = ids.map((id) => (reached[id]?.[which] ?? 0) - (sentAt.get(id) ?? 0)).sort((a, b) => a - b)
    return times[Math.floor((times.length - 1) * share)]?.toFixed(1)
  }
  say(
    `dbos       start written to workflow with one effect, 50 starts/s, ${name}: p50 ${at(0, 0.5)} ms, p99 ${at(0, 0.99)} ms; to the call, its intent on record: p50 ${at(1, 0.5)} ms, p99 ${at(1, 0.99)} ms; ${load()}`,
  )
}

async function idle(place: Place): Promise<void> {
  const commits = () =>
    number(place, 'select xact_commit as n from pg_stat_database where datname = current_database()')
  const one = await worker(place)
  /** Until each of them has come to its wait: at most a few transactions a second. */
  const settle = async () => {
    for (let last = 0, now = await commits(); now - last > 100; last = now, now = await commits()) await wait(5000)
  }
  const measure = async () => {
    await settle()
    const before = { ...(await tell(one, { order: 'usage' })), commits: await commits() }
    await wait(20_000)
    const after = await tell(one, { order: 'usage' })
    return { cpu: (after.cpuMs - before.cpuMs) / 200, rss: after.rss, rate: ((await commits()) - before.commits) / 20 }
  }
  const empty = await measure()
  await tell(one, { order: 'start', workflow: 'waiting', ids: fresh(waiting) })
  const full = await measure()
  await end(one)
  say(
    `dbos       ${waiting} workflows in recv (polled every 600 s): ${megabytes(full.rss - empty.rss)} MB more than none (${megabytes(full.rss)} against ${megabytes(empty.rss)}), ${full.cpu.toFixed(2)} % of a processor (${empty.cpu.toFixed(2)} % with none), ${full.rate.toFixed(1)} transactions/s; ${load()}`,
  )
}

async function takeover(place: Place): Promise<void> {
  const [dying, other] = [await worker(place, { takes: 'dead' }), await worker(place, { takes: 'dead' })]
  await wait(1500)
  const ids = fresh(100)
  await place.pool.query(`insert into bench_run (id, taken) select unnest($1::text[]), 'x'`, [ids])
  await tell(dying, { order: 'start', workflow: 'slow', ids })
  await end(dying)
  const begun = performance.now()
  while ((await left(place)) > 0 && secondsSince(begun) < 60) await wait(20)
  await end(other)
  say(
    `dbos       a process killed with 100 workflows in a step of 1 s: all done ${secondsSince(begun).toFixed(1)} s later with a lease of ours of 2 s; ${load()}`,
  )
}

const parts: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  starts,
  async five(place) {
    await five(place, 'started directly', {})
    await five(place, 'by queue, polled every ms', { pollMs: 1 })
    await five(place, 'by our rows and NOTIFY, started directly', { takes: 'five' })
  },
  async first(place) {
    for (const pollMs of [100, 10, 1]) await first(place, `by queue, polled every ${pollMs} ms`, { pollMs })
    await first(place, 'by our rows and NOTIFY, started directly', { takes: 'one' })
  },
  idle,
  takeover,
}

await withScratch(async (dir) => {
  const server = await startEmbedded(join(dir, 'postgres'), { settings: { max_connections: '200' } })
  const pool = new pg.Pool({ connectionString: server.url, max: 20 })
  try {
    await pool.query('create table bench_run (id text primary key, taken text, done boolean not null default false)')
    await pool.query('create table bench_executor (id text primary key, seen timestamptz)')
    const place = { url: server.url, pool }
    await end(await worker(place, { pollMs: 1000 }))
    for (const [name, part] of Object.entries(parts)) if (only.split(',').includes(name)) await part(place)
  } finally {
    await pool.end()
    await server.stop()
  }
})
process.exit()
