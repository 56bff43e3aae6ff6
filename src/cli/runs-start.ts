import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { playbookAuthors } from '../repo/index.ts'
import { keepBundle, startByHand } from '../respond/index.ts'
import { Failure } from './failure.ts'
import { givenInputs } from './given-inputs.ts'
import { loadBundle, root } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { runsGroup } from './runs-group.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly incident: string
  readonly input?: readonly string[]
  readonly as?: string
  readonly reason: string
  readonly commit?: string
  readonly json?: boolean
}

/** `gitsoc runs start`: a playbook on an incident, because a person wants it. */
export function register(program: Command): void {
  withStoreOptions(
    runsGroup(program)
      .command('start')
      .argument('<playbook>', 'a playbook whose trigger says "manual: true"')
      .description('start a playbook on an incident'),
  )
    .requiredOption('--incident <number>', 'the incident')
    .option('--input <k=v...>', 'inputs of the playbook; a value that is JSON is taken as such')
    .option('--reason <text>', 'why; goes into timeline and audit', '')
    .option('--as <actor>', 'who does it (default: GITSOC_ACTOR or the user of this machine)')
    .option('--commit <revision>', 'use the content of a commit')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  gitsoc runs start lock-account --incident 12 --input user=user17@example.com')
    .action(async (playbook: string, options: Options) => {
      const incident = /^#?(?:INC-)?(\d{1,9})$/i.exec(options.incident)?.[1]
      if (incident === undefined)
        throw new Failure(`"${options.incident}" is no number of an incident`, { exitCode: 2 })
      const bundle = await loadBundle(options.commit === undefined ? {} : { commit: options.commit })
      const inputs = givenInputs(options.input ?? [], bundle.playbooks.get(playbook)?.inputs ?? {})
      const started = await withStore(options, async (store) => {
        const at = Date.now()
        const authors = await playbookAuthors(root, bundle.commit, [...bundle.playbooks.keys()])
        await store.transaction((tx) => keepBundle(tx, bundle, { at, authors }))
        const actor = options.as ?? process.env.GITSOC_ACTOR ?? userInfo().username
        return startByHand(store, bundle, {
          playbook,
          incident: Number(incident),
          inputs,
          actor,
          at,
          reason: options.reason,
        })
      })
      if (!started.ok)
        throw new Failure(`it is not started: ${started.why}`, { hint: 'gitsoc validate lists what playbooks take' })
      process.stdout.write(options.json ? `${JSON.stringify(started)}\n` : `${started.run}\n`)
    })
}
