import type { Command } from 'commander'
import { comparedIncidents, plain, similarIncidents } from '../cases/index.ts'
import { similarLine } from '../chatops/index.ts'
import { Failure } from './failure.ts'
import { incidentsGroup, numberOfIncident } from './incidents-group.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

/** `gitsoc incidents similar`: incidents that are alike, and by what. */
export function register(program: Command): void {
  withStoreOptions(
    incidentsGroup(program)
      .command('similar')
      .argument('<number>', 'the incident', numberOfIncident)
      .description(`which of the newest ${comparedIncidents} incidents are alike, and by what`),
  )
    .option('--json', 'one JSON document')
    .action(async (number: number, options: StoreOptions & { json?: boolean }) => {
      const found = await withStore(options, (store) => store.snapshot((tx) => similarIncidents(tx, number)))
      if (found === null)
        throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
      if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`)
      else
        process.stdout.write(
          found.length === 0
            ? `none is like incident ${number}\n`
            : `${found.map((one) => plain(similarLine(one), 1000)).join('\n')}\n`,
        )
    })
}
