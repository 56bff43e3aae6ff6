import { expect, test } from 'vitest'
import { compileBundle, type SourceFile } from '../../../src/core/content/index.ts'
import { formatPlace } from '../../../src/core/model/index.ts'

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const head = (n: number, title: string) =>
  `title: ${title}\nid: ${uuid(n)}\ndescription: why it matters\nlevel: high\ntags: []\n`
const counted = 'correlation: { type: event_count, rules: [failed], timespan: 5m, condition: { gte: 3 } }\n'
const inner = 'title: One failure\nname: failed\nlogsource: { product: p }\ndetection: { s: { a: x }, condition: s }\n'
const rule = `${head(2, 'Rule')}logsource: { product: p }\ndetection: { s: { 'a|expand': '%who%' }, condition: s }\n`
const filter = `title: Admins\nid: ${uuid(3)}\ndescription: why\nlogsource: { product: p }\nfilter: { rules: any, s: { u: adm }, condition: s }\n`
const names = 'title: Names\nplaceholders: { who: { values: [x, y*], why: the team keeps it } }\n'

const compile = (files: Readonly<Record<string, string>>) => {
  const sources = Object.entries(files).map(([path, text]): SourceFile => ({ path, text }))
  const { bundle, problems, counts } = compileBundle(sources, 'worktree')
  return {
    bundle,
    counts,
    problems: problems.map((one) => `${one.place ? formatPlace(one.place) : ''} ${one.message}`),
  }
}

test('a correlation and the rules it counts stand in one file; only the outermost says severity and meaning', () => {
  const { bundle, problems, counts } = compile({
    'rules/correlation/x.yaml': `${head(1, 'Many')}${counted}---\n${inner}`,
  })
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ detection: 1, correlation: 1 })
  expect(bundle?.correlator.silent.size).toBe(1)
  expect(bundle?.detection[0]?.ref.place).toMatchObject({ file: 'rules/correlation/x.yaml', line: 8 })
})

test('the outermost must say them', () => {
  const { problems } = compile({ 'rules/correlation/x.yaml': `title: Many\n${counted}---\n${inner}` })
  expect(problems).toContain('rules/correlation/x.yaml:1:1 the file lacks "level"')
})

test('a document that is wrong is named at its place, and the others are still read', () => {
  const text = `${head(1, 'Many')}${counted}---\n${inner}extra: 1\n---\n${head(2, 'x')}foo: 1\n`
  const { problems } = compile({ 'rules/correlation/x.yaml': text })
  expect(problems.filter((one) => one.includes('unknown key'))).toEqual([
    'rules/correlation/x.yaml:12:1 unknown key "extra" in the file',
    'rules/correlation/x.yaml:19:1 unknown key "foo" in the file',
  ])
})

test('filters and placeholders of the repository apply to its rules', () => {
  const files = { 'rules/detection/r.yaml': rule, 'rules/filter/f.yaml': filter, 'rules/placeholders.yaml': names }
  const { bundle, problems, counts } = compile(files)
  expect(problems).toEqual([])
  expect(counts).toMatchObject({ filter: 1, placeholders: 1 })
  const fires = (record: Record<string, string>) =>
    bundle?.matcher.match({ logsource: { product: 'p' }, record }).length === 1
  expect([fires({ a: 'yes' }), fires({ a: 'x' }), fires({ a: 'z' }), fires({ a: 'x', u: 'adm' })]).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test.each([
  [
    'a rule whose placeholder has no values',
    { 'rules/detection/r.yaml': rule },
    'r.yaml:7:31 the placeholder %who% has no',
  ],
  [
    'a filter that names no rule there is',
    { 'rules/filter/f.yaml': filter.replace('any', '[nobody]') },
    'f.yaml:5:19 there is no detection rule "nobody"',
  ],
  [
    'a placeholder without reason',
    { 'rules/placeholders.yaml': 'title: x\nplaceholders: { a: { values: [x] } }\n' },
    'placeholders.yaml:2:20 "a" lacks "why"',
  ],
])('%s does not load', (_name, files, message) => {
  const { bundle, problems } = compile(files as unknown as Record<string, string>)
  expect(bundle).toBeNull()
  expect(problems.join('\n')).toContain(message)
})
