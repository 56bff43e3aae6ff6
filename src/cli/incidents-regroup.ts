import { type Command, InvalidArgumentError } from 'commander'
import { plain } from '../cases/index.ts'
import { perform, type Reply, type Said } from '../chatops/index.ts'
import type { Command as Spoken } from '../core/command/index.ts'
import { actorOf } from './actor.ts'
import { Failure } from './failure.ts'
import { incidentsGroup, numberOfIncident } from './incidents-group.ts'
import { loadBundle } from './load-bundle.ts'
import { neededReason } from './needed-reason.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly reason?: string
  readonly as?: string
  readonly json?: boolean
}

/** `gitsoc incidents merge` and `gitsoc incidents split`: what a person says about which alerts are one incident. */
export function register(program: Command): void {
  const act = (name: string, description: string) =>
    withStoreOptions(incidentsGroup(program).command(name).description(description))
      .argument('<number>', 'the incident', numberOfIncident)
      .option('--reason <text>', 'why; goes into timeline and audit')
      .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
      .option('--json', 'one JSON document')
  act('merge', 'make two incidents one; the older goes on')
    .argument('<other>', 'the other incident', numberOfIncident)
    .action((number: number, other: number, options: Options) => {
      if (number === other)
        throw new Failure('an incident cannot be merged into itself', { hint: 'name two incidents', exitCode: 2 })
      return say(number, { verb: 'merge', other, reason: options.reason ?? '' }, options)
    })
  act('split', 'give alerts of an incident one of their own; no rule makes them one again')
    .argument('<alerts...>', 'beginnings of their ids, as al-7h2m', alertIds)
    .addHelpText(
      'after',
      '\nNeeds --reason. Without an id that fits it lists the alerts.\n\nExample:\n  gitsoc incidents split 2 al-7h2m al-9c4x --reason "another user"',
    )
    .action((number: number, alerts: readonly string[], options: Options) =>
      say(number, { verb: 'split', alerts, reason: neededReason('a split', options.reason) }, options),
    )
}

/** Whoever can reach the store from a terminal may do everything: the file system decides who that is. */
async function say(incident: number, command: Spoken, options: Options): Promise<void> {
  const bundle = await loadBundle()
  const roles = Object.values(bundle.team.rights).flatMap((one) => one ?? [])
  const said: Said = { command, incident, at: Date.now(), speaker: { actor: actorOf(options), roles, channel: 'cli' } }
  const reply: Reply = await withStore(options, (store) => perform({ store, bundle: () => bundle }, said))
  const [first = 'refused', ...rest] = reply.lines.map((line) => plain(line, 1000))
  if (!reply.ok) throw new Failure(first, rest.length === 0 ? {} : { hint: rest.join('; ') })
  process.stdout.write(options.json ? `${JSON.stringify(reply)}\n` : `${[first, ...rest].join('\n')}\n`)
}

/** Ids of alerts as they are typed, each once. */
function alertIds(text: string, before: readonly string[] = []): readonly string[] {
  const id = text.toLowerCase()
  if (!/^al-[0-9a-z]{1,40}$/.test(id)) throw new InvalidArgumentError('it is the beginning of an id, as al-7h2m.')
  return [...new Set([...before, id])]
}
