import { proveRuns } from '../support/generated-playbooks.ts'

// npm run prove [-- RUNS [SEED]]: runs of generated playbooks, a million without a number; CI runs a bounded part
const runs = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000)
if (!Number.isInteger(runs) || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run prove -- RUNS SEED\n')
  process.exit(2)
}
const startedAt = performance.now()
let toldAt = 0
const proved = await proveRuns(runs, seed, 50, (done) => {
  if (performance.now() - toldAt < 5000) return
  toldAt = performance.now()
  process.stderr.write(`${done} of ${runs} runs\n`)
})
const seconds = Math.round((performance.now() - startedAt) / 1000)
process.stdout.write(`${JSON.stringify({ seed, seconds, ...proved })}\n`)
if (proved.violations.length > 0) process.exitCode = 1
