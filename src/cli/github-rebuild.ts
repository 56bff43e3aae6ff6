import type { Command } from 'commander'
import { type Rebuilt, rebuildIssues } from '../github/index.ts'
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
      const rebuilt = await withStore(options, (store) => store.transaction(rebuildIssues))
      process.stdout.write(options.json ? `${JSON.stringify(rebuilt)}\n` : textOf(rebuilt))
    })
}

function textOf({ incidents, without, isKept }: Rebuilt): string {
  const left = without === 0 ? '' : `; ${without} more ${without === 1 ? 'is' : 'are'} over and never had an issue`
  const next = isKept
    ? 'gitsoc projections list --channel github shows how far it is'
    : 'no server keeps issues here: start one with github: in its configuration'
  return `${incidents} ${incidents === 1 ? 'incident is' : 'incidents are'} rendered anew${left}\n${next}\n`
}
