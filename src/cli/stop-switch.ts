import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { plain, utc } from '../cases/index.ts'
import { readStopSwitch, turnStopSwitch } from '../respond/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly as?: string
  readonly reason: string
  readonly json?: boolean
}

/** `gitsoc stop-switch`: keeps playbooks from changing anything, whatever policies and approvals say. */
export function register(program: Command): void {
  const command = program
    .command('stop-switch')
    .description('keep playbooks from changing anything, at once; reading and telling go on')
  withStoreOptions(command.command('show').description('whether it is on, by whom and why'))
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const found = await withStore(options, (store) => store.transaction(readStopSwitch))
      if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`)
      else
        process.stdout.write(
          found === null ? 'off\n' : `on since ${utc(found.at)} by ${plain(found.actor, 60)}: ${plain(found.reason)}\n`,
        )
    })
  turning(program.command('stop-all'), 'on').description(
    'stop everything that changes something, now: the same as stop-switch on',
  )
  turning(command.command('on'), 'on').description(
    'from now on every effect that changes something is denied, approved or not',
  )
  turning(command.command('off'), 'off').description('policies and approvals count again')
}

function turning(command: Command, to: 'on' | 'off'): Command {
  return withStoreOptions(command)
    .requiredOption('--reason <text>', 'why; goes into the audit')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--json', 'one JSON document')
    .action(async (options: Options) => {
      const actor = options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
      if (plain(options.reason) === '') throw new Failure('the reason is empty', { exitCode: 2 })
      const turned = await withStore(options, (store) =>
        turnStopSwitch(store, to, { actor, reason: options.reason, at: Date.now() }),
      )
      if (!turned)
        throw new Failure(`the stop switch is ${to} already`, { hint: 'gitsoc stop-switch show says by whom' })
      process.stdout.write(
        options.json ? `${JSON.stringify({ stopSwitch: to, actor })}\n` : `the stop switch is ${to}\n`,
      )
    })
}
