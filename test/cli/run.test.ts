import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'

const start = Date.UTC(2026, 4, 12, 8)
const sshLine = (minutes: number, message: string, n = 0) =>
  `<38>${new Date(start + minutes * 60_000 + n).toISOString()} bastion-1 sshd[${100 + n}]: ${message}\n`
const failures = (minutes: number, count: number) =>
  Array.from({ length: count }, (_, n) =>
    sshLine(minutes, `Failed password for root from 198.51.100.23 port ${n}`, n),
  ).join('')
const accepted = (minutes: number) => sshLine(minutes, 'Accepted publickey for user17 from 192.0.2.7 port 5')

interface Summary {
  readonly received: number
  readonly deadLettered: number
  readonly incidents: readonly { readonly title: string }[]
}

const run = async (...args: readonly string[]) => {
  const ended = await gitsoc('run', ...args, '--json')
  return { ...ended, summary: ended.json() as Summary }
}

test('files are read by the time in them, not by their names or the order in which they are given', async () => {
  const guessed = failures(0, 30)
  const days = accepted(3 * 24 * 60)
  const dir = folderOf({ 'a-new.log': days, 'b-old.log': guessed })
  const { summary, err } = await run(join(dir, 'a-new.log'), join(dir, 'b-old.log'))
  expect(summary).toMatchObject({ received: 31 })
  expect(err).toBe('')
  expect(summary.incidents.map((one) => one.title)).toEqual([expect.stringMatching(/SSH/)])
})

test('lists that cannot be used are told, and a folder of lists that is not there ends it', async () => {
  const dir = folderOf({
    'one.log': accepted(0),
    'lists/indicators/a.csv': 'ip,999.1.1.1,no address\n',
    'lists/indicators/b.stix': '{}',
  })
  const { err, exitCode } = await run(join(dir, 'one.log'), '--enrich', join(dir, 'lists'))
  expect([exitCode, err.split('\n')]).toEqual([
    0,
    [expect.stringMatching(/^enrichment: b\.stix: is left out/), expect.stringMatching(/^enrichment: a\.csv:1: /), ''],
  ])
  expect(await gitsoc('run', join(dir, 'one.log'), '--enrich', join(dir, 'list'))).toMatchObject({
    exitCode: 2,
    out: '',
    err: expect.stringContaining('--enrich names no folder'),
  })
})

test.each([
  ['wazu', 'there is no integration "wazu"', 'did you mean "wazuh"?'],
  ['slack', 'the integration "slack" takes no events', 'events come from '],
])('a source that gives no events is refused: %s', async (source, why, hint) => {
  const ended = await gitsoc('run', '-', '--source', source)
  expect(ended).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining(`gitsoc: ${why}\nhint: ${hint}`) })
})

test('where nothing is read it is said', async () => {
  const { summary, err } = await run(folderOf({}))
  expect([summary.received, err]).toEqual([0, 'nothing was read: there is no event in what was given\n'])
})

test('records of one file that come too late for a correlation are told, with what to do', async () => {
  const dir = folderOf({ 'mixed.log': `${accepted(3 * 24 * 60)}${failures(0, 30)}` })
  const { out } = await gitsoc('run', dir)
  expect(out).toContain('0 incidents')
  expect(out).toMatch(/Came too late\n {2}30 matches of rules over several events .*not counted/)
  expect(out).toMatch(/Sort the records/)
  expect((await run(dir)).err).toMatch(/^30 matches of rules over several events .*\nSort the records .*\n$/)
})

test('the line of --json has exactly what it is documented to have', async () => {
  const { summary } = await run(join(folderOf({ 'b.log': failures(0, 30) }), 'b.log'))
  expect(Object.keys(summary)).toEqual(
    'received alerted noMatch duplicate suppressed dropped deadLettered alerts incidents'.split(' '),
  )
  expect(Object.keys(summary.incidents[0] ?? {})).toEqual(
    'number title severity score techniques observables alerts'.split(' '),
  )
})

test('a recording is taken as it was received, whatever its file is called, and says which source is not known', async () => {
  const recorded = (body: string, minute: number, source = 'syslog') =>
    `${JSON.stringify({ at: start + minute * 60_000, source, body })}\n`
  const guessed = failures(0, 30).trim().split('\n')
  const text = guessed.map((one) => recorded(one, 1)).join('') + recorded('x', 2, 'nobody')
  const { summary } = await run(join(folderOf({ 'deliveries.txt': text }), 'deliveries.txt'))
  expect(summary).toMatchObject({ received: 31, deadLettered: 1 })
  expect(summary.incidents.map((one) => one.title)).toEqual([expect.stringMatching(/SSH/)])
})

describe('in a folder', () => {
  const files = {
    'README.md': '# What this is\n\nCEF:0|v|p|1|1|an example|3|src=192.0.2.1\n',
    'notes.txt': 'first look at the firewall\nthen at the proxy\n',
    'app.log': 'something of a program\n',
    'ssh.txt': accepted(0),
    'broken.json': '{"a":\n',
    'odd.json': '{"nobody":"knows this"}',
  }

  test('what is no events is left alone, which is said; what may be events is not', async () => {
    const dir = folderOf(files)
    const { summary, err } = await run(dir)
    expect(summary).toMatchObject({ received: 4, deadLettered: 1 })
    expect(err.trim().split('\n')).toEqual([
      expect.stringMatching(/^left alone.*README\.md, .*notes\.txt; name a file/),
    ])
  })

  test('everything is taken that is named itself, or whose source is given', async () => {
    const dir = folderOf(files)
    expect(await run(join(dir, 'README.md'))).toMatchObject({ err: '', summary: { received: 2 } })
    expect(await run(dir, '--source', 'syslog')).toMatchObject({ err: '', summary: { received: 8 } })
  })
})
