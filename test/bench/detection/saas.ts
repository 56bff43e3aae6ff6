import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../../src/core/model/index.ts'
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

interface Row {
  must: number
  mustAlerted: number
  mustSigma: number
  mustNot: number
  mustNotAlerted: number
  mustNotSigma: number
  taken: number
}

const emptyRow = (): Row => ({
  must: 0,
  mustAlerted: 0,
  mustSigma: 0,
  mustNot: 0,
  mustNotAlerted: 0,
  mustNotSigma: 0,
  taken: 0,
})

/**
 * 1,471 single events that another vendor's rules must or must not alert on. Most of those rules look for something a
 * record alone shows; some need the vendor's own enrichment. Whether any of our rules alerts says how much of the same
 * ground is covered, not that ours mean the same.
 */
export async function saas(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const path = join(data, 'cloud-saas-events', 'panther-rule-tests.jsonl')
  if (!existsSync(path)) return say(`skipped: no events at ${path} (set GITSOC_SHARED_DATA)`)
  const cases = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const rows = new Map<string, Row>()
  const misses: string[] = []
  for (const one of cases) {
    const half = halfOf(one.rule_id)
    const key = `${one.log_type} (${half})`
    const row = rows.get(key) ?? emptyRow()
    rows.set(key, row)
    const examined = await examine(rules, [one.log])
    const fired = judge(rules, examined, [])
    const ours = fired.some((other) => other.owner === 'ours')
    const sigma = fired.some((other) => other.owner === 'sigmahq')
    row.taken += examined.logsources.some((source) => source.product !== undefined) ? 1 : 0
    if (one.expected_alert) {
      row.must++
      if (ours) row.mustAlerted++
      if (sigma) row.mustSigma++
    } else {
      row.mustNot++
      if (ours) row.mustNotAlerted++
      if (sigma) row.mustNotSigma++
    }
    if (half === 'seen' && ours !== one.expected_alert)
      misses.push(
        `  ${one.expected_alert ? 'missed ' : 'alerted'} ${one.log_type} ${one.rule_id}: ${one.test}${fired.length > 0 ? ` by ${fired.map((other) => other.title).join(', ')}` : ''}`,
      )
  }
  say(
    'log type: alerts ours/SigmaHQ of events upstream must alert on; of events it must keep still on; taken in with a log source',
  )
  for (const [name, row] of [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    say(
      `  ${name.padEnd(52)} ${row.mustAlerted}/${row.mustSigma} of ${row.must};  ${row.mustNotAlerted}/${row.mustNotSigma} of ${row.mustNot};  ${row.taken} of ${row.must + row.mustNot}`,
    )
  if (process.env.GITSOC_BENCH_VERBOSE !== undefined) for (const line of misses) say(line)
}
