import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { cell, duration, utc } from '../cases/index.ts'
import { personOf } from '../chatops/index.ts'
import { oneLine } from '../core/model/index.ts'
import { groupsText } from '../core/policy/index.ts'
import {
  type Approval,
  answerApproval,
  type Bound,
  boundTo,
  listApprovals,
  readApproval,
  revokeAnswer,
} from '../respond/index.ts'
import { Failure } from './failure.ts'
import { neededReason } from './needed-reason.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { teamHere } from './team-here.ts'
import { withStore } from './with-store.ts'

interface AnswerOptions extends StoreOptions {
  readonly as?: string
  readonly role?: readonly string[]
  readonly reason?: string
  readonly digest?: string
  readonly json?: boolean
}

/** `gitsoc approvals`, `gitsoc approve`, `gitsoc deny` and `gitsoc answer`. */
export function register(program: Command): void {
  const approvals = program.command('approvals').description('what waits for a person')
  withStoreOptions(approvals.command('list').description('approvals, the waiting ones first'))
    .option('--all', 'settled ones too')
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { all?: boolean; json?: boolean }) => {
      const found = await withStore(options, (store) =>
        store.transaction((tx) => listApprovals(tx, { pendingOnly: !options.all })),
      )
      if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`)
      else
        process.stdout.write(found.length === 0 ? 'nothing waits for a person\n' : `${listText(found, Date.now())}\n`)
    })
  withStoreOptions(
    approvals.command('show').argument('<id>').description('one approval with everything it is bound to'),
  )
    .option('--json', 'one JSON document')
    .action(async (id: string, options: StoreOptions & { json?: boolean }) => {
      const found = await withStore(options, (store) =>
        store.transaction(async (tx) => {
          const approval = await readApproval(tx, id)
          return approval === null ? null : { approval, bound: await boundTo(tx, approval) }
        }),
      )
      if (found === null) throw new Failure(`there is no approval ${id}`, { hint: 'gitsoc approvals list --all' })
      const { approval, bound } = found
      process.stdout.write(
        options.json ? `${JSON.stringify({ ...approval, boundTo: bound })}\n` : details(approval, bound, Date.now()),
      )
    })
  withStoreOptions(
    approvals
      .command('revoke')
      .argument('<id>')
      .description('take your own approval back, as long as nothing was done by it'),
  )
    .option('--as <actor>', 'who takes it back (default: the user of this machine)')
    .option('--reason <text>', 'why; goes into the audit', '')
    .option('--json', 'one JSON document')
    .action(revoke)
  answerCommand(program, 'approve', 'let the machine do exactly what was shown')
  answerCommand(program, 'deny', 'keep it from being done')
  answering(
    program
      .command('answer')
      .argument('<id>', 'the question, as "gitsoc approvals list" shows it')
      .argument('<option>', 'one of its options')
      .description('answer what a playbook asks'),
  ).action((id: string, option: string, options: AnswerOptions) => give(id, option, options))
}

function answerCommand(program: Command, name: 'approve' | 'deny', description: string): void {
  answering(
    program
      .command(name)
      .argument('<id>', 'the approval, as "gitsoc approvals list" shows it')
      .description(description),
  ).action(async (id: string, options: AnswerOptions) => {
    if (name === 'deny') neededReason('a denial', options.reason)
    await give(id, name, options)
  })
}

const answering = (command: Command) =>
  withStoreOptions(command)
    .option('--as <actor>', 'who answers (default: GITSOC_ACTOR or the user of this machine)')
    .option('--role <role...>', 'roles of the actor', ['responder'])
    .option('--reason <text>', 'why; goes into the audit', '')
    .option('--digest <hex>', 'answer only if exactly this is still what is asked')
    .option('--json', 'one JSON document')

async function revoke(id: string, options: AnswerOptions): Promise<void> {
  const { actor } = personOf(await teamHere(), options.as ?? userInfo().username)
  const revoked = await withStore(options, (store) =>
    revokeAnswer(store, { id, actor, reason: options.reason ?? '', at: Date.now() }),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(revoked)}\n`)
  if (!revoked.ok)
    throw new Failure(`nothing is taken back: ${revoked.why}`, {
      hint: 'gitsoc approvals show ID says how things stand',
    })
  if (!options.json) process.stdout.write('taken back; the question waits again\n')
}

