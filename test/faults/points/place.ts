import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saveIncidents } from '../../../src/cases/index.ts'
import type { Bundle } from '../../../src/core/content/index.ts'
import { tenantId } from '../../../src/core/model/index.ts'
import { type OpenStore, openStore } from '../../../src/store/index.ts'
import { madeIncident } from '../../cases/made.ts'
import { startVendor, type Vendor } from '../../respond/vendor.ts'
import { drive, startAt } from './drive.ts'
import { pathsOf, type Scenario, scenarioBundle } from './scenarios.ts'
import { counter, type Point, type Reached, watchedStore, watchRequests } from './watch.ts'
import type { Wanted } from './worker.ts'

const workerFile = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** A tenant, a vendor and a folder of its own for each time that a scenario is played. */
export interface Place {
  readonly store: OpenStore
  readonly vendor: Vendor
  readonly dir: string
  readonly clock: { at: number }
  close(): Promise<void>
}

export async function openPlace(databaseUrl: string, dir: string, name: string, scenario: Scenario): Promise<Place> {
  const store = await openStore({ databaseUrl }, tenantId(name), { connections: 3 })
  const vendor = await startVendor()
  vendor.answers.push(...(scenario.vendor ?? []))
  const own = join(dir, name)
  await mkdir(own, { recursive: true })
  await store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 1 })]))
  return {
    store,
    vendor,
    dir: own,
    clock: { at: startAt },
    async close() {
      await store.close()
      await vendor.stop()
    },
  }
}

const bundles = new Map<string, Bundle>()
function bundleFor(scenario: Scenario): Bundle {
  const bundle = bundles.get(scenario.id) ?? scenarioBundle(scenario)
  bundles.set(scenario.id, bundle)
  return bundle
}

/** Plays a scenario in this process to its end, from wherever it is. */
export async function playOut(place: Place, scenario: Scenario, reached: Reached | null): Promise<void> {
  const { store, vendor, dir, clock } = place
  const say: Reached = reached ?? (() => {})
  const stop = reached === null ? () => {} : watchRequests(say)
  let rests = 0
  try {
    if (reached !== null) listen(vendor, say)
    await drive({
      store: reached === null ? store : watchedStore(store, pathsOf(scenario), say),
      scenario,
      bundle: bundleFor(scenario),
      vendorUrl: vendor.url,
      dir,
      clock,
      rested: (what) => say('at rest', [`${what} #${++rests}`]),
    })
  } finally {
    stop()
  }
}

/** The vendor's side of a call: it has come in; what it asked for is done. */
function listen(vendor: Vendor, reached: Reached): void {
  const asked = counter()
  const done = counter()
  vendor.before = (call) => reached('vendor asked', [asked(call)])
  vendor.after = (call) => reached('vendor did it', [done(call)])
}

/** Starts a worker that dies at a point; false when it never came there. */
export async function killAt(place: Place, scenario: Scenario, point: Point): Promise<boolean> {
  const { store, vendor, dir, clock } = place
  const wanted: Wanted = {
    databaseUrl: store.url,
    tenant: store.tenant,
    vendorUrl: vendor.url,
    dir,
    scenario: scenario.id,
    at: clock.at,
    point,
  }
  const child = spawn(process.execPath, [workerFile, JSON.stringify(wanted)], { stdio: ['ignore', 'pipe', 'inherit'] })
  listen(vendor, (phase, [step]) => {
    if (phase === point.phase && step === point.step) child.kill('SIGKILL')
  })
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  const signal = await ended(child)
  listen(vendor, () => {})
  clock.at = Number(told.trim().split('\n').at(-1)) || clock.at
  if (scenario.isRunning) return signal === 'SIGKILL'
  // Time goes by until the others hold it for dead.
  await store.transaction((tx) =>
    tx.query(`update replica set seen_at = seen_at - interval '1 day' where tenant = $1`, [tx.tenant]),
  )
  return signal === 'SIGKILL'
}

const ended = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.once('close', (_code, signal) => resolve(signal)))
