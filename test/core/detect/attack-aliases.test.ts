import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { revokedTechniques } from '../../../src/core/detect/attack-aliases.ts'
import { attackCatalog, tacticNames } from '../../../src/core/detect/attack-catalog.ts'
import { currentTactic, currentTechnique } from '../../../src/core/detect/index.ts'

const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const recorded = join(data, 'attack', 'techniques.json')
const present = existsSync(recorded) && existsSync(join(data, 'sigma-rules'))
if (!present) console.warn(`SKIPPED: no ATT&CK techniques and SigmaHQ rules at ${data} (set GITSOC_SHARED_DATA)`)

test('every revoked id leads to one that is current, and none that is current is called revoked', () => {
  const catalog = attackCatalog()
  for (const [from, to] of revokedTechniques) {
    expect(catalog.has(to), to).toBe(true)
    expect(catalog.has(from), from).toBe(false)
  }
  expect(revokedTechniques.size).toBeGreaterThan(140)
})

test.each([
  ['t1562.008', 'T1685.002'],
  ['T1562.011', 'T1685.003'],
  ['T1073', 'T1574.001'],
  ['T1086', 'T1059.001'],
  ['T1059.001', 'T1059.001'],
  ['T1059.', null],
  ['lsass', null],
])('the technique %s is now %s', (text, expected) => {
  expect(currentTechnique(text)).toBe(expected)
})

test.each([
  ['Defense_Evasion', 'stealth'],
  ['TA0005', 'stealth'],
  ['TA0112', 'defense-impairment'],
  ['Initial Access', 'initial-access'],
  ['ta0001', 'initial-access'],
])('the tactic %s is now %s', (text, expected) => {
  expect(currentTactic(text)).toBe(expected)
})

test('every tactic of a technique has a name in the matrix', () => {
  const known = new Set(tacticNames.map((one) => one.name))
  const used = new Set([...attackCatalog().values()].flatMap((one) => one.tactics))
  expect([...used].filter((one) => !known.has(one))).toEqual([])
  expect(used.size).toBe(known.size)
})

test.skipIf(!present)('the table is the recorded release, name for name', () => {
  const techniques = JSON.parse(readFileSync(recorded, 'utf8')) as readonly Record<string, unknown>[]
  expect([...attackCatalog().values()]).toEqual(
    techniques
      .map(({ id, name, tactics }) => ({ id, name, tactics }))
      .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)),
  )
})

test.skipIf(!present)('every technique that SigmaHQ, attack recordings and other vendors name has a current id', () => {
  const catalog = attackCatalog()
  const texts = [
    ...(readdirSync(join(data, 'sigma-rules'), { recursive: true }) as string[])
      .filter((path) => path.endsWith('.yml'))
      .map((path) => readFileSync(join(data, 'sigma-rules', path), 'utf8').replace(/^(?!\s*- attack\.t\d).*$/gim, '')),
    ...['attack-datasets/index.json', 'cloud-saas-events/panther-rule-tests.jsonl'].map((path) =>
      readFileSync(join(data, path), 'utf8'),
    ),
  ]
  const named = new Set(texts.flatMap((text) => [...text.matchAll(/\bT1\d{3}(?:\.\d{3})?\b/gi)].map(([id]) => id)))
  const unknown = [...named].filter((id) => !catalog.has(currentTechnique(id) ?? ''))
  // A technique of the mobile matrix, which has no enterprise successor.
  expect(unknown).toEqual(['T1475'])
  expect(named.size).toBeGreaterThan(400)
})
