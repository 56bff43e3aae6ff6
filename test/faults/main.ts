import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { useRunFolder } from '../support/run-folder.ts'
import { databaseAway } from './database-away.ts'
import { killUnderHooks } from './hooks-kill.ts'
import { killUnderLoad } from './kill.ts'
import { killAtPoints } from './points/kill-at-points.ts'
import { respondWithoutDatabase } from './respond-away.ts'

useRunFolder(tmpdir())
// For the workers that are started: code that was compiled once.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/node')
// npm run faults [-- points load hooks database away] [--json] [--only NAME]: the long forms; CI runs the bounded ones of faults.test.ts
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, only: { type: 'string' } },
})
const runs = (name: string) => wanted.length === 0 || wanted.includes(name)
const say = (name: string, report: { readonly faults: readonly string[]; readonly names?: readonly string[] }) => {
  const verdict = report.faults.length === 0 ? 'exact' : 'WRONG'
  const line =
    options.json === true
      ? JSON.stringify({ name, verdict, ...report })
      : `${name} ${verdict} ${JSON.stringify(report)}`
  process.stdout.write(`${line}\n`)
  if (report.faults.length > 0) process.exitCode = 1
}
const onPoint = (where: string, done: number, of: number) => {
  if (done % 50 === 0) process.stderr.write(`${done} of ${of} points: ${where}\n`)
}
if (runs('points')) {
  const { names, ...report } = await killAtPoints({ lanes: 3, only: options.only ?? '', onPoint })
  say('kill -9 of a worker at each outside step', options.json === true ? { ...report, names } : report)
}
if (runs('load')) say('kill -9 under load', await killUnderLoad(20_000, 25))
if (runs('hooks')) say("kill -9 under requests to a playbook's webhook", await killUnderHooks(1000, 25))
if (runs('database')) say('database away for 10 s', await databaseAway(4000, 10_000))
if (runs('away')) say('database away for 10 s in the middle of runs', await respondWithoutDatabase(200, 10_000))
