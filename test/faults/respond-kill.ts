import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { saveIncidents } from '../../src/cases/index.ts'
import { tenantId } from '../../src/core/model/index.ts'
import { answerApproval, listApprovals, startByHand } from '../../src/respond/index.ts'
import { type OpenStore, openStore, verifyAudit } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import { startVendor, type Vendor } from '../respond/vendor.ts'
import { respondBundle } from './respond-bundle.ts'
import { type Point, points } from './respond-points.ts'

/** What killing workers at every point of a run came to. */
export interface RespondReport {
  readonly kills: number
  readonly points: number
  readonly runs: number
  /** Effects that a person had to decide about: nobody else could know. */
  readonly askedPeople: number
  readonly lost: number
  readonly twice: number
  readonly faults: readonly string[]
}

const worker = fileURLToPath(new URL('./respond-worker.ts', import.meta.url))
const leaseMs = 800

/**
 * Starts a run for each point and kills its worker there; the next worker takes over. Then everything has to be done, once.
 * Lanes are tenants of their own: they only share the machine.
 */
export async function killResponders(
  rounds: number,
  options: { every?: number; lanes?: number } = {},
): Promise<RespondReport> {
  const { every = 1, lanes = 1 } = options
  const chosen = Array.from({ length: rounds }, () => points)
    .flat()
    .filter((_, index) => index % every === 0)
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-respond-'))
  await chmod(dir, 0o711)
  const first = await openStore({ dir: join(dir, 'store') }, tenantId('lane-0'))
  try {
    const done = await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        const mine = chosen.filter((_point, index) => index % lanes === lane)
        const store = lane === 0 ? first : await openStore({ databaseUrl: first.url }, tenantId(`lane-${lane}`))
        try {
          return await killInTurn(store, dir, mine)
        } finally {
          if (lane > 0) await store.close()
        }
      }),
    )
    const sum = (of: (one: LaneReport) => number) => done.reduce((all, one) => all + of(one), 0)
    return {
      points: points.length,
      runs: chosen.length,
      kills: sum((one) => one.kills),
      askedPeople: sum((one) => one.askedPeople),
      lost: sum((one) => one.lost),
      twice: sum((one) => one.twice),
      faults: done.flatMap((one) => one.faults),
    }
  } finally {
    await first.close()
    await rm(dir, { recursive: true, force: true })
  }
}

type LaneReport = Omit<RespondReport, 'points' | 'runs'>

async function killInTurn(store: OpenStore, dir: string, chosen: readonly Point[]): Promise<LaneReport> {
  const vendor = await startVendor()
  const faults: string[] = []
  let kills = 0
  let askedPeople = 0
  const asked = (n: number) => {
    askedPeople += n
  }
  try {
    for (const [index, point] of chosen.entries()) {
      const number = index + 1
      const run = await begin(store, number)
      const child = start(store, vendor, dir, run, point)
      const dead = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      const isAlive = () => child.exitCode === null && child.signalCode === null
      const isMine = (call: string) => call === `POST /${point.effect}/u${number}`
      if (point.when === 'sent') vendor.before = (call) => void (isMine(call) && child.kill('SIGKILL'))
      if (point.when === 'done') vendor.after = (call) => void (isMine(call) && child.kill('SIGKILL'))
      if (await answering(store, vendor, isAlive, asked)) kills++
      else faults.push(`the worker did not come to "${point.effect} ${point.when}" of run ${number}`)
      child.kill('SIGKILL')
      await dead
      vendor.before = () => {}
      vendor.after = () => {}
    }
    const last = start(store, vendor, dir, null, null)
    const over = await finish(store, vendor, asked)
    last.kill('SIGKILL')
    if (!over) faults.push('some runs never ended')
    faults.push(...(await examine(store, chosen.length)))
    const { lost, twice, told } = tally(vendor, chosen.length)
    faults.push(...told)
    return { kills, askedPeople, lost, twice, faults }
  } finally {
    await vendor.stop()
  }
}

