import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { oneLine } from '../core/model/index.ts'
import { type Approval, answerApproval, listApprovals, readApproval } from '../respond/index.ts'
import { Failure } from './failure.ts'
import { openStoreFor, type StoreOptions, withStoreOptions } from './open-store.ts'

interface AnswerOptions extends StoreOptions {
  readonly as?: string
  readonly role?: readonly string[]
  readonly reason?: string
  readonly digest?: string
  readonly json?: boolean
}

/** `gitsoc approvals`, `gitsoc approve` and `gitsoc deny`. */
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
      else process.stdout.write(found.length === 0 ? 'nothing waits for a person\n' : `${found.map(line).join('\n')}\n`)
    })
  withStoreOptions(
    approvals.command('show').argument('<id>').description('one approval with everything it is bound to'),
  )
    .option('--json', 'one JSON document')
    .action(async (id: string, options: StoreOptions & { json?: boolean }) => {
      const found = await withStore(options, (store) => store.transaction((tx) => readApproval(tx, id)))
      if (found === null) throw new Failure(`there is no approval ${id}`, { hint: 'gitsoc approvals list --all' })
      process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : details(found))
    })
  answerCommand(program, 'approve', 'let the machine do exactly what was shown')
  answerCommand(program, 'deny', 'keep it from being done')
}

function answerCommand(program: Command, name: 'approve' | 'deny', description: string): void {
  withStoreOptions(
    program
      .command(name)
      .argument('<id>', 'the approval, as "gitsoc approvals list" shows it')
      .description(description),
  )
    .option('--as <actor>', 'who answers (default: the user of this machine)')
    .option('--role <role...>', 'roles of the actor', ['responder'])
    .option('--reason <text>', 'why; goes into the audit', '')
    .option('--digest <hex>', 'answer only if exactly this is still what is asked')
    .option('--json', 'one JSON document')
    .action(async (id: string, options: AnswerOptions) => {
      if (name === 'deny' && !options.reason)
        throw new Failure('a denial needs a reason', { hint: 'add --reason "..."', exitCode: 2 })
      const actor = options.as ?? userInfo().username
      const answered = await withStore(options, (store) =>
        answerApproval(store, {
          id,
          answer: name,
          actor,
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
    })
}

async function withStore<T>(
  options: StoreOptions,
  work: (store: Awaited<ReturnType<typeof openStoreFor>>) => Promise<T>,
): Promise<T> {
  const store = await openStoreFor(options)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const line = (one: Approval) =>
  `${one.id}  ${one.status.padEnd(8)}  incident ${one.incident}  ${one.action} on ${oneLine(one.target, 60)}  until ${new Date(one.expiresAt).toISOString()}`

function details(one: Approval): string {
  const rows: [string, string][] = [
    ['approval', one.id],
    ['status', one.status],
    ['incident', String(one.incident)],
    ['action', one.action],
    ['target', oneLine(one.target, 200)],
    ['inputs', oneLine(JSON.stringify(one.inputs), 400)],
    ['why', oneLine(one.why, 400)],
    ['needs', `${one.quorum} of ${one.roles.join(', ')}`],
    ['asked', new Date(one.askedAt).toISOString()],
    ['until', new Date(one.expiresAt).toISOString()],
    ['bound to', one.digest],
    ...one.answers.map((answer): [string, string] => [
      answer.answer === 'approve' ? 'approved' : 'denied',
      `${answer.actor} at ${new Date(answer.at).toISOString()}${answer.reason === '' ? '' : `: ${oneLine(answer.reason, 200)}`}`,
    ]),
  ]
  return `${rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n')}\n`
}
