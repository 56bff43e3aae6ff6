import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { saveIncidents } from '../../src/cases/index.ts'
import { answerApproval, listApprovals, startByHand } from '../../src/respond/index.ts'
import { type OpenStore, verifyAudit } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import type { Vendor } from '../respond/vendor.ts'
import { respondBundle } from './respond-bundle.ts'

const worker = fileURLToPath(new URL('./respond-worker.ts', import.meta.url))
const leaseMs = 800

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

export function start(store: OpenStore, vendor: Vendor, workDir: string): ChildProcess {
  const wanted = { databaseUrl: store.url, tenant: store.tenant, vendorUrl: vendor.url, workDir, leaseMs }
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
