import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import {
  code,
  markdownOf,
  parseContainment,
  prose,
  readableText,
  reportOf,
  writeReport,
} from '../../src/cases/index.ts'
import { hostile } from './hostile.ts'
import { madeCase, madeEvidence, withEveryText } from './made-case.ts'

test('the report of an incident reads as the golden file does', async () => {
  await expect(markdownOf(madeCase(), madeEvidence())).toMatchFileSnapshot('golden/report.md')
})

test('the list of containments says what holds and how to take it back', async () => {
  const text = reportOf(madeCase(), [])['containment.yaml']
  await expect(text).toMatchFileSnapshot('golden/containment.yaml')
})

test('the report for machines is the whole case', () => {
  const file = madeCase()
  const files = reportOf(file, madeEvidence())
  const { events: _, ...rest } = file
  expect(JSON.parse(files['report.json'])).toMatchObject({ format: 'gitsoc-incident-report', version: 1, ...rest })
  expect(JSON.parse(files['evidence.json'])).toMatchObject({ incident: 1, events: madeEvidence() })
})

test('an incident with nothing but its alerts has a report too', () => {
  const file = madeCase()
  const bare = {
    ...file,
    incident: { ...file.incident, assessment: null, observables: [], decisions: [], enrichments: [], owner: null },
    timeline: [],
    tasks: [],
    runs: [],
    effects: [],
    approvals: [],
  }
  const text = markdownOf(bare, [])
  expect(text).toContain('not scored')
  expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(['Alerts', 'Measures'])
})

test('a report says how many alerts it leaves out', () => {
  const file = madeCase()
  const text = markdownOf({ ...file, incident: { ...file.incident, alertCount: 812 } }, [])
  expect(text).toContain('The incident has 809 more alerts.')
})

test('of a very long timeline the beginning is shown and the rest counted', () => {
  const file = madeCase()
  const entry = file.timeline[0]
  if (entry === undefined) throw new Error('the case has no timeline')
  const text = markdownOf({ ...file, timeline: Array.from({ length: 1000 }, () => entry) }, [])
  expect(text).toContain('700 more are in report.json')
})

/** What a renderer interprets: read from left to right, escaped characters become ■ and code spans CODE (CommonMark 6.1). */
function interpreted(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => {
      let rest = line
      let kept = ''
      while (rest !== '') {
        const span = /^(`+)(?!`)(?:.*?[^`])?\1(?!`)/.exec(rest)
        const step = span ?? /^\\[!-/:-@[-`{-~]/.exec(rest) ?? /^`+|^./u.exec(rest)
        kept += span !== null ? 'CODE' : step?.[0].length === 2 && rest.startsWith('\\') ? '■' : (step?.[0] ?? '')
        rest = rest.slice(step?.[0].length ?? 1)
      }
      return kept
    })
    .join('\n')
}

/** Everything in interpreted Markdown that an attacker's text must never produce. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ['a mention', /@[a-z0-9]/i],
  ['a link', /\]\((?!evidence\.json\))|\]:|<[a-z/!]|:\/\/|www\./i],
  ['HTML', /<(?!br>)/],
  ['an entity', /&(?!#124;|amp;)#?\w+;/],
  ['a reference', /#\d|GH-\d/i],
  ['a code fence', /`/],
  [
    'a line that is no line of ours',
    /^(?!$|# Incident|## |\||- |\*\*Recommended|Together|\d+ events|\u200b|[^\s#>*+/-])/m,
  ],
  ['a control character', /[^\P{Cc}\n]/u],
]

test.each(hostile)('%s in every text of an incident stays text in the report', (_name, text) => {
  const markdown = interpreted(markdownOf(withEveryText(text), madeEvidence()))
  for (const [what, pattern] of forbidden) expect(markdown.replaceAll('<br>', ' '), what).not.toMatch(pattern)
  const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'))
  expect(tables.length).toBeGreaterThan(4)
  for (const table of tables) {
    const columns = new Set(table.split('\n').map((line) => line.split('|').length))
    expect(columns.size, table).toBe(1)
  }
})

test('no text breaks out of the escape or of a code span', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(...hostile.map(([, text]) => text), '\\', '`', '``', '|', '<', '&', '@a', ']('),
      fc.string(),
    ),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      for (const written of [prose, code]) {
        const line = interpreted(`a ${written(parts.join(''))} b`)
        for (const [what, pattern] of forbidden.slice(0, 6)) expect(line, what).not.toMatch(pattern)
        expect(line.split('|')).toHaveLength(1)
        expect(line).toMatch(/^a .* b$/)
      }
    }),
    { numRuns: 2000 },
  )
})

test.each(hostile)('the list of containments with %s in every text can be read back', (_name, text) => {
  const file = withEveryText(text)
  const named = { ...file, containments: file.containments.map((one) => ({ ...one, action: one.action || 'x' })) }
  const read = parseContainment('containment.yaml', reportOf(named, [])['containment.yaml'])
  expect(read.ok ? read.value.entries.map((one) => one.target) : read.problems).toEqual([readableText(text)])
})

test('a folder is written whole, again over an older one, and files of others stay', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-report-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const files = reportOf(madeCase(), madeEvidence())
  await writeReport(dir, 7, files)
  await writeFile(join(dir, '7', 'lessons.md'), 'ours')
  await writeFile(join(dir, '7', 'report.md'), 'old')
  await writeReport(dir, 7, files)
  expect((await readdir(dir)).sort()).toEqual(['7'])
  expect((await readdir(join(dir, '7'))).sort()).toEqual([
    'containment.yaml',
    'evidence.json',
    'lessons.md',
    'report.json',
    'report.md',
  ])
  expect(await readFile(join(dir, '7', 'report.md'), 'utf8')).toBe(files['report.md'])
})
