import type { Command } from 'commander'
import { coverPlaybook, fixturesOf, runFixtures } from '../core/content/index.ts'
import { formatPlace } from '../core/model/index.ts'
import { chosenPlaybooks } from './chosen-playbooks.ts'
import { loadBundle } from './load-bundle.ts'
import { playbookGroup } from './playbook-group.ts'

/** `gitsoc playbook coverage`: the ways of playbooks that no fixture goes. */
export function register(program: Command): void {
  playbookGroup(program)
    .command('coverage [playbook...]')
    .description('show the steps and branches that no fixture takes')
    .option('--json', 'one JSON document instead of text')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nEnds with 1 when a way is not taken.\n\nExamples:\n  gitsoc playbook coverage\n  gitsoc playbook coverage phishing-triage --json',
    )
    .action(async (names: string[], options: { json?: boolean; content?: string }) => {
      const bundle = await loadBundle(options)
      const runs = await runFixtures(bundle, fixturesOf(bundle).fixtures)
      const covered = chosenPlaybooks(bundle, names).map((playbook) => {
        const own = runs.filter((one) => one.fixture.playbook === playbook.id)
        const plays = own.flatMap((one) => (one.played === null ? [] : [one.played]))
        return { playbook: playbook.id, fixtures: own.length, ways: coverPlaybook(playbook, plays) }
      })
      const missed = covered.flatMap((one) => one.ways).filter((one) => one.count === 0)
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: missed.length === 0, playbooks: covered })}\n`)
      else
        for (const { playbook, fixtures, ways } of covered) {
          const open = ways.filter((one) => one.count === 0)
          process.stdout.write(
            `${playbook}: ${ways.length - open.length} of ${ways.length} ways, ${fixtures} fixtures\n`,
          )
          for (const one of open) process.stdout.write(`  ${formatPlace(one.place)} ${one.step}: ${one.way}\n`)
        }
      if (missed.length > 0) process.exitCode = 1
    })
}
