import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { isExercised, testRules } from '../core/content/index.ts'
import { type Coverage, type CoveringRule, coverageOf, navigatorLayer, type RuleHead } from '../core/detect/index.ts'
import { oneLine } from '../core/model/index.ts'
import { Failure } from './failure.ts'
import { loadBundle, root } from './load-bundle.ts'
import { loadRules } from './load-rules.ts'
import { rulesGroup } from './rules-group.ts'

interface Options {
  readonly rules?: readonly string[]
  readonly placeholders?: string
  readonly navigator?: string
  readonly gaps?: boolean
  readonly json?: boolean
  readonly commit?: string
  readonly content?: string
}

/** `gitsoc rules coverage`: what the rules cover of ATT&CK. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('coverage')
    .description('ATT&CK techniques that rules declare, and those whose fixtures show a rule to fire, by tactic')
    .option('--rules <dir...>', 'Sigma rules in place of our own; they have no fixtures here')
    .option('--placeholders <file>', 'values for the placeholders in those rules, besides rules/placeholders.yaml')
    .option('--gaps', 'list the techniques without any rule')
    .option('--navigator <file>', 'write a layer for the ATT&CK Navigator (format 4.5)')
    .option('--json', 'one line of JSON: techniques, tactics, unknown')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nDeclared: a rule is tagged with the technique. Exercised: the fixtures of such a rule hold records on which it must fire, and' +
        '\nit does. Correlations without fixtures count as declared. Exit codes: 0 done, 1 a rule names a technique that ATT&CK' +
        '\ndoes not have, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules coverage --gaps\n  gitsoc rules coverage --navigator coverage.json',
    )
    .action(async (options: Options) => {
      const coverage = coverageOf(
        options.rules === undefined ? await own(options) : await others(options.rules, options),
      )
      if (options.navigator !== undefined) await writeLayer(options.navigator, coverage)
      process.stdout.write(options.json ? `${JSON.stringify(report(coverage))}\n` : text(coverage, options))
      if (coverage.unknown.length > 0) process.exitCode = 1
    })
}

async function own(options: Options): Promise<readonly CoveringRule[]> {
  const bundle = await loadBundle({ content: root, ...options })
  const { tested, untested } = testRules([...bundle.detection, ...bundle.rarity.rules, ...bundle.sequences], bundle)
  return [
    ...tested.map((one) => ({ rule: one.rule, exercised: isExercised(one) })),
    ...untested.map((rule) => ({ rule, exercised: false })),
  ]
}

async function others(paths: readonly string[], { placeholders }: Options): Promise<readonly CoveringRule[]> {
  const { set } = await loadRules(paths, placeholders)
  return [...set.detections, ...set.correlations].map((rule) => ({ rule, exercised: false }))
}

async function writeLayer(file: string, coverage: Coverage): Promise<void> {
  const layer = navigatorLayer(coverage, 'gitsoc rules')
  await writeFile(file, `${JSON.stringify(layer, null, 2)}\n`).catch((error: Error) => {
    throw new Failure(`the layer cannot be written: ${error.message}`, { exitCode: 2 })
  })
}

const named = ({ id, title }: RuleHead) => ({ id, title })

function report({ attack, techniques, declared, exercisedCount, tactics, unknown, rulesWithoutTechnique }: Coverage) {
  return {
    attack,
    techniques: { total: techniques, declared: declared.length, exercised: exercisedCount },
    tactics: tactics.map((one) => ({ ...one, gaps: one.gaps.map(({ id, name }) => ({ id, name })) })),
    covered: declared.map(({ id, name, tactics: of, declaredBy, exercisedBy }) => ({
      ...{ id, name, tactics: of },
      declaredBy: declaredBy.map(named),
      exercisedBy: exercisedBy.map((rule) => rule.id),
    })),
    unknown: unknown.map(({ technique, rules }) => ({ technique, rules: rules.map(named) })),
    rulesWithoutTechnique: rulesWithoutTechnique.map(named),
  }
}

function text(coverage: Coverage, { gaps, navigator }: Options): string {
  const { declared, techniques, exercisedCount, tactics, unknown, rulesWithoutTechnique } = coverage
  const lines = [
    `ATT&CK v${coverage.attack}: ${declared.length} of ${techniques} techniques have a rule, ${exercisedCount} one whose fixtures fire`,
    '',
    `${'tactic'.padEnd(24)}${'exercised'.padStart(9)}${'declared'.padStart(10)}${'techniques'.padStart(12)}   without any rule`,
    ...tactics.map(
      (one) =>
        `${one.title.padEnd(24)}${String(one.exercised).padStart(9)}${String(one.declared).padStart(10)}${String(one.techniques).padStart(12)}   ${one.gaps.length}`,
    ),
  ]
  if (gaps)
    for (const one of tactics.filter((each) => each.gaps.length > 0))
      lines.push('', `${one.title}: no rule for`, ...one.gaps.map(({ id, name }) => `  ${id.padEnd(6)} ${name}`))
  if (rulesWithoutTechnique.length > 0) lines.push('', `${rulesWithoutTechnique.length} rules name no technique`)
  for (const { technique, rules } of unknown)
    lines.push(`${technique} is not in this release: ${oneLine(rules.map((rule) => rule.title).join(', '), 200)}`)
  if (navigator !== undefined) lines.push('', `layer written to ${navigator}`)
  return `${lines.join('\n')}\n`
}
