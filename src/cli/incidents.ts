import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import {
  type CaseFile,
  type Change,
  cell,
  changeIncident,
  listIncidents,
  plain,
  readCase,
  readEvidence,
  renderIncidentText,
  reportOf,
  utc,
  writeReport,
} from '../cases/index.ts'
import { type Incident, type IncidentSeverity, oneLine, type Verdict, verdicts } from '../core/model/index.ts'
import type { OpenStore } from '../store/index.ts'
import { Failure } from './failure.ts'
import { numberOfIncident as incidentNumber, incidentsGroup } from './incidents-group.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
}

interface ActOptions extends Options {
  readonly as?: string
  readonly reason?: string
}

/** `gitsoc incidents`: what there is, and what people do about it. */
export function register(program: Command): void {
  const incidents = incidentsGroup(program)
  const command = (name: string, description: string) =>
    withStoreOptions(incidents.command(name).description(description)).option('--json', 'one JSON document')
  const act = (name: string, description: string) =>
    command(name, description)
      .argument('<number>', 'the incident', incidentNumber)
      .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')

  command('list', 'open incidents, the newest first')
    .option('--all', 'also those that are resolved or closed')
    .option('--severity <severity...>', severities.join(', '), severity)
    .option('--owner <owner>', 'only those of this owner')
    .option('--unowned', 'only those that nobody owns')
    .option('--limit <n>', 'at most so many', positive, 50)
    .action(list)
  command('show', 'everything about one incident')
    .argument('<number>', 'the incident', incidentNumber)
    .option('--markdown', 'as the report would be')
    .action(show)
  command('report', 'write the report of an incident into a folder')
    .argument('<number>', 'the incident', incidentNumber)
    .option('--dir <dir>', 'where the folder goes', 'incidents')
    .action(report)

  act('ack', 'acknowledge an incident, or open a closed one again; who does so owns it if nobody else does')
    .option('--reason <text>', 'why')
    .action((number: number, options: ActOptions) =>
      change(number, options, { kind: 'status', status: 'acknowledged', ...reasonOf(options) }),
    )
  act('assign', 'give an incident to somebody')
    .argument('[owner]', 'to whom')
    .option('--nobody', 'take it from its owner')
    .action((number: number, owner: string | undefined, options: ActOptions & { nobody?: boolean }) => {
      if ((owner === undefined) !== (options.nobody === true))
        throw new Failure('assign names an owner or says --nobody', { exitCode: 2 })
      return change(number, options, { kind: 'owner', owner: owner ?? null })
    })
  act('contain', 'say that the incident no longer spreads')
    .option('--reason <text>', 'why')
    .action((number: number, options: ActOptions) =>
      change(number, options, { kind: 'status', status: 'contained', ...reasonOf(options) }),
    )
  for (const [name, status, description] of [
    ['resolve', 'resolved', 'say that the work on an incident is done'],
    ['close', 'closed', 'close an incident with its verdict and write its report'],
  ] as const) {
    const ends = act(name, description)
      .option('--verdict <verdict>', verdicts.join(', '), verdict)
      .option('--reason <text>', 'why')
    if (name === 'close') ends.option('--dir <dir>', 'where the folder of the report goes', 'incidents')
    ends.action(async (number: number, options: ActOptions & { verdict?: Verdict; dir?: string }) => {
      const judged = options.verdict === undefined ? {} : { verdict: options.verdict }
      const changed = await changeNow(number, options, { kind: 'status', status, ...judged, ...reasonOf(options) })
      if (options.dir === undefined) return tell(changed, options)
      const written = await reportInto(number, { ...options, dir: options.dir })
      if (options.json) return print({ ...changed, report: written })
      tell(changed, options)
      process.stdout.write(`its report is written into ${written} (--dir names another folder)\n`)
    })
  }
  act('verdict', 'judge an incident')
    .argument('<verdict>', verdicts.join(', '), verdict)
    .action((number: number, judged: Verdict, options: ActOptions) =>
      change(number, options, { kind: 'verdict', verdict: judged }),
    )
  act('note', 'write something into the story of an incident')
    .argument('<text...>', 'what')
    .action((number: number, text: readonly string[], options: ActOptions) =>
      change(number, options, { kind: 'note', text: text.join(' ') }),
    )
  act('task', 'add a task to an incident, or finish one')
    .argument('[title...]', 'what is to be done')
    .option('--done <n>', 'the task with this number is done', positive)
    .option('--reopen <n>', 'the task with this number is open again', positive)
    .action((number: number, title: readonly string[], options: ActOptions & { done?: number; reopen?: number }) => {
      const wanted = [
        ...(title.length > 0 ? [{ kind: 'task', title: title.join(' ') } as const] : []),
        ...(options.done === undefined ? [] : [{ kind: 'task-state', n: options.done, state: 'done' } as const]),
        ...(options.reopen === undefined ? [] : [{ kind: 'task-state', n: options.reopen, state: 'open' } as const]),
      ]
      const [only] = wanted
      if (only === undefined || wanted.length > 1)
        throw new Failure('task takes a title, or --done N, or --reopen N', { exitCode: 2 })
      return change(number, options, only)
    })
}

