import { databaseAway } from './database-away.ts'
import { killUnderHooks } from './hooks-kill.ts'
import { killUnderLoad } from './kill.ts'
import { respondWithoutDatabase } from './respond-away.ts'
import { killResponders } from './respond-kill.ts'

// npm run faults: the long forms; CI runs the bounded ones of faults.test.ts
const say = (name: string, report: { readonly faults: readonly string[] }) => {
  process.stdout.write(`${name} ${report.faults.length === 0 ? 'exact' : 'WRONG'} ${JSON.stringify(report)}\n`)
  if (report.faults.length > 0) process.exitCode = 1
}
say('kill -9 under load', await killUnderLoad(20_000, 25))
say("kill -9 under requests to a playbook's webhook", await killUnderHooks(1000, 25))
say('database away for 10 s', await databaseAway(4000, 10_000))
say('kill -9 of workers at every point of a run', await killResponders(8, { lanes: 4 }))
say('database away for 10 s in the middle of runs', await respondWithoutDatabase(200, 10_000))