/** What the vendor has done for runs 1 to `runs`: each of the three effects once. */
export function tally(vendor: Vendor, runs: number) {
  const all = Array.from({ length: runs }, (_, index) => index + 1).flatMap((number) =>
    ['lock', 'stamp', 'unlock'].map((verb) => {
      const what = `${verb} u${number}`
      return { what, n: vendor.done.get(what) ?? 0 }
    }),
  )
  const wrong = all.filter((one) => one.n !== 1)
  return {
    lost: wrong.filter((one) => one.n === 0).length,
    twice: wrong.filter((one) => one.n > 1).length,
    told: wrong.map((one) => `${one.what} was done ${one.n} times`),
  }
}

export async function begin(store: OpenStore, number: number): Promise<string> {
  const bundle = respondBundle()
  await store.transaction((tx) => saveIncidents(tx, [madeIncident({ number })]))
  const started = await startByHand(store, bundle, {
    playbook: 'respond',
    incident: number,
    inputs: {},
    actor: 'fault-test',
    reason: '',
    at: Date.now(),
  })
  if (!started.ok) throw new Error(started.why)
  return started.run
}

export function start(
  store: OpenStore,
  vendor: Vendor,
  workDir: string,
  run: string | null,
  point: Point | null,
): ChildProcess {
  const wanted = { databaseUrl: store.url, tenant: store.tenant, vendorUrl: vendor.url, workDir, run, point, leaseMs }
  return spawn(process.execPath, [worker, JSON.stringify(wanted)], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Plays the person who looks at the vendor and says what is there, as long as somebody works; false when it took too long. */
async function answering(
  store: OpenStore,
  vendor: Vendor,
  goesOn: () => boolean,
  count: (n: number) => void,
): Promise<boolean> {
  for (const until = Date.now() + 60_000; goesOn(); await wait(100)) {
    if (Date.now() > until) return false
    for (const one of await store.transaction((tx) => listApprovals(tx, { pendingOnly: true }))) {
      const [, verb = ''] = one.action.split('.')
      const isDone = (vendor.done.get(`${verb} ${one.target}`) ?? 0) > 0
      const answer = { id: one.id, answer: isDone ? 'done' : 'repeat', actor: 'analyst-1', roles: ['responder'] }
      await answerApproval(store, { ...answer, channel: 'cli', reason: 'looked', at: Date.now() })
      count(1)
    }
  }
  return true
}

export async function finish(store: OpenStore, vendor: Vendor, count: (n: number) => void): Promise<boolean> {
  let open = 1
  const check = async () => {
    while (open > 0) {
      const found = await store.transaction((tx) =>
        tx.query<{ n: number }>(
          `select count(*)::int as n from run where tenant = $1 and status in ('running', 'waiting')`,
          [tx.tenant],
        ),
      )
      open = found.rows[0]?.n ?? 0
      await wait(200)
    }
    return true
  }
  const [over] = await Promise.all([check(), answering(store, vendor, () => open > 0, count)])
  return over
}

export async function examine(store: OpenStore, runs: number): Promise<readonly string[]> {
  const faults: string[] = []
  const ends = await store.transaction((tx) =>
    tx.query<{ status: string; n: number }>(
      'select status, count(*)::int as n from run where tenant = $1 group by status',
      [tx.tenant],
    ),
  )
  if (ends.rows.length !== 1 || ends.rows[0]?.status !== 'failed' || ends.rows[0].n !== runs)
    faults.push(`runs ended as ${JSON.stringify(ends.rows)}, not ${runs} failed and taken back`)
  const open = await store.transaction((tx) =>
    tx.query('select from effect where tenant = $1 and outcome is null', [tx.tenant]),
  )
  if (open.rowCount > 0) faults.push(`${open.rowCount} effects have no outcome`)
  const audit = await verifyAudit(store)
  if (audit.broken !== null) faults.push(`the audit chain is broken at ${audit.broken.seq}: ${audit.broken.why}`)
  return faults
}
