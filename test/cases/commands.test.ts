import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addTask, saveAlerts, saveIncidents } from '../../src/cases/index.ts'
import type { EventId } from '../../src/core/model/index.ts'
import { verifyAudit } from '../../src/store/index.ts'
import { gitsoc as command } from '../support/cli.ts'
import { testStore } from '../support/store.ts'
import { hostile } from './hostile.ts'
import { madeAlert, madeIncident } from './made.ts'
import { madeCase } from './made-case.ts'

/** Runs a command line against a fresh store that holds one incident; what it printed and how it ended. */
async function commands() {
  const store = await testStore()
  const before = process.env.DATABASE_URL
  process.env.DATABASE_URL = store.url
  onTestFinished(() => {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
  })
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [madeIncident({ assessment: madeCase().incident.assessment })])
    await saveAlerts(tx, [madeAlert()])
    await addTask(tx, 1, 'Call the owner', 'rule')
  })
  const gitsoc = async (line: string) => {
    const parts = line.match(/"[^"]*"|\S+/g)?.map((part) => part.replaceAll('"', '')) ?? []
    const { out, err, exitCode } = await command(...parts)
    return { out, code: exitCode, why: err }
  }
  return { store, gitsoc }
}

test('an analyst works an incident off from the command line, and the audit has every step', async () => {
  const { store, gitsoc } = await commands()
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-incidents-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  expect((await gitsoc('incidents list')).out).toMatch(/1 +CRITICAL +96 +new/)
  const steps = [
    ['incidents ack 1 --as analyst-1', 'acknowledged, owned by analyst-1'],
    ['incidents assign #1 analyst-2 --as analyst-1', 'owned by analyst-2'],
    ['incidents note 1 the user says it was not them --as analyst-2', 'acknowledged'],
    ['incidents task 1 --done 1 --as analyst-2', 'acknowledged'],
    ['incidents task 1 Rotate the keys --as analyst-2', 'acknowledged'],
    ['incidents contain 1 --as analyst-2', 'contained'],
    ['incidents resolve 1 --verdict true-positive --as analyst-2', 'resolved, owned by analyst-2, true-positive'],
    [
      `incidents close 1 --as analyst-2 --reason "keys rotated" --dir ${dir}`,
      `its report is written into ${join(dir, '1')} `,
    ],
  ] as const
  for (const [line, expected] of steps)
    expect(await gitsoc(line)).toMatchObject({ code: 0, out: expect.stringContaining(expected) })
  expect(await readdir(join(dir, '1'))).toHaveLength(4)
  const again = await gitsoc(`incidents report 1 --dir ${dir} --json`)
  expect(JSON.parse(again.out)).toEqual({ incident: 1, report: join(dir, '1') })
  expect(await verifyAudit(store)).toMatchObject({ entries: 8, broken: null })
  expect((await gitsoc('incidents list')).out).toBe('no open incidents\n')
  const shown = (await gitsoc('incidents show 1')).out
  for (const text of [
    'closed, true-positive',
    '1 [x] Call the owner',
    '2 [ ] Rotate the keys',
    'note: the user says it was not them',
  ])
    expect(shown).toContain(text)
})

test('the list is narrowed by severity and owner', async () => {
  const { store, gitsoc } = await commands()
  await store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 2 }), madeIncident({ number: 3 })]))
  await gitsoc('incidents ack 2 --as analyst-1')
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-incidents-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await gitsoc(`incidents close 3 --verdict benign-positive --as analyst-2 --dir ${dir}`)
  const numbers = async (options: string) =>
    (JSON.parse((await gitsoc(`incidents list --json ${options}`)).out) as { number: number }[]).map(
      (one) => one.number,
    )
  expect(await numbers('')).toEqual([2, 1])
  expect(await numbers('--all')).toEqual([3, 2, 1])
  expect(await numbers('--severity critical high')).toEqual([1])
  expect(await numbers('--severity low')).toEqual([])
  expect(await numbers('--owner analyst-1')).toEqual([2])
  expect(await numbers('--unowned')).toEqual([1])
  expect(await numbers('--all --unowned --limit 1')).toEqual([3])
  expect((await gitsoc('incidents list --severity low')).out).toBe('no open incidents like that\n')
})

