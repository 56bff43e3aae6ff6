import { writeSync } from 'node:fs'
import { tenantId } from '../../../src/core/model/index.ts'
import { connect } from '../../../src/store/index.ts'
import { drive } from './drive.ts'
import { pathsOf, scenarioBundle, scenarios } from './scenarios.ts'
import { type Point, type Reached, watchedStore, watchRequests } from './watch.ts'

/** A worker that kills itself (SIGKILL: nothing is cleaned up) at one point, or is killed by who started it at the vendor's. */
export interface Wanted {
  readonly databaseUrl: string
  readonly tenant: string
  readonly vendorUrl: string
  readonly dir: string
  readonly scenario: string
  readonly at: number
  readonly point: Point
}
const wanted = JSON.parse(process.argv[2] ?? '{}') as Wanted
const scenario = scenarios.find((one) => one.id === wanted.scenario)
if (scenario === undefined) throw new Error(`there is no scenario "${wanted.scenario}"`)
const reached: Reached = (phase, steps) => {
  if (phase === wanted.point.phase && steps.includes(wanted.point.step)) process.kill(process.pid, 'SIGKILL')
}
const connection = connect(wanted.databaseUrl, tenantId(wanted.tenant), { connections: 4 })
let at = wanted.at
let rests = 0
watchRequests(reached)
await drive({
  store: watchedStore(connection, pathsOf(scenario), reached),
  scenario,
  bundle: scenarioBundle(scenario),
  vendorUrl: wanted.vendorUrl,
  dir: wanted.dir,
  // Whoever takes over is told what time it was.
  clock: {
    get at() {
      return at
    },
    set at(time) {
      at = time
      writeSync(1, `${time}\n`)
    },
  },
  rested: (what) => reached('at rest', [`${what} #${++rests}`]),
})
process.exit(0)
