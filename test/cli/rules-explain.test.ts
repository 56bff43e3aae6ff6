import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'
import { smallContent } from '../support/small-content.ts'

const content = smallContent()
const explain = (...args: readonly string[]) => gitsoc('rules', 'explain', ...args, '--content', content)

const rule = `title: Office starts a shell
id: 10000000-0000-4000-8000-000000000000
name: office
logsource: { product: windows, category: process_creation }
detection:
  selection:
    ParentImage|endswith: winword.exe
    Image|endswith: [cmd.exe, powershell.exe]
  odd: { CommandLine|contains: ' -i ' }
  filter: { User: backup }
  condition: selection and not filter
`
const event = (image: string, user = 'user17') => ({
  ...{ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Computer: 'ws-1', UtcTime: '2026-05-12 08:00:00' },
  ...{ Image: `C:\\Windows\\${image}`, ParentImage: 'C:\\Office\\WINWORD.EXE', User: user },
})
const lines = (...records: readonly unknown[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('')

function prepared(...records: readonly unknown[]) {
  const dir = folderOf({ 'rules/office_shell.yml': rule, log: lines(...records) })
  return { log: join(dir, 'log'), rules: join(dir, 'rules'), file: join(dir, 'rules/office_shell.yml') }
}

test('a rule that fires is shown with everything that held and what was seen, and the exit code is 0', async () => {
  const { log, rules, file } = prepared(event('cmd.exe'))
  const { out, exitCode } = await explain('office', log, '--rules', rules)
  const shown = out
    .replaceAll(file, 'FILE')
    .replaceAll(log, 'LOG')
    .replace(/rules\/pipelines\/\S+/, 'PIPELINE:')
  expect(shown).toMatchInlineSnapshot(`
    "✓ "Office starts a shell" fires
      rule   FILE:1:8  10000000-0000-4000-8000-000000000000
      event  LOG:1  2026-05-12T08:00:00.000Z  product: windows, service: sysmon, category: process_creation

    ✓ log source product: windows, category: process_creation
      ✓ PIPELINE: product: windows, category: process_creation, service: sysmon

    ✓ condition selection and not filter
      ✓ all of
        ✓ selection
        ✓ not
          ✗ filter

    ✓ selection  (line 6)
      ✓ ParentImage|endswith: "winword.exe"
          seen: "C:\\Office\\WINWORD.EXE"
      ✓ Image|endswith: "cmd.exe", and 1 more that did not hold
          seen: "C:\\Windows\\cmd.exe"

    ✗ odd  (line 9)
      ✗ CommandLine|contains: " -i "
          seen: the event has no such field

    ✗ filter  (line 10)
      ✗ User: "backup"
          seen: "user17"

    "
  `)
  expect(exitCode).toBe(0)
})

test.each([
  ['a value that differs', event('calc.exe'), 'does not fire: selection does not hold'],
  ['a filter of its own', event('cmd.exe', 'backup'), 'does not fire: filter holds'],
  ['another log source', { ...event('cmd.exe'), EventID: 3 }, 'does not fire: its log source means other events'],
])('a rule that does not fire for %s says so first, and the exit code is 1', async (_name, record, reason) => {
  const { log, rules } = prepared(record)
  const { out, exitCode } = await explain('office', log, '--rules', rules)
  expect(out.split('\n')[0]).toBe(`✗ "Office starts a shell" ${reason}`)
  expect(exitCode).toBe(1)
})

test.each([
  ['its id', '10000000-0000-4000-8000-000000000000'],
  ['its name', 'office'],
  ['its title', 'Office starts a shell'],
  ['the name of its file', 'office_shell'],
])('a rule is found by %s', async (_name, wanted) => {
  const { log, rules } = prepared(event('cmd.exe'))
  expect((await explain(wanted, log, '--rules', rules)).exitCode).toBe(0)
})

test('a rule is found by the file it is in, and our own by part of their path', async () => {
  const { log, file } = prepared(event('cmd.exe'))
  expect((await explain(file, log)).exitCode).toBe(0)
  expect((await explain('win_lsass', log)).out).toContain('✗ "A program opened the memory of LSASS for reading"')
})

test('of several events those are explained that fire, one by its number, or else the first', async () => {
  const { log, rules } = prepared(event('calc.exe'), event('cmd.exe'), event('powershell.exe'))
  const shown = async (where: string) => {
    const { out } = await explain('office', where, '--rules', rules, '--json')
    return out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: number; fired: boolean })
  }
  expect((await shown(log)).map((one) => [one.event, one.fired])).toEqual([
    [2, true],
    [3, true],
  ])
  expect((await shown(`${log}:3`)).map((one) => [one.event, one.fired])).toEqual([[3, true]])
  expect((await shown(`${log}:1`)).map((one) => [one.event, one.fired])).toEqual([[1, false]])
})

test.each<[string, (made: ReturnType<typeof prepared>) => string[]]>([
  ['a rule that is not there', ({ log, rules }) => ['nothing', log, '--rules', rules]],
  ['words that several rules have', ({ log }) => ['win_', log]],
  ['an event that is not there', ({ log, rules }) => ['office', `${log}:9`, '--rules', rules]],
  ['a file that is not there', ({ rules }) => ['office', '/nowhere', '--rules', rules]],
])('%s is wrong usage', async (_name, args) => {
  const { exitCode, err } = await explain(...args(prepared(event('cmd.exe'))))
  expect(exitCode).toBe(2)
  expect(err).toMatch(/^gitsoc: /)
})

test('what an event holds commands no terminal', async () => {
  const { log, rules } = prepared(event('\u001b[2Jcmd.exe\nfired'))
  const { out } = await explain('office', log, '--rules', rules)
  expect(out).not.toContain('\u001b')
  expect(out).not.toMatch(/^fired/m)
})

test('a correlation is followed over the events of a file, group by group', async () => {
  const several = `---
title: Several of these
id: 20000000-0000-4000-8000-000000000000
correlation: { type: event_count, rules: [office], group-by: [User], timespan: 5m, condition: { gte: 2 } }
`
  const dir = folderOf({
    'rules/a.yml': rule + several,
    log: lines(
      event('cmd.exe', 'ann'),
      event('calc.exe', 'ann'),
      event('cmd.exe', 'bob'),
      event('powershell.exe', 'ann'),
    ),
  })
  const follow = (...more: readonly string[]) =>
    explain('Several of these', join(dir, 'log'), '--rules', join(dir, 'rules'), ...more)
  const { out, exitCode } = await follow()
  expect(exitCode).toBe(0)
  expect(out).toContain('"Several of these": event_count at least 2 within 300 s\n')
  expect(out).toContain(
    'log:1  2026-05-12T08:00:00.000Z  User = "ann"  1 in the window, at least 2 wanted  ("Office starts a shell")\n',
  )
  expect(out).toContain('log:4  2026-05-12T08:00:00.000Z  User = "ann"  fires with 2  ("Office starts a shell")\n')
  expect(out).toContain('✓ fired 1 times on 4 events, of which its rules matched 3\n')
  expect((await follow('--json')).json()).toEqual({
    rule: '20000000-0000-4000-8000-000000000000',
    events: 4,
    matched: 3,
    fired: 1,
  })
})
