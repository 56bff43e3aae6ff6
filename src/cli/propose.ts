import type { Command } from 'commander'
import { plain } from '../cases/index.ts'
import { type Proposals, proposeFor } from '../closing/index.ts'
import { gitPublisher, type Published, proposalBranch } from '../repo/index.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { proposalsText } from './proposals-text.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly write?: boolean
  readonly show?: boolean
  readonly repository: string
  readonly base: string
  readonly push?: string
  readonly json?: boolean
}

/** `gitsoc propose`: what an incident leaves behind, as branches. */
export function register(program: Command): void {
  withStoreOptions(
    program.command('propose <incident>').description('what is kept of an incident: report, regression test, tuning'),
  )
    .option('--show', 'print the files')
    .option('--write', 'commit each proposal to a branch of its own')
    .option('--repository <dir>', 'the repository of the branches', '.')
    .option('--base <branch>', 'where the branches begin, and where a report goes that needs no review', 'main')
    .option('--push <remote>', 'push the branches there; never forces')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nrules/closing says what is proposed. Names, addresses, accounts and keys are replaced in regression tests; read them all\nthe same. The server does it by itself for incidents that are closed while "closing" is configured.',
    )
    .action(propose)
}

async function propose(text: string, options: Options): Promise<void> {
  const number = Number(text.replace(/^(?:INC-|#)/i, ''))
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Failure(`"${plain(text, 40)}" is no number of an incident`, { exitCode: 2 })
  const bundle = await loadBundle()
  const found = await withStore(options, (store) => proposeFor(store, bundle, number, Date.now()))
  if (found === null)
    throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
  const published = options.write === true ? await publish(found, options) : []
  if (options.json) process.stdout.write(`${JSON.stringify({ incident: number, ...found, published })}\n`)
  else process.stdout.write(proposalsText(found, published, options.show === true))
}

async function publish(found: Proposals, { repository, base, push }: Options): Promise<readonly Published[]> {
  const publisher = gitPublisher({ repository, base, ...(push === undefined ? {} : { remote: push }) })
  const published: Published[] = []
  for (const proposal of found.proposals)
    published.push(
      await publisher.publish(proposal, Date.now()).catch((error: Error) => {
        throw new Failure(`${proposalBranch(proposal)} could not be written: ${plain(error.message, 500)}`)
      }),
    )
  return published
}