interface ListOptions extends Options {
  readonly all?: boolean
  readonly severity?: readonly IncidentSeverity[]
  readonly owner?: string
  readonly unowned?: boolean
  readonly limit: number
}

async function list(options: ListOptions): Promise<void> {
  if (options.unowned && options.owner !== undefined)
    throw new Failure('--owner and --unowned exclude each other', { exitCode: 2 })
  const owner = options.unowned ? null : options.owner
  const filter = {
    limit: options.limit,
    open: !options.all,
    ...(options.severity === undefined ? {} : { severities: options.severity }),
    ...(owner === undefined ? {} : { owner }),
  }
  const found = await withStore(options, (store) => store.transaction((tx) => listIncidents(tx, filter)))
  if (options.json) return print(found)
  const narrowed = options.severity !== undefined || owner !== undefined
  if (found.length === 0)
    process.stdout.write(`no ${options.all ? '' : 'open '}incidents${narrowed ? ' like that' : ''}\n`)
  else
    process.stdout.write(
      `${['  no  severity  score  status        owner         first event          title', ...found.map(row)].join('\n')}\n`,
    )
}

function row(one: Incident): string {
  const { assessment } = one
  return [
    String(one.number).padStart(4),
    cell(assessment?.severity ?? '-', 8),
    String(assessment?.score ?? '-').padStart(5),
    cell(one.status, 12),
    cell(plain(one.owner ?? '-'), 12),
    utc(one.firstAt),
    plain(one.title, Math.max(30, (process.stdout.columns ?? 200) - 80)),
  ].join('  ')
}

async function show(number: number, options: Options & { markdown?: boolean }): Promise<void> {
  await withStore(options, async (store) => {
    const file = await caseOf(store, number)
    if (options.json) return print(file)
    if (options.markdown) {
      const evidence = await store.transaction((tx) => readEvidence(tx, file.incident.number))
      process.stdout.write(reportOf(file, evidence)['report.md'])
      return
    }
    const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
    process.stdout.write(renderIncidentText(file, { columns: process.stdout.columns ?? 100, colour }))
  })
}

async function report(number: number, options: Options & { dir: string }): Promise<void> {
  const written = await reportInto(number, options)
  if (options.json) print({ incident: number, report: written })
  else process.stdout.write(`report in ${written}\n`)
}

/** The whole path of the folder that was written. */
async function reportInto(number: number, options: Options & { dir: string }): Promise<string> {
  const place = await withStore(options, async (store) => {
    const file = await caseOf(store, number)
    const evidence = await store.transaction((tx) => readEvidence(tx, file.incident.number))
    return writeReport(options.dir, file.incident.number, reportOf(file, evidence)).catch((error: Error) => {
      throw new Failure(`the report cannot be written: ${error.message}`, { hint: 'choose another --dir', exitCode: 3 })
    })
  })
  return resolve(place)
}

async function change(number: number, options: ActOptions, what: Change): Promise<void> {
  tell(await changeNow(number, options, what), options)
}

async function changeNow(number: number, options: ActOptions, what: Change): Promise<Incident> {
  const actor = options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
  const result = await withStore(options, (store) =>
    changeIncident(store, { number, actor, at: Date.now(), change: what }),
  )
  if (!result.ok) {
    const [first] = result.problems
    throw new Failure(first?.message ?? 'refused', first?.hint === undefined ? {} : { hint: first.hint })
  }
  return result.value
}

function tell(incident: Incident, options: Options): void {
  if (options.json) {
    print(incident)
    return
  }
  const { number, status, owner, verdict } = incident
  process.stdout.write(
    `incident ${number}: ${[status, owner === null ? 'nobody owns it' : `owned by ${plain(owner, 60)}`, ...(verdict === null ? [] : [verdict])].join(', ')}\n`,
  )
}

async function caseOf(store: OpenStore, number: number): Promise<CaseFile> {
  const file = await store.transaction((tx) => readCase(tx, number))
  if (file === null)
    throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
  return file
}

const reasonOf = (options: ActOptions) => (options.reason === undefined ? {} : { reason: options.reason })
const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)

function positive(text: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number === 0) throw new InvalidArgumentError('it is a whole number from 1.')
  return number
}

const severities = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const

function severity(text: string, before: readonly IncidentSeverity[] = []): readonly IncidentSeverity[] {
  const known = severities.find((one) => one === text.toUpperCase())
  if (known === undefined) throw new InvalidArgumentError(`"${oneLine(text, 40)}" is none of ${severities.join(', ')}.`)
  return [...before, known]
}

function verdict(text: string): Verdict {
  const known = verdicts.find((one) => one === text)
  if (known === undefined) throw new InvalidArgumentError(`"${oneLine(text, 40)}" is none of ${verdicts.join(', ')}.`)
  return known
}
