import type { Command } from 'commander'
import { type EventOutcome, outcomes } from '../core/model/index.ts'
import { type Ledger, readLedger } from '../ingest/index.ts'
import { Failure } from './failure.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
  readonly check?: boolean
}

/** `gitsoc ledger`: where every received event ended, and whether all of them did. */
export function register(program: Command): void {
  withStoreOptions(
    program.command('ledger').description('where every received event ended; fails when some are unaccounted for'),
  )
    .option('--check', 'count the stored events and dead letters anew as well')
    .option('--json', 'one JSON document')
    .action(async (options: Options) => {
      const ledger = await withStore(options, (store) => readLedger(store, { recount: options.check === true }))
      process.stdout.write(options.json ? `${JSON.stringify(ledger)}\n` : ledgerText(ledger, options.check === true))
      if (!ledger.balanced)
        throw new Failure(`the ledger does not close: ${ledger.faults.join('; ')}`, {
          hint: options.check
            ? 'keep the store as it is and report this'
            : 'gitsoc ledger --check counts the rows anew',
        })
    })
}

const headings: Readonly<Record<EventOutcome, string>> = {
  alerted: 'alerted',
  noMatch: 'no match',
  duplicate: 'duplicate',
  suppressed: 'suppressed',
  dropped: 'dropped',
  deadLettered: 'dead letter',
}

function ledgerText(ledger: Ledger, recounted: boolean): string {
  const sum = (line: Readonly<Record<EventOutcome, number>>) => outcomes.reduce((all, one) => all + line[one], 0)
  const sources = Object.entries(ledger.bySource)
  const width = Math.max(6, ...sources.map(([source]) => source.length))
  const row = (name: string, received: string, cells: readonly string[]) =>
    [name.padEnd(width), received.padStart(11), ...cells.map((cell) => cell.padStart(11))].join(' ')
  const numbers = (line: Readonly<Record<EventOutcome, number>>) => outcomes.map((one) => String(line[one]))
  return `${[
    row(
      'source',
      'received',
      outcomes.map((one) => headings[one]),
    ),
    ...sources.map(([source, line]) => row(source, String(sum(line)), numbers(line))),
    row('all', String(ledger.total.received), numbers(ledger.total)),
    '',
    ...(ledger.waiting > 0 ? [`${ledger.waiting} deliveries wait for the pipeline`] : []),
    ledger.balanced
      ? `closed: every received event ended in one place${recounted ? ', and the stored rows agree' : ''}`
      : 'NOT closed',
  ].join('\n')}\n`
}
