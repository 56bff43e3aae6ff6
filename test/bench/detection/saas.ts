import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../../src/core/model/index.ts'
import { complete } from './complete.ts'
import { examine } from './examine.ts'
import { halfOf } from './halves.ts'
import { judge } from './judge.ts'
import { data, type RuleSets } from './rule-sets.ts'

interface Case {
  readonly log_type: string
  readonly rule_id: string
  readonly title: string
  readonly test: string
  readonly expected_alert: boolean
  readonly log: JsonObject
}

/** Events of one log type and half: how many there are, and on how many ours, the vendor's own verdict or SigmaHQ alerted. */
interface Row {
  readonly must: Count
  readonly mustNot: Count
  /** Recognised by an integration that knows the vendor. */
  known: number
}

interface Count {
  events: number
  ours: number
  verdicts: number
  sigmaHq: number
}

const emptyCount = (): Count => ({ events: 0, ours: 0, verdicts: 0, sigmaHq: 0 })

/**
 * 1,471 single events that another vendor's rules must or must not alert on. Some of those rules need what one record does
 * not show (counts, the vendor's enrichment, a customer's configuration). Whether any of our rules alerts says how much of
 * the same ground is covered, not that ours mean the same.
 */
export async function saas(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const path = join(data, 'cloud-saas-events', 'panther-rule-tests.jsonl')
  if (!existsSync(path)) return say(`skipped: no events at ${path} (set GITSOC_SHARED_DATA)`)
  const cases = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const rows = new Map<string, Row>()
  const differences: string[] = []
  for (const one of cases) {
    const half = halfOf(one.rule_id)
    const key = `${one.log_type} (${half})`
    const row = rows.get(key) ?? { must: emptyCount(), mustNot: emptyCount(), known: 0 }
    rows.set(key, row)
    const examined = await examine(rules, [complete(one.log_type, one.log)])
    const fired = judge(rules, examined, [])
    const ours = fired.filter((other) => other.owner === 'ours')
    const count = one.expected_alert ? row.must : row.mustNot
    count.events++
    if (ours.length > 0) count.ours++
    if (examined.verdicts > 0) count.verdicts++
    if (fired.length > ours.length) count.sigmaHq++
    if (examined.sources.some((source) => source !== 'generic')) row.known++
    if (half === 'seen' && ours.length > 0 !== one.expected_alert)
      differences.push(
        `  ${one.expected_alert ? 'missed ' : 'alerted'} ${one.log_type} ${one.rule_id}: ${one.test}${ours.map((other) => ` by ${other.title}`).join(',')}`,
      )
  }
  say(
    'alerts on events that upstream must alert on | that it must keep still on: ours + verdicts of the vendor (SigmaHQ) of all',
  )
  const text = ({ events, ours, verdicts, sigmaHq }: Count) =>
    `${ours}${verdicts > 0 ? `+${verdicts}` : ''} (${sigmaHq}) of ${events}`
  const known = [...rows].filter(([, row]) => row.known > 0).toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, row] of known)
    say(`  ${name.padEnd(50)} ${text(row.must).padEnd(16)} | ${text(row.mustNot).padEnd(16)} | ${row.known} recognised`)
  const unknown = [...rows].filter(([, row]) => row.known === 0)
  say(
    `  no integration knows ${new Set(unknown.map(([name]) => name.replace(/ \(.*/, ''))).size} log types, ${unknown.reduce((sum, [, row]) => sum + row.must.events + row.mustNot.events, 0)} events; ours alert on ${unknown.reduce((sum, [, row]) => sum + row.must.ours + row.mustNot.ours, 0)} of them`,
  )
  if (process.env.GITSOC_BENCH_VERBOSE !== undefined) for (const line of differences) say(line)
}
