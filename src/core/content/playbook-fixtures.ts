import { type Problem, problem } from '../model/index.ts'
import type { Bundle } from './bundle.ts'
import { parseDocument } from './document.ts'
import {
  compilePlaybookFixture,
  type FixtureRun,
  type PlaybookFixture,
  runPlaybookFixture,
} from './playbook-fixture.ts'

const folder = 'test/fixtures/playbooks/'

/** The fixtures of a bundle's playbooks, and what is wrong with those that cannot be read. */
export function fixturesOf(bundle: Bundle): {
  readonly fixtures: readonly PlaybookFixture[]
  readonly problems: readonly Problem[]
} {
  const fixtures: PlaybookFixture[] = []
  const problems: Problem[] = []
  for (const file of bundle.files.filter((one) => one.path.startsWith(folder))) {
    const parsed = parseDocument(file.path, file.text)
    const compiled = parsed.ok ? compilePlaybookFixture(parsed.value) : parsed
    if (!compiled.ok) problems.push(...compiled.problems)
    else if (bundle.playbooks.has(compiled.value.playbook)) fixtures.push(compiled.value)
    else
      problems.push(
        problem(
          'fixture/stray',
          `there is no playbook "${compiled.value.playbook}"`,
          compiled.value.place(['playbook']),
        ),
      )
  }
  return { fixtures, problems }
}

/** Plays fixtures side by side; the answers are in the order of the fixtures. */
export async function runFixtures(
  bundle: Bundle,
  fixtures: readonly PlaybookFixture[],
): Promise<readonly FixtureRun[]> {
  return Promise.all(
    fixtures.map(async (fixture) => {
      const playbook = bundle.playbooks.get(fixture.playbook)
      if (playbook === undefined) throw new Error(`the playbook ${fixture.playbook} is gone`)
      return runPlaybookFixture(fixture, playbook, bundle)
    }),
  )
}
