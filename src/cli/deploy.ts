import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { cell, plain, utc } from '../cases/index.ts'
import { type Deployment, deployByCommand, listDeployments } from '../github/index.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'
import { openStoreFor, type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly rollback?: boolean
  readonly reason: string
  readonly as?: string
  readonly force?: boolean
  readonly content?: string
  readonly json?: boolean
}

/** `gitsoc deploy` and `gitsoc deploys`: what is in service, and another commit instead. */
export function register(program: Command): void {
  withStoreOptions(
    program
      .command('deploy [commit]')
      .description('put a commit into service on every running server, or go back to the one before'),
  )
    .option('--rollback', 'go back to what was in service before; needs no repository')
    .requiredOption('--reason <text>', 'why; goes into the audit')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--force', 'also a commit that does not come after the one in service')
    .option('--content <dir>', 'another repository than this one that has the commit')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nThe commit is validated and its fixtures are run first; a commit that was in service before comes from the store.' +
        '\nRuns under way end with the content that they started with. What is pushed afterwards is deployed again.' +
        '\nExit codes: 0 in service, 1 refused, 2 wrong usage, 3 the store or repository is missing.' +
        '\n\nExamples:\n  gitsoc deploy main --reason "first deployment"\n  gitsoc deploy --rollback --reason "rule 12 is too loud"',
    )
    .action(deploy)
  const list = program.command('deploys').description('what was put into service and what was refused')
  withStoreOptions(list.command('list').description('the newest first'))
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const found = await withStore(options, (store) => store.transaction((tx) => listDeployments(tx, 50)))
      process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : textOf(found))
    })
}

async function deploy(commit: string | undefined, options: Options): Promise<void> {
  if ((commit === undefined) === (options.rollback !== true))
    throw new Failure('name a commit, or say --rollback', { hint: 'gitsoc deploys list', exitCode: 2 })
  const reason = plain(options.reason)
  if (reason === '')
    throw new Failure('the reason is empty', {
      hint: 'it goes into the audit: --reason "first deployment"',
      exitCode: 2,
    })
  const actor = options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
  // A server that is not there yet may begin with what is deployed.
  const store = await openStoreFor(options)
  const done = await deployByCommand(
    { store, clock: Date.now },
    { commit: commit ?? null, actor, reason, force: options.force === true, repository: options.content ?? root },
  )
    .catch((error: Error) => {
      if (error instanceof Failure) throw error
      const hint =
        'git log --oneline shows its commits; fetch it first, or name the repository that has it with --content DIR'
      throw new Failure(error.message, { hint, exitCode: 3 })
    })
    .finally(() => store.close())
  if (!done.ok) throw new Failure(done.message, { hint: done.hint })
  const { deployment } = done
  if (deployment.result === 'refused') process.exitCode = 1
  if (options.json) return void process.stdout.write(`${JSON.stringify(deployment)}\n`)
  if (deployment.result === 'deployed')
    return void process.stdout.write(
      `bundle ${deployment.digest?.slice(0, 16)} of ${deployment.commit} is in service: ${deployment.reason}\n`,
    )
  for (const { message, place, hint } of deployment.problems)
    process.stdout.write(
      `${place === undefined ? '' : `${place.file}:${place.line}:${place.column} `}${message}${hint === undefined ? '' : ` (${hint})`}\n`,
    )
  process.stdout.write(`${deployment.commit.slice(0, 12)} is refused: ${deployment.reason}\n`)
}

function textOf(found: readonly Deployment[]): string {
  if (found.length === 0)
    return 'nothing was deployed yet: servers serve the content that they are started with\ngitsoc deploy COMMIT --reason WHY puts one into service; with github: in the configuration of the server so does every push\n'
  const inService = found.find((one) => one.result === 'deployed')
  return found
    .map((one) =>
      [
        cell(String(one.number), 4),
        utc(one.at),
        one.commit.slice(0, 12),
        cell(one.digest?.slice(0, 16) ?? '', 16),
        cell(one === inService ? 'in service' : one.result, 10),
        cell(plain(one.actor, 40), 20),
        `${plain(one.reason, 200)}\n`,
      ].join('  '),
    )
    .join('')
}