test.each([
  ['incidents list --severity huge', 2, /none of LOW, MEDIUM/],
  ['incidents list --owner a --unowned', 2, /exclude each other/],
  ['incidents list --limit 0', 2, /whole number/],
  ['incidents show 9', 1, /no incident 9\nhint: .*incidents list/],
  ['incidents show nine', 2, /whole number/],
  ['incidents show 0', 2, /whole number/],
  ['incidents show 99999999999999', 2, /whole number/],
  ['incidents report 9', 1, /no incident 9/],
  ['incidents close 1', 1, /needs a verdict\nhint: .*true-positive/],
  ['incidents close 1 --verdict wrong', 2, /true-positive, benign-positive/],
  ['incidents assign 1', 2, /--nobody/],
  ['incidents assign 1 a --nobody', 2, /--nobody/],
  ['incidents task 1', 2, /title/],
  ['incidents task 1 x --done 1', 2, /title/],
  ['incidents task 1 --done 7', 1, /no task 7/],
  ['incidents report 1 --dir /dev/null/x', 3, /cannot be written/],
  ['explain incident 9', 1, /no incident 9/],
  ['explain incident x', 2, /number of an incident/],
  ['explain alert al-none', 1, /no alert "al-none"/],
  ['metrics --from yesterday', 2, /a day or a time/],
  ['metrics --from 2026-02-31', 2, /a day or a time/],
  ['metrics --last week', 2, /a duration/],
  ['metrics --last 1d --from 2026-05-01', 2, /--last goes without/],
])('%s ends with %d and says why', async (line, code, why) => {
  const { gitsoc } = await commands()
  const ended = await gitsoc(line)
  expect(ended.why).toMatch(why)
  expect(ended.code).toBe(code)
})

test('every command speaks JSON', async () => {
  const { gitsoc } = await commands()
  const json = async (line: string) => JSON.parse((await gitsoc(`${line} --json`)).out)
  expect(await json('incidents list')).toMatchObject([{ number: 1 }])
  expect(await json('incidents show 1')).toMatchObject({ incident: { number: 1 }, alerts: [{ id: 'al-1' }] })
  expect(await json('incidents ack 1 --as a')).toMatchObject({ number: 1, status: 'acknowledged', owner: 'a' })
  expect(await json('metrics')).toMatchObject({ all: { incidents: 1 } })
  expect(await json('metrics --from 2026-01-01')).toMatchObject({ all: { incidents: 0 } })
  expect(await json('explain incident 1')).toMatchObject({ number: 1, assessment: { score: 96 } })
  expect(await json('explain alert al-1')).toMatchObject({ alert: { id: 'al-1' }, events: [], rule: null })
})

test('an explanation names rule, place and facts', async () => {
  const { gitsoc } = await commands()
  const { out } = await gitsoc('explain incident 1')
  expect(out).toContain('+40 data has left')
  expect(out).toContain('rules/scoring/base.yaml:12:5')
  expect(out).toContain('incident.tactics = credential-access, exfiltration, initial-access')
})

