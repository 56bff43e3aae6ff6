import { cloudtrail } from './cloudtrail.ts'
import { ordinary } from './ordinary.ts'
import { loadRuleSets } from './rule-sets.ts'
import { saas } from './saas.ts'
import { throughRun } from './through-run.ts'
import { unusual } from './unusual.ts'
import { unusualOwn } from './unusual-own.ts'
import { windows } from './windows.ts'

// npm run techniques [-- cloudtrail windows saas ordinary unusual own run]   GITSOC_BENCH_VERBOSE=1 lists what the seen half of saas missed
const wanted = new Set(process.argv.slice(2))
const say = (line: string) => process.stdout.write(`${line}\n`)
const rules = await loadRuleSets()
const count = (owner: string) => [...rules.alerting.values()].filter((one) => one.owner === owner).length
say(`rules      ours ${count('ours')} that alert, SigmaHQ ${count('sigmahq')} (${rules.refused} do not load)`)
const suites = { cloudtrail, windows, saas, ordinary, unusual, own: unusualOwn, run: throughRun }
for (const [name, suite] of Object.entries(suites)) if (wanted.size === 0 || wanted.has(name)) await suite(rules, say)
