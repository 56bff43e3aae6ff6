import type { Command } from 'commander'
import { addIndicator, listIndicators, type NamedIndicator, plain, removeIndicator, utc } from '../cases/index.ts'
import { type ObservableType, observableTypes, type Result } from '../core/model/index.ts'
import { actorOf } from './actor.ts'
import { Failure } from './failure.ts'
import { numberOfIncident } from './incidents-group.ts'
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
  const act = (name: string, description: string) =>
    command(name, description)
      .argument('<value>', 'an address, domain, URL, hash, …')
      .option('--type <type>', `what it is, where its form does not say it: ${observableTypes.join(', ')}`)
      .option('--reason <text>', 'why; goes into the audit')
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
  act('add', 'put a value on the list; alerts that come from then on count it')
    .option('--days <n>', 'for so many days (default: until it is removed)')
    .option('--incident <number>', 'where it was found', numberOfIncident)
    .action(async (value: string, options: Options) => {
      const { days, incident = null, reason = '' } = options
      if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
        throw new Failure('--days is a whole number from 1 to 9999', { exitCode: 2 })
      const at = Date.now()
      const validUntil = days === undefined ? null : at + Number(days) * dayMs
      const wish = { value, type: typeOf(options), reason, actor: actorOf(options), incident, addedAt: at, validUntil }
      print(await withStore(options, (store) => store.transaction((tx) => addIndicator(tx, wish))), options)
    })
  act('remove', 'take a value off the list; what was scored with it stays').action(
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
