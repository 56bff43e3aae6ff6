import type { Command } from 'commander'
import { verifyAudit } from '../store/index.ts'
import { Failure } from './failure.ts'
import { openStoreFor, type StoreOptions, withStoreOptions } from './open-store.ts'

/** `gitsoc audit verify`. */
export function register(program: Command): void {
  const audit = program.command('audit').description('the append-only record of what people and the machine did')
  withStoreOptions(audit.command('verify').description('walk the hash chain: finds any edit, removal or reordering'))
    .option('--head <seq:hash>', 'a head that was noted earlier, outside the database; finds a rewritten chain')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nKeep the head it prints somewhere else (a commit, a ticket) and pass it next time.')
    .action(async (options: StoreOptions & { head?: string; json?: boolean }) => {
      const store = await openStoreFor(options)
      try {
        const report = await verifyAudit(store, options.head)
        if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
        else if (report.broken === null)
          process.stdout.write(`${report.entries} entries, the chain holds\nhead ${report.head}\n`)
        if (report.broken !== null)
          throw new Failure(`the audit chain is broken at entry ${report.broken.seq}: ${report.broken.why}`, {
            hint: 'compare with a backup; whoever did this had the rights of the database owner',
          })
      } finally {
        await store.close()
      }
    })
}
