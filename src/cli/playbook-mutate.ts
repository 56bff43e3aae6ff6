import type { Command } from 'commander'
import { fixturesOf, type Mutant, mutatePlaybook, parseDocument, runFixtures } from '../core/content/index.ts'
import { formatPlace } from '../core/model/index.ts'
import { chosenPlaybooks } from './chosen-playbooks.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { playbookGroup } from './playbook-group.ts'
import { createProgress } from './progress.ts'

/** `gitsoc playbook mutate`: breaks playbooks and shows what nobody noticed. */
export function register(program: Command): void {
  playbookGroup(program)
    .command('mutate [playbook...]')
    .description('break playbooks in many ways and show which the verifier refuses, fixtures catch, and nobody notices')
    .option('--safety', 'only what makes a playbook more dangerous')
    .option('--json', 'one JSON document instead of text')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nEnds with 1 when a safety mutant survived.\n\nExamples:\n  gitsoc playbook mutate\n  gitsoc playbook mutate phishing-triage --safety --json',
    )
    .action(async (names: string[], options: { safety?: boolean; json?: boolean; content?: string }) => {
      const bundle = await loadBundle(options)
      const { fixtures } = fixturesOf(bundle)
      const wrong = (await runFixtures(bundle, fixtures)).find((one) => one.differences.length > 0)
      if (wrong !== undefined)
        throw new Failure(`the fixture ${wrong.fixture.file} fails already, so it can catch nothing`, {
          hint: 'gitsoc test',
        })
      const chosen = chosenPlaybooks(bundle, names)
      const progress = createProgress('breaking')
      const mutants: Mutant[] = []
      for (const [index, playbook] of chosen.entries()) {
        progress.update(index, chosen.length, playbook.id)
        const file = bundle.files.find((one) => one.path === playbook.ref.place?.file)
        const document = file === undefined ? null : parseDocument(file.path, file.text)
        if (document?.ok !== true) throw new Failure(`the file of ${playbook.id} cannot be read`)
        const own = fixtures.filter((one) => one.playbook === playbook.id)
        mutants.push(...(await mutatePlaybook(document.value, own, bundle)))
      }
      progress.end()
      const counted = options.safety ? mutants.filter((one) => one.safety) : mutants
      const ok = !counted.some((one) => one.safety && one.fate === 'survived')
      process.stdout.write(options.json ? `${JSON.stringify(summary(counted))}\n` : text(counted))
      if (!ok) process.exitCode = 1
    })
}

function summary(mutants: readonly Mutant[]) {
  const of = (list: readonly Mutant[], fate: Mutant['fate']) => list.filter((one) => one.fate === fate)
  const safety = mutants.filter((one) => one.safety)
  return {
    mutants: mutants.length,
    refused: of(mutants, 'refused').length,
    caught: of(mutants, 'caught').length,
    safety: { mutants: safety.length, survived: of(safety, 'survived').length },
    survived: of(mutants, 'survived').map(({ playbook, mutation, safety: isSafety, place }) => ({
      playbook,
      mutation,
      safety: isSafety,
      place: formatPlace(place),
    })),
  }
}

function text(mutants: readonly Mutant[]): string {
  const { refused, caught, safety, survived } = summary(mutants)
  const lines = survived.map((one) => `${one.place} survived${one.safety ? ' (safety)' : ''}: ${one.mutation}`)
  const share = safety.mutants === 0 ? 100 : (100 * (safety.mutants - safety.survived)) / safety.mutants
  lines.push(
    `${mutants.length} broken playbooks: ${refused} do not load, ${caught} fail a fixture, ${survived.length} survive`,
    `of ${safety.mutants} that are more dangerous ${safety.survived} survive: ${share.toFixed(1)} % are stopped`,
  )
  return `${lines.join('\n')}\n`
}
