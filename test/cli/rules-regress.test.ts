import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'
import { smallContent } from '../support/small-content.ts'

const content = smallContent()
const command = (...args: readonly string[]) => gitsoc('rules', 'regress', ...args, '--content', content)

const rule = (id: number, image: string) =>
  `title: Starts ${image}\nid: 0000000${id}-0000-4000-8000-000000000000\nlevel: low\nlogsource: { product: windows, category: process_creation }\ndetection:\n  selection: { Image|endswith: ${image} }\n  condition: selection\n`
const event = (image: string) => ({
  ...{ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Computer: 'ws-1', Image: `C:\\${image}` },
})
const idOf = (id: number) => `0000000${id}-0000-4000-8000-000000000000`

async function regress(cases: readonly unknown[], ...more: readonly string[]) {
  const dir = folderOf({
    'rules/a.yml': rule(1, 'a.exe'),
    'rules/b.yml': rule(2, 'aa.exe'),
    'cases.jsonl': cases.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join(''),
  })
  return command(join(dir, 'cases.jsonl'), '--rules', join(dir, 'rules'), '--json', ...more)
}

test.each<[string, number | null | undefined, string[], number]>([
  ['as many events as wanted', 2, ['a.exe', 'a.exe'], 1],
  ['more events than wanted', 1, ['a.exe', 'a.exe'], 1],
  ['fewer events than wanted', 2, ['a.exe', 'b.exe'], 0],
  ['one event where no number is given', null, ['b.exe', 'a.exe'], 1],
  ['one event where nothing is said', undefined, ['b.exe', 'a.exe'], 1],
  ['no event where no number is given', null, ['b.exe'], 0],
])('%s: the case passes or fails as upstream says', async (_name, count, images, passed) => {
  const { json, exitCode } = await regress([
    { case: 'one', rule_id: idOf(1), match_count: count, events: images.map(event) },
  ])
  expect(json()).toMatchObject({ cases: 1, passed })
  expect(exitCode).toBe(passed === 1 ? 0 : 1)
})

test.each<[string, unknown, string]>([
  ['a rule that is not there', { case: 'x', rule_id: 'none', events: [event('a.exe')] }, 'there is no rule of this id'],
  ['a rule that stays silent', { case: 'x', rule_id: idOf(1), events: [event('b.exe')] }, 'did not fire'],
  ['no event', { case: 'x', rule_id: idOf(1), events: [] }, 'at least one event'],
  [
    'a count that is none',
    { case: 'x', rule_id: idOf(1), match_count: 'two', events: [event('a.exe')] },
    'match_count',
  ],
  ['a line that is not JSON', '{', 'the line is not JSON'],
])('%s is a failed case with its reason', async (_name, one, reason) => {
  const { json, exitCode } = await regress([one])
  expect(json()).toMatchObject({ cases: 1, passed: 0, failed: [{ reason: expect.stringContaining(reason) }] })
  expect(exitCode).toBe(1)
})

test('--extra lists the other rules that fire', async () => {
  const one = { case: 'both', rule_id: idOf(1), match_count: 1, events: [event('aa.exe'), event('a.exe')] }
  const { json } = await regress([one], '--extra')
  expect(json()).toMatchObject({ passed: 1, extra: [{ case: 'both', rule: idOf(2), level: 'low', matched: 1 }] })
  expect((await regress([one])).json()).not.toHaveProperty('extra')
})

test('cases that cannot be read are wrong usage, and so is a file without any', async () => {
  expect((await command('/nowhere')).exitCode).toBe(2)
  expect(await command(join(folderOf({ empty: '\n' }), 'empty'))).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('there is no case in'),
  })
})