async function give(id: string, answer: string, options: AnswerOptions): Promise<void> {
  const person = personOf(await teamHere(), options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username)
  const answered = await withStore(options, (store) =>
    answerApproval(store, {
      id,
      answer,
      ...person,
      roles: options.role ?? [],
      channel: 'cli',
      reason: options.reason ?? '',
      at: Date.now(),
      ...(options.digest === undefined ? {} : { digest: options.digest }),
    }),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(answered)}\n`)
  if (!answered.ok)
    throw new Failure(`the answer does not count: ${answered.why}`, {
      hint: 'gitsoc approvals show ID says how things stand',
    })
  if (!options.json)
    process.stdout.write(
      answered.status === 'pending' ? `recorded; ${answered.missing} more needed\n` : `${answered.status}\n`,
    )
}

/** Everything that the digest is made of and that does not stand in a line of its own. */
function boundRows(bound: Bound | null): [string, string][] {
  if (bound === null) return []
  return [
    ['bound to', `content ${bound.bundle}`],
    ['', `commit ${bound.commit}`],
    ['', `run ${bound.run}, step ${oneLine(bound.step, 300)}`],
    ['', 'action, target and inputs as above'],
    ['', bound.matches ? 'the digest is of exactly these' : 'THE DIGEST IS NOT OF THESE: do not approve it'],
  ]
}

const listText = (found: readonly Approval[], now: number) =>
  [
    `${cell('approval', 27)}  ${cell('status', 8)}  incident  ${cell('may be answered until (UTC)', 37)}  what`,
    ...found.map((one) =>
      [
        cell(one.id, 27),
        cell(one.status, 8),
        String(one.incident).padStart(8),
        cell(one.status === 'pending' ? `${utc(one.expiresAt)} (${leftOf(one.expiresAt - now)})` : '-', 37),
        what(one),
      ].join('  '),
    ),
  ].join('\n')

const leftOf = (ms: number) => (ms <= 0 ? 'over' : `${duration(ms)} left`)

const what = (one: Approval) => {
  if (one.kind === 'question') return `${oneLine(one.target, 100)} (${oneLine(one.options.join(', '), 100)})`
  const act = `${one.action} on ${oneLine(one.target, 60)}`
  if (one.kind === 'unclear') return `was ${act} done? (${one.options.join(', ')})`
  return one.kind === 'break-glass' ? `BREAK GLASS ${act}` : act
}

function details(one: Approval, bound: Bound | null, now: number): string {
  const rows: [string, string][] = [
    ['approval', one.id],
    ['status', one.status],
    ['incident', String(one.incident)],
    ['action', one.action],
    ['target', oneLine(one.target, 200)],
    ['inputs', oneLine(JSON.stringify(one.inputs), 20_000)],
    ['why', oneLine(one.why, 400)],
    ...(one.options.length === 0 ? [] : [['options', oneLine(one.options.join(', '), 400)] as [string, string]]),
    ['needs', groupsText(one)],
    ['asked', `${utc(one.askedAt)} UTC`],
    ['until', `${utc(one.expiresAt)} UTC${one.status === 'pending' ? ` (${leftOf(one.expiresAt - now)})` : ''}`],
    ...boundRows(bound),
    ['digest', one.digest],
    ...one.answers.map((answer): [string, string] => [
      answer.answer === 'approve' ? 'approved' : answer.answer === 'deny' ? 'denied' : oneLine(answer.answer, 60),
      `${answer.actor} at ${utc(answer.at)} UTC${answer.reason === '' ? '' : `: ${oneLine(answer.reason, 200)}`}`,
    ]),
  ]
  return `${rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n')}\n`
}
