import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { gitsoc } from '../support/cli.ts'

const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const present = existsSync(join(data, 'sigma-rules')) && existsSync(join(data, 'sigma-regression'))
if (!present) console.warn(`SKIPPED: no SigmaHQ rules and regression cases at ${data} (set GITSOC_SHARED_DATA)`)

interface Report {
  readonly cases: number
  readonly passed: number
  readonly failed: readonly unknown[]
  readonly extra: readonly { readonly case: string; readonly rule: string }[]
}

interface Reviewed {
  readonly rule: string
  readonly cases: readonly string[]
  readonly verdict: string
  readonly why: string
}

const reviewed = parse(readFileSync(new URL('regression-extra.yaml', import.meta.url), 'utf8')) as readonly Reviewed[]

test('every judgement about a rule that fires besides is one sentence', () => {
  for (const one of reviewed) expect([one.verdict, one.why.length > 15], one.rule).toEqual(['right', true])
})

test.skipIf(!present)(
  'all regression cases of SigmaHQ pass, and every other rule that fires on their events was looked at',
  async () => {
    const cases = join(data, 'sigma-regression', 'cases.jsonl')
    const { json, exitCode } = await gitsoc(
      'rules',
      'regress',
      cases,
      '--rules',
      join(data, 'sigma-rules'),
      '--extra',
      '--json',
    )
    const report = json() as Report
    expect(report.failed).toEqual([])
    expect([report.cases, report.passed]).toEqual([98, 98])
    expect(exitCode).toBe(0)
    const fired = report.extra.map((one) => `${one.rule} ${one.case}`).sort()
    const known = reviewed.flatMap((one) => one.cases.map((name) => `${one.rule} ${name}`)).sort()
    expect(fired).toEqual(known)
  },
  120_000,
)
