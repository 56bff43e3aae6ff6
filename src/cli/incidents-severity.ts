import type { Command } from 'commander'
import { changeIncident, gradeOf, plain } from '../cases/index.ts'
import type { IncidentSeverity } from '../core/model/index.ts'
import { actorOf } from './actor.ts'
import { Failure } from './failure.ts'
import { incidentsGroup, numberOfIncident } from './incidents-group.ts'
import { neededReason } from './needed-reason.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly reason?: string
  readonly as?: string
  readonly json?: boolean
}

const words: readonly string[] = ['low', 'medium', 'high', 'critical', 'machine']

/** `gitsoc incidents severity`: a person's severity before the machine's. */
export function register(program: Command): void {
  withStoreOptions(
    incidentsGroup(program)
      .command('severity')
      .argument('<number>', 'the incident', numberOfIncident)
      .argument('<severity>', words.join(', '))
      .description("put another severity before the machine's, or take it back with machine"),
  )
    .option('--reason <text>', 'why; needed but for machine')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--json', 'one JSON document')
    .action(async (number: number, word: string, options: Options) => {
      const wanted = word.toLowerCase()
      if (!words.includes(wanted))
        throw new Failure(`"${plain(word, 40)}" is none of ${words.join(', ')}`, { exitCode: 2 })
      const severity = wanted === 'machine' ? null : (wanted.toUpperCase() as IncidentSeverity)
      const reason = severity === null ? (options.reason ?? '') : neededReason('a severity', options.reason)
      const change = { kind: 'severity', severity, reason } as const
      const result = await withStore(options, (store) =>
        changeIncident(store, { number, actor: actorOf(options), at: Date.now(), change }),
      )
      if (!result.ok) {
        const [first] = result.problems
        throw new Failure(first?.message ?? 'refused', first?.hint === undefined ? {} : { hint: first.hint })
      }
      process.stdout.write(
        options.json
          ? `${JSON.stringify(result.value)}\n`
          : `incident ${number}: ${plain(gradeOf(result.value.assessment), 500)}\n`,
      )
    })
}
