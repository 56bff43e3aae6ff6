import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ownBundle } from '../../support/content.ts'
import { rulesTable, withoutArea } from './rules-table.ts'

const { detection, sequences, correlator } = await ownBundle()
const alerting = [...detection, ...sequences].filter((rule) => !correlator.silent.has(rule.id))

test('the page of the rules says by area and tactic what exists', () => {
  // When this fails, put the table that is shown as expected into rules/README.md.
  expect(readFileSync('rules/README.md', 'utf8')).toContain(rulesTable(alerting))
})

test('every rule belongs to an area of the table', () => {
  expect(withoutArea(alerting)).toEqual([])
})
