import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ownBundle } from '../support/content.ts'
import { accepted } from './normalization/accepted.ts'
import { fields } from './normalization/compare.ts'
import { readNotation } from './normalization/notation.ts'
import { pairs } from './normalization/pairs.ts'

const root = join(process.env.GITSOC_SHARED_DATA ?? '../shared/data', 'normalization')
const present = existsSync(root)
if (!present) console.warn(`SKIPPED: no recorded normalisations at ${root} (set GITSOC_SHARED_DATA)`)

test('the notation of recorded results is read: bare keys, addresses, times, commas at the end', () => {
  expect(
    readNotation('{ a: "x\\"y", ip: 192.0.2.1, t: 2026-05-12T08:00:00.5Z, "b": [1, {c: null,},], }\n{d: true}'),
  ).toEqual([{ a: 'x"y', ip: '192.0.2.1', t: '2026-05-12T08:00:00.5Z', b: [1, { c: null }] }, { d: true }])
})

describe.skipIf(!present)('records that others have normalised too', async () => {
  const { integrations } = await ownBundle()
  const read = present ? await pairs(root, integrations) : { pairs: [], unpaired: [] }
  const differences = read.pairs.flatMap(({ file, integration, compared }) =>
    compared.filter((one) => !one.agrees).map((one) => ({ file, integration, ...one })),
  )
  const isAccepted = (one: (typeof differences)[number], entry: (typeof accepted)[number]) =>
    one.integration === entry.integration && one.field === entry.field && one.file.includes(entry.file)

  test('enough of them stand beside each other, over several products', () => {
    const figures = fields.map((field) => {
      const all = read.pairs.flatMap((one) => one.compared.filter((each) => each.field === field))
      return `${field} ${all.filter((one) => one.agrees).length} of ${all.length}`
    })
    console.info(
      `${read.pairs.length} records agree in: ${figures.join(', ')}; ${read.unpaired.length} have no partner`,
    )
    expect(read.pairs.length).toBeGreaterThan(200)
    expect(new Set(read.pairs.map((one) => one.integration)).size).toBeGreaterThan(8)
  })

  test('say the same of time, severity, title, host, user, addresses, domains, hashes and URLs, but for what was looked at', () => {
    const unexplained = differences
      .filter((one) => !accepted.some((entry) => isAccepted(one, entry)))
      .map((one) => `${one.file} (${one.integration}): ${one.field}: they say ${one.theirs}, we say ${one.ours}`)
    expect(unexplained).toEqual([])
  })

  test('every accepted difference still exists', () => {
    expect(accepted.filter((entry) => !differences.some((one) => isAccepted(one, entry)))).toEqual([])
  })
})
