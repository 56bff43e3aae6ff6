import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'

const rule = (id: number, detection = 'selection: { a: x }\n  condition: selection') =>
  `title: Rule ${id}\nid: 0000000${id}-0000-4000-8000-000000000000\nname: rule_${id}\nlogsource: { product: linux }\ndetection:\n  ${detection}\n`
const correlation = (rules: string) =>
  `title: Several\nid: 90000000-0000-4000-8000-000000000000\ncorrelation:\n  type: event_count\n  rules: [${rules}]\n  timespan: 5m\n  condition: { gte: 3 }\n`

test('all rules of a folder compile, below any depth, several in a file, and correlations with those they count', async () => {
  const dir = folderOf({
    'a.yml': `${rule(1)}---\n${correlation('rule_2, rule_1')}`,
    'deep/er/b.yaml': rule(2),
    'README.md': '# no rule',
    'mapping.yml': 'title: names\nlogsources: {}\n',
  })
  const { json, exitCode } = await gitsoc('rules', 'check', dir, '--json')
  expect(json()).toEqual({
    files: 2,
    compiled: 2,
    rules: { detection: 2, correlation: 1, filter: 0 },
    skipped: 1,
    failed: [],
    warnings: [],
  })
  expect(exitCode).toBe(0)
  expect((await gitsoc('rules', 'check', dir)).out).toContain('all 2 files compile: 2 detection rules, 1 correlations')
})

test.each([
  ['a modifier that is unknown', rule(1, 'selection: { a|contians: x }\n  condition: selection'), 6, 16, 'contians'],
  ['broken YAML', 'title: [\n', 2, 1, ''],
  ['a condition that names nothing', rule(1, 'selection: { a: x }\n  condition: other'), 7, 14, '"other"'],
  ['a rule without detection', 'title: x\nlogsource: {}\n', 1, 1, 'needs "detection"'],
  ['an empty file', '', 1, 1, 'empty'],
  ['the second of two rules', `${rule(1)}---\n${rule(2, 'condition: x')}`, 14, 14, '"x"'],
  ['a correlation of a rule that is not there', `${rule(1)}---\n${correlation('rule_9')}`, 13, 11, '"rule_9"'],
  ['two rules of one id', `${rule(1)}---\n${rule(1)}`, 10, 5, 'used in'],
])('%s is named with its place, and the exit code is 1', async (_name, text, line, column, message) => {
  const dir = folderOf({ 'good.yml': rule(7), 'bad.yml': text })
  const file = join(dir, 'bad.yml')
  const { json, exitCode } = await gitsoc('rules', 'check', dir, '--json')
  expect(exitCode).toBe(1)
  expect(json()).toMatchObject({ files: 2, compiled: 1, failed: [{ file, line, column }] })
  expect(JSON.stringify(json())).toContain(JSON.stringify(message).slice(1, -1))
  const shown = await gitsoc('rules', 'check', dir)
  expect(shown.out).toContain(`${file}:${line}:${column} error: `)
  expect(shown.out).toContain('1 of 2 files compile')
})

test('the text shows the line that is wrong with a mark below it', async () => {
  const dir = folderOf({ 'bad.yml': rule(1, 'selection: { a|contians: x }\n  condition: selection') })
  const { out } = await gitsoc('rules', 'check', dir)
  expect(out).toContain(' 6 |   selection: { a|contians: x }\n')
  expect(out).toContain('hint: did you mean "contains"?')
})

test.each([
  ['a path that is not there', '/nowhere/rules'],
  ['a folder without rules', folderOfNothing()],
  ['a file that holds no rule', 'package.json'],
  ['a folder of YAML without a rule', 'rules/approval'],
])('%s is wrong usage', async (_name, dir) => {
  const { exitCode, err } = await gitsoc('rules', 'check', dir)
  expect(exitCode).toBe(2)
  expect(err).toMatch(/^gitsoc: .+\nhint: .+\n$/)
})

function folderOfNothing(): string {
  return join(import.meta.dirname, '../../src/core/model')
}

test('a placeholder is an error until a file gives it values', async () => {
  const text = rule(1, "selection: { a|expand: '%hosts%' }\n  condition: selection")
  const dir = folderOf({
    'rules/a.yml': text,
    'p.yaml': 'title: ours\nplaceholders:\n  hosts: { values: [dc-1], why: ours }\n',
  })
  const check = (...more: readonly string[]) => gitsoc('rules', 'check', join(dir, 'rules'), '--json', ...more)
  expect((await check()).json()).toMatchObject({
    compiled: 0,
    failed: [{ line: 6, message: expect.stringContaining('%hosts%') }],
  })
  const given = await check('--placeholders', join(dir, 'p.yaml'))
  expect(given.json()).toMatchObject({ files: 1, compiled: 1, failed: [] })
  expect(given.exitCode).toBe(0)
  expect((await check('--placeholders', join(dir, 'rules/a.yml'))).exitCode).toBe(2)
  expect((await check('--placeholders', '/nowhere')).exitCode).toBe(2)
})