test('an alert is explained by deciding again about the events that are kept', async () => {
  const { store, gitsoc } = await commands()
  const record = {
    eventVersion: '1.08',
    eventID: '00000000-0000-4000-8000-000000000001',
    eventTime: '2026-05-12T09:01:05Z',
    eventSource: 'cloudtrail.amazonaws.com',
    eventName: 'StopLogging',
    awsRegion: 'eu-central-1',
    recipientAccountId: '111122223333',
    sourceIPAddress: '203.0.113.66',
    userIdentity: { type: 'IAMUser', userName: 'svc-backup', accountId: '111122223333' },
  }
  const { loadBundle } = await import('../../src/cli/load-bundle.ts')
  const { createNormalizer } = await import('../../src/core/normalize/index.ts')
  const { createInbox } = await import('../../src/ingest/index.ts')
  const bundle = await loadBundle()
  const body = Buffer.from(JSON.stringify(record))
  const delivery = {
    source: 'aws-cloudtrail',
    transport: 'file',
    contentType: null,
    receivedAt: Date.parse('2026-05-12T09:02:00Z'),
    body,
  } as const
  const { firstSeq: seq } = await createInbox(store).accept([delivery])
  const [normalized] = createNormalizer(bundle.integrations, store.tenant).normalize({ ...delivery, seq })
  if (normalized?.kind !== 'event') throw new Error('the record is no event')
  const rule = bundle.matcher.match(normalized.event)[0]?.rule
  if (rule === undefined) throw new Error('no rule matches the record')
  const alert = madeAlert({ id: 'al-cloud', ruleId: rule.id, title: rule.title })
  const link = (event: string) => ({ alert: alert.id, event: event as EventId, seq, index: 0, count: 2 })
  await store.transaction(async (tx) => {
    await saveAlerts(tx, [alert])
    await saveAlerts(tx, [], [link(normalized.event.id), link('ev-gone')])
  })
  const { out } = await gitsoc('explain alert al-cloud')
  expect(out).toContain('eventName = StopLogging')
  expect(out).toContain(`${rule.ref.place?.file}:${rule.ref.place?.line}`)
  expect(out).toContain("today's content no longer reads it")
})

test('no text in an incident reaches a terminal as more than text through list, show and explain', async () => {
  const { store, gitsoc } = await commands()
  const { incident } = madeCase()
  for (const [name, text] of hostile) {
    const decisions = incident.decisions.map((one) => ({
      ...one,
      sentence: text,
      facts: [{ name: text, value: [text] }],
    }))
    const observables = [{ type: 'user', value: text, role: 'target' } as const]
    await store.transaction((tx) => saveIncidents(tx, [madeIncident({ title: text, decisions, observables })]))
    for (const line of ['incidents list', 'incidents show 1', 'explain incident 1', 'incidents show 1 --markdown'])
      expect((await gitsoc(line)).out.replaceAll('\u200b', ''), `${name}: ${line}`).not.toMatch(
        /[^\P{C}\n]|[\u2028\u2029]/u,
      )
  }
})

test.each([
  ['incidents severity 1 high', 2, /^gitsoc: a severity needs a reason\nhint: add --reason/],
  ['incidents merge 1 1', 2, /^gitsoc: an incident cannot be merged into itself\nhint: /],
  ['incidents split 1 al-1', 2, /^gitsoc: a split needs a reason\nhint: add --reason/],
  [
    'incidents split 1 zz --reason x',
    2,
    /^gitsoc: .*'zz' is invalid.*al-7h2m\.\nhint: it is written as gitsoc incidents split/,
  ],
  ['incidents split 1 al-zzzz --reason x', 1, /^gitsoc: INC-1 has no alert al-zzzz\nhint: al-/],
  ['indicators add 198.51.100.7', 2, /^gitsoc: an indicator needs a reason\nhint: add --reason/],
  ['indicators add 198.51.100.7 --incident 999 --reason x', 1, /^gitsoc: there is no incident 999\nhint: /],
  ['indicators add 198.51.100.7 --days 0 --reason x', 2, /^gitsoc: --days is a whole number/],
])('gitsoc %s ends with %s, says why, and speaks no chat', async (line, code, why) => {
  const { gitsoc } = await commands()
  const ended = await gitsoc(line)
  expect(ended).toMatchObject({ code, out: '', why: expect.stringMatching(why) })
  expect(ended.why).not.toMatch(/\/(split|merge|indicator|severity)/)
})

test('after a person said another severity no sentence claims the old one without it', async () => {
  const { gitsoc } = await commands()
  await gitsoc('incidents severity 1 low --reason "a drill" --as analyst-1')
  for (const line of ['incidents show 1', 'incidents show 1 --markdown']) {
    const { out } = await gitsoc(line)
    expect(out.replace(/\s+/g, ' ')).toMatch(/What counts is LOW, said by analyst-1: a drill/)
  }
  await gitsoc('incidents severity 1 machine --as analyst-1')
  expect((await gitsoc('incidents show 1')).out).not.toContain('What counts is')
})
