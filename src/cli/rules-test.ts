import type { Command } from 'commander'
import { type Bundle, parseDocument, type SourceFile } from '../core/content/index.ts'
import {
  checkFixture,
  checkRarityFixture,
  type FixtureCase,
  type RarityRule,
  type SigmaRule,
} from '../core/detect/index.ts'
import { formatPlace, type Problem, problem } from '../core/model/index.ts'
import { Failure } from './failure.ts'
import { loadBundle, root } from './load-bundle.ts'
import { rulesGroup } from './rules-group.ts'

type Rule = SigmaRule | RarityRule

/** What became of one rule's fixture file. */
interface Tested {
  readonly rule: Rule
  readonly cases: readonly FixtureCase[]
  readonly problems: readonly Problem[]
}

/** `gitsoc rules test`: every detection rule against the records it must and must not fire on. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('test [rule...]')
    .description('run detection rules over their fixtures: positive records must fire, negative ones must not')
    .option('--json', 'one JSON document instead of text')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nA rule is named by id or by part of its path. Fixtures lie in rules/detection/fixtures under the name of the rule.' +
        '\n\nExamples:\n  gitsoc rules test\n  gitsoc rules test okta_ --json',
    )
    .action(async (wanted: string[], options: { json?: boolean; commit?: string; content?: string }) => {
      const bundle = await loadBundle({ content: root, ...options })
      const rules = [...bundle.detection, ...bundle.rarity.rules]
      const chosen = rules.filter((rule) => isWanted(rule, wanted))
      if (chosen.length === 0)
        throw new Failure('no detection rule is named like that', {
          hint: 'give an id or part of a path, like okta_',
          exitCode: 2,
        })
      const tested = chosen.map((rule) => testRule(rule, bundle))
      const strays = wanted.length > 0 ? [] : straysOf(rules, bundle.files)
      const failed = tested.filter(isFailed)
      const ok = failed.length === 0 && strays.length === 0
      process.stdout.write(options.json ? `${JSON.stringify(report(tested, strays, ok))}\n` : text(tested, strays))
      if (!ok) process.exitCode = 1
    })
}

function isWanted(rule: Rule, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((one) => rule.id === one || pathOf(rule).includes(one))
}

const pathOf = (rule: Rule) => rule.ref.place?.file ?? ''
const isFailed = (one: Tested) => one.problems.length > 0 || one.cases.some((each) => !each.passed)
const fixturePath = (rule: Rule) => pathOf(rule).replace(/^(rules\/\w+)\//, '$1/fixtures/')

function testRule(rule: Rule, { files, mappings }: Pick<Bundle, 'files' | 'mappings'>): Tested {
  const path = fixturePath(rule)
  const file = files.find((one) => one.path === path)
  if (file === undefined)
    return {
      rule,
      cases: [],
      problems: [problem('fixture/missing', 'the rule has no fixture', rule.ref.place, `write ${path}`)],
    }
  const document = parseDocument(file.path, file.text)
  const result = !document.ok
    ? document
    : rule.kind === 'detection'
      ? checkFixture(rule, document.value, mappings)
      : checkRarityFixture(rule, document.value, mappings)
  return result.ok ? { rule, cases: result.value, problems: [] } : { rule, cases: [], problems: result.problems }
}

/** Fixture files that belong to no rule: renamed rules leave them behind, and their tests stop running unseen. */
function straysOf(rules: readonly Rule[], files: readonly SourceFile[]): readonly Problem[] {
  const known = new Set(rules.map(fixturePath))
  return files
    .filter((file) => /^rules\/(detection|rarity)\/fixtures\//.test(file.path) && !known.has(file.path))
    .map((file) =>
      problem(
        'fixture/stray',
        'no rule has this fixture',
        { file: file.path, line: 1, column: 1 },
        'rename or remove it',
      ),
    )
}

function report(tested: readonly Tested[], strays: readonly Problem[], ok: boolean) {
  return {
    ok,
    rules: tested.map((one) => ({
      id: one.rule.id,
      title: one.rule.title,
      path: pathOf(one.rule),
      ok: !isFailed(one),
      cases: one.cases,
      problems: one.problems,
    })),
    problems: strays,
  }
}

function text(tested: readonly Tested[], strays: readonly Problem[]): string {
  const lines: string[] = []
  for (const one of [...tested.flatMap((each) => each.problems), ...strays])
    lines.push(
      `${one.place === undefined ? '' : `${formatPlace(one.place)} `}${one.message}${one.hint ? ` (${one.hint})` : ''}`,
    )
  for (const { rule, cases } of tested) {
    for (const one of cases.filter((each) => !each.passed)) {
      const seen = one.facts.map((fact) => `${fact.name} = ${JSON.stringify(fact.value)}`).join(', ')
      lines.push(
        one.kind === 'positive' && one.facts.length === 0
          ? `${formatPlace(one.place)} "${rule.title}" did not fire`
          : `${formatPlace(one.place)} "${rule.title}" ${rule.kind === 'detection' ? 'fired' : 'did something else'}: ${seen}`,
      )
    }
  }
  const count = tested.reduce((sum, one) => sum + one.cases.length, 0)
  const wrong = tested.filter(isFailed).length
  lines.push(
    wrong === 0 && strays.length === 0
      ? `${tested.length} rules do what their ${count} records say`
      : `${wrong} of ${tested.length} rules failed (${count} records${strays.length > 0 ? `, ${strays.length} stray files` : ''})`,
  )
  return `${lines.join('\n')}\n`
}
