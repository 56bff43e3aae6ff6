import type { Command } from 'commander'
import { changeIncident, plain } from '../cases/index.ts'
import { actorOf } from './actor.ts'
import { Failure } from './failure.ts'
import { incidentsGroup, numberOfIncident } from './incidents-group.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly none?: boolean
  readonly reason?: string
  readonly as?: string
  readonly json?: boolean
}

/** `gitsoc incidents milestone`: what an incident is worked off under together with others. */
export function register(program: Command): void {
  withStoreOptions(
    incidentsGroup(program)
      .command('milestone')
      .argument('<number>', 'the incident', numberOfIncident)
      .argument('[name]', 'the milestone, as it is called on GitHub')
      .description('put it into a milestone with others: a campaign, an exercise, a deadline'),
  )
    .option('--none', 'take it out of its milestone')
    .option('--reason <text>', 'why; goes into the story')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nThe issue on GitHub is put into the milestone of that title, which is made when there is none.' +
        '\n\nExamples:\n  gitsoc incidents milestone 2 "phishing wave of May"\n  gitsoc incidents milestone 2 --none',
    )
    .action(async (number: number, name: string | undefined, options: Options) => {
      if ((name === undefined) === (options.none !== true))
        throw new Failure('name the milestone, or say --none', {
          hint: `gitsoc incidents milestone ${number} "phishing wave of May"`,
          exitCode: 2,
        })
      const change = {
        kind: 'milestone',
        milestone: name ?? null,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      } as const
      const result = await withStore(options, (store) =>
        changeIncident(store, { number, actor: actorOf(options), at: Date.now(), change }),
      )
      if (!result.ok) {
        const [first] = result.problems
        throw new Failure(first?.message ?? 'refused', first?.hint === undefined ? {} : { hint: first.hint })
      }
      const { milestone } = result.value
      process.stdout.write(
        options.json
          ? `${JSON.stringify(result.value)}\n`
          : `incident ${number}: ${milestone === null ? 'in no milestone' : `in the milestone "${plain(milestone, 200)}"`}\n`,
      )
    })
}
