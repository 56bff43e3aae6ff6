import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type FixtureRun, fixturesOf, runFixtures } from '../core/content/index.ts'
import { formatPlace, type Problem } from '../core/model/index.ts'
import { Failure } from './failure.ts'
import { annotationOf, junitOf } from './fixture-report.ts'
import { loadBundle, root } from './load-bundle.ts'
import { type Regressions, runRegressions } from './regressions.ts'

interface Options {
  readonly json?: boolean
  readonly junit?: string
  readonly format: string
  readonly commit?: string
  readonly content?: string
}

/** `gitsoc test`: the playbooks against their fixtures. */
export function register(program: Command): void {
  program
    .command('test [name...]')
    .description('play playbooks against their fixtures, and incidents of the past against the rules')
    .option('--format <format>', 'text or github (annotations of a workflow)', 'text')
    .option('--junit <file>', 'write a JUnit report too')
    .option('--json', 'one JSON document instead of text')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nFixtures lie in test/fixtures/playbooks/<playbook>/, incidents of the past in test/scenarios/<name>/ (expected.yaml);' +
        '\na name is part of a path. Detection rules have "gitsoc rules test", integrations "gitsoc integrations test".\n\nExamples:\n  gitsoc test\n  gitsoc test phishing --junit report.xml',
    )
    .action(async (names: string[], options: Options) => {
      if (options.format !== 'text' && options.format !== 'github')
        throw new Failure(`--format is text or github, not "${options.format}"`, { exitCode: 2 })
      const bundle = await loadBundle(options)
      const { fixtures, problems: unreadable } = fixturesOf(bundle)
      const regressions = await runRegressions(bundle, options.content ?? root, names)
      const problems = [...unreadable, ...regressions.problems]
      const chosen = fixtures.filter((one) => names.length === 0 || names.some((name) => one.file.includes(name)))
      if (chosen.length === 0 && regressions.count === 0 && problems.length === 0)
        throw new Failure('no fixture is named like that', {
          hint: `fixtures lie in test/fixtures/playbooks`,
          exitCode: 2,
        })
      const runs = await runFixtures(bundle, chosen)
      const failed = runs.filter((one) => one.differences.length > 0)
      const ok = failed.length === 0 && problems.length === 0
      if (options.junit !== undefined) await writeFile(options.junit, junitOf(runs))
      if (options.json) process.stdout.write(`${JSON.stringify(report(runs, problems, ok, regressions))}\n`)
      else process.stdout.write(text(runs, problems, options.format, regressions))
      if (!ok) process.exitCode = 1
    })
}

function report(runs: readonly FixtureRun[], problems: readonly Problem[], ok: boolean, regressions: Regressions) {
  return {
    ok,
    fixtures: runs.length,
    failed: runs.filter((one) => one.differences.length > 0).length,
    regressions: regressions.count,
    results: runs.map(({ fixture, differences }) => ({
      file: fixture.file,
      title: fixture.title,
      playbook: fixture.playbook,
      ok: differences.length === 0,
      differences,
    })),
    problems,
  }
}

function text(
  runs: readonly FixtureRun[],
  problems: readonly Problem[],
  format: 'text' | 'github',
  regressions: Regressions,
): string {
  const lines: string[] = []
  for (const one of problems)
    lines.push(
      format === 'github'
        ? annotationOf(one.place, one.message)
        : `${one.place === undefined ? '' : `${formatPlace(one.place)} `}${one.message}`,
    )
  for (const { fixture, differences } of runs) {
    for (const { what, expected, seen, place } of differences) {
      if (format === 'github')
        lines.push(annotationOf(place, `${what}: expected ${JSON.stringify(expected)}, is ${JSON.stringify(seen)}`))
      else lines.push(`${formatPlace(place)} "${fixture.title}": ${what}`, ...diff(expected, seen))
    }
  }
  const failed = runs.filter((one) => one.differences.length > 0).length
  const playbooks = new Set(runs.map((one) => one.fixture.playbook)).size
  if (format === 'text')
    lines.push(
      failed === 0 && problems.length === 0
        ? `${playbooks} playbooks do what their ${runs.length} fixtures say`
        : `${failed} of ${runs.length} fixtures failed${problems.length > 0 ? `, ${problems.length} more problem${problems.length === 1 ? '' : 's'}` : ''}`,
    )
  if (format === 'text' && regressions.count > 0 && regressions.problems.length === 0)
    lines.push(
      `${regressions.count === 1 ? 'the incident of the past is' : `${regressions.count} incidents of the past are`} found still`,
    )
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** Lists line by line, anything else side by side. */
function diff(expected: unknown, seen: unknown): string[] {
  if (!Array.isArray(expected) || !Array.isArray(seen))
    return [`  - ${JSON.stringify(expected)}`, `  + ${JSON.stringify(seen)}`]
  const lines: string[] = []
  for (let index = 0; index < Math.max(expected.length, seen.length); index++) {
    const [a, b] = [JSON.stringify(expected[index]), JSON.stringify(seen[index])]
    if (a === b) lines.push(`    ${a}`)
    else lines.push(...(a === undefined ? [] : [`  - ${a}`]), ...(b === undefined ? [] : [`  + ${b}`]))
  }
  return lines
}
