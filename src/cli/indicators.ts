import type { Command } from 'commander'
import { addIndicator, listIndicators, type NamedIndicator, plain, removeIndicator, utc } from '../cases/index.ts'
import { type ObservableType, observableTypes, type Result } from '../core/model/index.ts'
import { actorOf } from './actor.ts'
import { Failure } from './failure.ts'
import { numberOfIncident } from './incidents-group.ts'
import { neededReason } from './needed-reason.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly type?: string
  readonly days?: string
  readonly incident?: number
  readonly reason?: string
  readonly as?: string
  readonly all?: boolean
  readonly json?: boolean
}

const dayMs = 86_400_000

/** `gitsoc indicators`: what the team itself calls malicious. */
export function register(program: Command): void {
  const group = program.command('indicators').description('values that the team itself calls malicious')
  const command = (name: string, description: string) =>
    withStoreOptions(group.command(name).description(description)).option('--json', 'one JSON document')
  const act = (name: string, description: string, reason: string) =>
    command(name, description)
      .argument('<value>', 'an address, domain, URL, hash, mail address, or with --type anything else')
      .option(
        '--type <type>',
        `what it is (default: told from its form; needed for a host, user or file): ${observableTypes.join(', ')}`,
      )
      .option('--reason <text>', reason)
      .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
  command('list', 'what is on the list, the newest first')
    .option('--all', 'also what is over')
    .action(async (options: Options) => {
      const found = await withStore(options, (store) =>
        store.transaction((tx) => listIndicators(tx, { at: Date.now(), over: options.all ?? false })),
      )
      if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`)
      else process.stdout.write(found.length === 0 ? 'no indicators\n' : `${found.map(line).join('\n')}\n`)
    })
  act('add', 'put a value on the list; alerts that come from then on count it', 'why; needed; goes into the audit')
    .option('--days <n>', 'for so many days (default: until it is removed)')
    .option('--incident <number>', 'the incident in which it was found', numberOfIncident)
    .addHelpText(
      'after',
      '\nA value that is there already gets the new reason and end.\n\nExamples:\n  gitsoc indicators add 198.51.100.7 --days 30 --incident 2 --reason "command server"\n  gitsoc indicators add ws-0142 --type host --reason "used by the attacker"',
    )
    .action(async (value: string, options: Options) => {
      const { days, incident = null } = options
      const reason = neededReason('an indicator', options.reason)
      if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
        throw new Failure('--days is a whole number from 1 to 9999', { exitCode: 2 })
      const at = Date.now()
      const validUntil = days === undefined ? null : at + Number(days) * dayMs
      const wish = { value, type: typeOf(options), reason, actor: actorOf(options), incident, addedAt: at, validUntil }
      print(await withStore(options, (store) => store.transaction((tx) => addIndicator(tx, wish))), options)
    })
  act('remove', 'take a value off the list; what was scored with it stays', 'why; goes into the audit').action(
    async (value: string, options: Options) => {
      const wish = {
        value,
        type: typeOf(options),
        reason: options.reason ?? '',
        actor: actorOf(options),
        at: Date.now(),
      }
      print(await withStore(options, (store) => store.transaction((tx) => removeIndicator(tx, wish))), options)
    },
  )
}

function typeOf({ type }: Options): ObservableType | null {
  if (type === undefined) return null
  const known = observableTypes.find((one) => one === type)
  if (known === undefined)
    throw new Failure(`"${plain(type, 40)}" is none of ${observableTypes.join(', ')}`, { exitCode: 2 })
  return known
}

function print(result: Result<NamedIndicator>, options: Options): void {
  if (!result.ok) {
    const [first] = result.problems
    throw new Failure(first?.message ?? 'refused', first?.hint === undefined ? {} : { hint: first.hint })
  }
  process.stdout.write(options.json ? `${JSON.stringify(result.value)}\n` : `${line(result.value)}\n`)
}

const line = (one: NamedIndicator) =>
  `${one.type.padEnd(10)}  ${plain(one.value, 100)}  ${one.validUntil === null ? 'until removed' : `until ${utc(one.validUntil)}`}  by ${plain(one.actor, 60)}: ${plain(one.reason, 200)}`
