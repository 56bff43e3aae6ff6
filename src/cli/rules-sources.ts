import type { Command } from 'commander'
import { coverSources, type SourceCoverage } from '../core/content/index.ts'
import type { LogSource } from '../core/model/index.ts'
import { loadBundle, root } from './load-bundle.ts'
import { loadRules } from './load-rules.ts'
import { rulesGroup } from './rules-group.ts'

interface Options {
  readonly json?: boolean
  readonly markdown?: boolean
  readonly missing?: boolean
  readonly content?: string
}

/** `gitsoc rules sources`: which log sources rules ask for, and which integrations give their events. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('sources [dir...]')
    .description('the log sources that rules name, and which integrations give their events')
    .option('--json', 'one line of JSON: sources, rules, missing')
    .option('--markdown', 'a table for a page')
    .option('--missing', 'only those without a source')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nWithout folders the rules of the repository are looked at. Exit codes: 0 whatever is missing, 1 the content does not load, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules sources\n  gitsoc rules sources ~/sigma/rules --missing',
    )
    .action(async (dirs: string[], options: Options) => {
      const bundle = await loadBundle({ content: options.content ?? root })
      const rules = dirs.length === 0 ? bundle.detection : (await loadRules(dirs)).set.detections
      const all = coverSources(rules, bundle)
      const shown = options.missing ? all.filter(isMissing) : all
      process.stdout.write(
        options.json ? `${JSON.stringify(report(all))}\n` : options.markdown ? markdown(shown) : text(shown, all),
      )
    })
}

const isMissing = (one: SourceCoverage) => one.integrations.length === 0
const rulesOf = (list: readonly SourceCoverage[]) => list.reduce((sum, one) => sum + one.ruleCount, 0)

function report(all: readonly SourceCoverage[]) {
  const missing = all.filter(isMissing)
  return { sources: all, rules: rulesOf(all), missing: { sources: missing.length, rules: rulesOf(missing) } }
}

const wordsOf = (logsource: LogSource) =>
  Object.entries(logsource)
    .map(([member, value]) => `${member}: ${value}`)
    .join(', ')

const sourceOf = (one: SourceCoverage) => (isMissing(one) ? 'no source' : one.integrations.join(', '))

function markdown(list: readonly SourceCoverage[]): string {
  const rows = list.map((one) => `| ${one.ruleCount} | ${wordsOf(one.logsource)} | ${sourceOf(one)} |`)
  return `${['| rules | log source | integrations |', '| --- | --- | --- |', ...rows].join('\n')}\n`
}

function text(list: readonly SourceCoverage[], all: readonly SourceCoverage[]): string {
  const missing = all.filter(isMissing)
  const rows = list.map(
    (one) => `${String(one.ruleCount).padStart(5)}  ${wordsOf(one.logsource)} <- ${sourceOf(one)}\n`,
  )
  const lacking =
    missing.length === 0
      ? 'all have a source'
      : `${missing.length} of them, with ${rulesOf(missing)} rules, have no source`
  return `${rows.join('')}${rulesOf(all)} rules name ${all.length} log sources: ${lacking}\n`
}
