import { readFileSync, writeFileSync } from 'node:fs'
import { isCountable, makeTable, page, withTable } from './table.ts'

/** Renews the conformance table in rules/README.md: npm run conformance. */
if (isCountable) {
  const table = makeTable()
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), table))
  process.stdout.write(`${table}\n`)
} else {
  process.stderr.write('there are no SigmaHQ rules to count (set GITSOC_SHARED_DATA)\n')
  process.exitCode = 3
}
