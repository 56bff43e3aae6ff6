import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import {
  annotationBatches,
  type ChangePreview,
  checkRunOf,
  commentMark,
  historyOfFiles,
  planMarkdown,
  previewChange,
} from '../../src/preview/index.ts'
import { fixtureFile, planRepository, record, ruleFile } from './plan-content.ts'

// Every preview starts two processes.
vi.setConfig({ testTimeout: 120_000 })

const nothing: ChangePreview = {
  ...{ base: 'a', compared: 'a', head: 'b', failures: [], notes: [], problems: [], changedLines: {} },
  ...{ tests: null, mutation: null, coverage: null, plan: null, closures: null },
}
const place = (file: string, line: number) => ({ file, line, column: 1 })

test('a pull request that breaks a rule is a failed check, with what is wrong on the line that is', async () => {
  const repository = planRepository()
  const base = repository.commit()
  repository.put(
    'rules/detection/two.yaml',
    ruleFile('two', 'x').replace('condition: selection', 'condition: selektion'),
  )
  const head = repository.commit()
  const preview = await previewChange({ repository: repository.dir, base, head, history: null })
  const run = checkRunOf(preview)
  expect(run).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('the content does not load') })
  expect(run.annotations).toEqual([
    {
      path: 'rules/detection/two.yaml',
      ...{ startLine: 11, endLine: 11, level: 'failure' },
      title: expect.any(String),
      message: expect.stringContaining('selektion'),
    },
  ])
})

test('a pull request is compared with where it began, not with what others merged since', async () => {
  const repository = planRepository()
  const began = repository.commit()
  repository.put('rules/detection/others.yaml', ruleFile('others', 'export'))
  repository.put('rules/detection/fixtures/others.yaml', fixtureFile('export'))
  const base = repository.commit()
  repository.git('checkout', '-q', '-b', 'change', began)
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  repository.put('rules/detection/fixtures/export.yaml', fixtureFile('export'))
  const head = repository.commit()
  const history = await historyOfFiles([repository.put('events.ndjson', record(0, 'export', 'user1'))], null, [])
  const preview = await previewChange({ repository: repository.dir, base, head, history })
  expect(preview).toMatchObject({ base, compared: began, head, failures: [] })
  expect(preview.plan?.content.map(({ change, title }) => [change, title])).toEqual([['added', 'export']])
  expect(preview.changedLines).toMatchObject({ 'rules/detection/export.yaml': [[1, 13]] })
  expect(checkRunOf(preview)).toMatchObject({ conclusion: 'success', annotations: [] })
  expect(planMarkdown(preview)).toMatch(/^<!-- gitsoc:preview -->\n### alerts \+1 -0/)
})

test('a test that failed before the change does not fail it', async () => {
  const repository = planRepository()
  repository.put('rules/detection/bare.yaml', ruleFile('bare', 'x'))
  const base = repository.commit()
  repository.put('rules/detection/bare.yaml', `# the same\n${ruleFile('bare', 'x')}`)
  const same = repository.commit()
  repository.put('rules/detection/other.yaml', ruleFile('other', 'y'))
  const other = repository.commit()
  const parts = { repository: repository.dir, base, history: null }
  expect((await previewChange({ ...parts, head: same })).failures).toEqual([])
  expect((await previewChange({ ...parts, head: other })).failures).toEqual([
    expect.stringContaining('the rule has no fixture (rules/detection/other.yaml:'),
  ])
})

test('errors are annotated wherever they are, warnings and mutants where the change touches the line, 50 at a time', () => {
  const warning = { code: 'x/y', message: 'careful', severity: 'warning' as const }
  const errors = Array.from({ length: 120 }, (_, n) => ({
    ...warning,
    severity: 'error' as const,
    place: place('a', n + 1),
  }))
  const survivor = (line: number) => ({ mutation: 'drop it', safety: true, place: place('b', line) })
  const { annotations } = checkRunOf({
    ...nothing,
    problems: [{ ...warning, place: place('b', 3) }, { ...warning, place: place('b', 9) }, warning, ...errors],
    changedLines: { b: [[2, 4]] },
    mutation: [
      {
        ...{ kind: 'playbook', id: 'p', title: 'p', place: place('b', 1), mutants: 2, refused: 0, caught: 0 },
        survived: [survivor(4), survivor(5)],
      },
    ],
  })
  expect(annotations.map(({ path, startLine, level }) => `${path}:${startLine} ${level}`).slice(119)).toEqual([
    'a:120 failure',
    'b:3 warning',
    'b:4 warning',
  ])
  expect(annotationBatches(annotations).map((one) => one.length)).toEqual([50, 50, 22])
  expect(annotationBatches([])).toEqual([[]])
})

test('whatever a change and history hold, the texts fit into what GitHub takes and nothing in them works', () => {
  const hostile = fc.constantFrom(
    '@org/team',
    '<img src=x>',
    '```\n/approve run-1',
    '[x](https://evil.example)',
    '#1',
    '-->',
    '|',
    '\u202e',
    'a'.repeat(5000),
  )
  const text = fc.array(hostile, { maxLength: 8 }).map((parts) => parts.join(' '))
  const problems = fc.array(
    fc.record({
      code: text,
      message: text,
      hint: text,
      severity: fc.constant('error' as const),
      place: text.map((file) => place(file, 1)),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(problems, fc.array(text, { maxLength: 300 }), (found, failures) => {
      const preview = { ...nothing, problems: found, failures, notes: failures }
      const run = checkRunOf(preview)
      const comment = planMarkdown(preview)
      for (const one of [run.text, run.summary, comment]) expect(one.length).toBeLessThanOrEqual(65_535)
      const escaped = comment.slice(commentMark.length)
      for (const one of [run.text, run.summary, escaped])
        expect(one).not.toMatch(/@org|(?<!\\)<img|^\/approve|(?<!\\)\]\(|https:\/\/|(?<!&)#1\b|^```|(?<!\\)-->/m)
    }),
    { numRuns: 60 },
  )
})

test('a pull request is judged by the budgets of the branch it goes to, and cannot raise them', async () => {
  const budget = (perRule: number) =>
    `id: own\ntitle: Own\nowner: soc\nwhy: For a test.\nlinesPerDay: { perRule: ${perRule} }\n`
  const repository = planRepository()
  repository.put('rules/budgets/own.yaml', budget(50))
  const began = repository.commit()
  repository.put('rules/budgets/own.yaml', budget(2))
  const base = repository.commit()
  repository.git('checkout', '-q', '-b', 'change', began)
  repository.put('rules/budgets/own.yaml', budget(99))
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  repository.put('rules/detection/fixtures/export.yaml', fixtureFile('export'))
  const head = repository.commit()
  const events = [0, 1, 2].map((n) => record(n, 'export', `user${n}`)).join('\n')
  const history = await historyOfFiles([repository.put('events.ndjson', events)], null, [])
  const preview = await previewChange({ repository: repository.dir, base, head, history })
  expect(preview.failures).toEqual([
    expect.stringMatching(
      /^over budget: "export" .*: 3 a day, 0 before, the budget is 2 \(rules\/budgets\/own\.yaml:5:/,
    ),
  ])
  const run = checkRunOf(preview)
  expect(run.conclusion).toBe('failure')
  expect(run.annotations).toMatchObject([
    {
      path: 'rules/detection/export.yaml',
      startLine: 1,
      level: 'failure',
      message: expect.stringContaining('the budget is 2'),
    },
  ])
})
