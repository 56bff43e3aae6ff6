import type { Command } from 'commander'
import { rebuildIssues } from '../github/index.ts'
import { githubGroup } from './github-group.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

/** `gitsoc github rebuild`: every issue to what its incident says. */
export function register(program: Command): void {
  withStoreOptions(
    githubGroup(program)
      .command('rebuild')
      .description(
        'have the issues of all incidents rendered anew and put to that; the server writes them, within its budget',
      ),
  )
    .option('--json', 'one JSON document')
    .action(async (options: StoreOptions & { readonly json?: boolean }) => {
      const count = await withStore(options, (store) => store.transaction(rebuildIssues))
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ incidents: count })}\n`
          : `incidents to be rendered anew: ${count}; "gitsoc projections list --channel github" shows how far it is\n`,
      )
    })
}
