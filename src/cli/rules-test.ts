import type { Command } from 'commander'
import {
  type Bundle,
  explainCase,
  type FixtureRule,
  isFixtureFailed,
  rulePath,
  straysOf,
  type Tested,
  testRules,
} from '../core/content/index.ts'
import type { FixtureCase } from '../core/detect/index.ts'
import { formatPlace, oneLine, type Problem } from '../core/model/index.ts'
import { reasonText } from './explain-rule-text.ts'
import { Failure } from './failure.ts'
import { loadBundle, root } from './load-bundle.ts'
import { rulesGroup } from './rules-group.ts'

/** `gitsoc rules test`: every detection rule against the records it must and must not fire on. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('test [rule...]')
    .description('run rules over their fixtures: positive records and stories must fire, negative ones must not')
    .option('--json', 'one JSON document instead of text')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nA rule is named by id or by part of its path. Fixtures lie in the folder fixtures/ beside the rule, under its name;' +
        '\ncorrelations may have none and rules of packs need none: both are counted at the end.' +
        '\n\nExamples:\n  gitsoc rules test\n  gitsoc rules test okta_ --json',
    )
    .action(async (wanted: string[], options: { json?: boolean; commit?: string; content?: string }) => {
      const bundle = await loadBundle({ content: root, ...options })
      const rules = [...bundle.detection, ...bundle.rarity.rules, ...bundle.sequences]
      const chosen = rules.filter((rule) => isWanted(rule, wanted))
      if (chosen.length === 0)
        throw new Failure('no rule with fixtures is named like that', {
          hint: 'give an id or part of a path, like okta_',
          exitCode: 2,
        })
      const { tested, untested } = testRules(chosen, bundle)
      const strays = wanted.length > 0 ? [] : straysOf(rules, bundle.files)
      const failed = tested.filter(isFixtureFailed)
      const ok = failed.length === 0 && strays.length === 0
      const without = untested.filter((one) => one.kind === 'correlation')
      const packs = untested.length - without.length
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ ...report(tested, strays, packs, ok), withoutFixture: without.map(({ id, title }) => ({ id, title })) })}\n`
          : text(tested, strays, { correlations: without.length, packs }, bundle),
      )
      if (!ok) process.exitCode = 1
    })
}

function isWanted(rule: FixtureRule, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((one) => rule.id === one || rulePath(rule).includes(one))
}

function report(tested: readonly Tested[], strays: readonly Problem[], untested: number, ok: boolean) {
  return {
    ok,
    untested,
    counts: {
      rules: tested.length,
      records: tested.reduce((sum, one) => sum + one.cases.length, 0),
      failed: tested.filter(isFixtureFailed).length,
    },
    rules: tested.map((one) => ({
      id: one.rule.id,
      title: one.rule.title,
      path: rulePath(one.rule),
      ok: !isFixtureFailed(one),
      cases: one.cases,
      problems: one.problems,
    })),
    problems: strays,
  }
}

function text(
  tested: readonly Tested[],
  strays: readonly Problem[],
  without: { readonly correlations: number; readonly packs: number },
  bundle: Bundle,
): string {
  const lines: string[] = []
  for (const one of [...tested.flatMap((each) => each.problems), ...strays])
    lines.push(
      `${one.place === undefined ? '' : `${formatPlace(one.place)} `}${one.message}${one.hint ? ` (${one.hint})` : ''}`,
    )
  for (const { rule, cases } of tested)
    for (const one of cases.filter((each) => !each.passed)) lines.push(...failureLines(rule, one, bundle))
  const count = tested.reduce((sum, one) => sum + one.cases.length, 0)
  const wrong = tested.filter(isFixtureFailed).length
  lines.push(
    wrong === 0 && strays.length === 0
      ? `${tested.length} rules do what their ${count} records say`
      : `${wrong} of ${tested.length} rules failed (${count} records${strays.length > 0 ? `, ${strays.length} stray files` : ''})`,
  )
  if (without.correlations > 0) lines.push(`${without.correlations} correlations have no fixtures`)
  if (without.packs > 0) lines.push(`${without.packs} rules of packs have no fixtures here and were not tested`)
  return `${lines.join('\n')}\n`
}

/** What the rule did, and for a rule that stayed silent why. */
function failureLines(rule: FixtureRule, one: FixtureCase, bundle: Bundle): readonly string[] {
  const head = `${formatPlace(one.place)} "${oneLine(rule.title, 120)}"`
  const seen = one.facts.map((fact) => `${fact.name} = ${oneLine(JSON.stringify(fact.value), 200)}`).join(', ')
  if (rule.kind !== 'detection') return [`${head} ${seen === '' ? 'did not fire' : `did something else: ${seen}`}`]
  if (one.kind === 'negative') return [`${head} fired: ${seen}`]
  const why = explainCase(rule, one, bundle)
  const [reason, ...fields] = why === null ? [] : reasonText(why)
  return [`${head} did not fire${reason === undefined ? '' : `: ${reason}`}`, ...fields]
}
