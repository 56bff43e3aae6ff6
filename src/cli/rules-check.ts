import type { Command } from 'commander'
import { formatProblems } from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import { type LoadedRules, loadRules } from './load-rules.ts'
import { rulesGroup } from './rules-group.ts'

interface Options {
  readonly json?: boolean
  readonly placeholders?: string
}

/** `gitsoc rules check`: whether Sigma rules of any folder compile, and why not. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('check <dir...>')
    .description(
      'compile the Sigma rules of any folder: detection rules, correlations and filters, several in a file too',
    )
    .option('--placeholders <file>', 'values for placeholders, besides those of rules/placeholders.yaml')
    .option('--json', 'end with one line of JSON: files, compiled, rules, skipped, failed, warnings')
    .addHelpText(
      'after',
      '\nA file counts as compiled when every rule in it does; YAML without a rule is skipped and counted. Exit codes: 0 all compile, 1 some do not, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules check rules/detection\n  gitsoc rules check ~/sigma/rules --placeholders our-hosts.yaml --json',
    )
    .action(check)
}

async function check(dirs: readonly string[], options: Options): Promise<void> {
  const loaded = await loadRules(dirs, options.placeholders)
  process.stdout.write(options.json ? `${JSON.stringify(report(loaded))}\n` : text(loaded))
  if (loaded.faulty.length > 0) process.exitCode = 1
}

function report({ set, fileCount, skipped, problems, faulty }: LoadedRules) {
  return {
    files: fileCount,
    compiled: fileCount - faulty.length,
    rules: {
      detection: set.detections.length,
      correlation: set.correlations.length,
      filter: set.filters.length,
    },
    skipped: skipped.length,
    failed: problems.filter((one) => one.severity === 'error').map(failureOf),
    warnings: problems.filter((one) => one.severity === 'warning').map(failureOf),
  }
}

const failureOf = ({ place, message, code, hint }: Problem) => ({
  file: place?.file ?? '',
  line: place?.line ?? 1,
  column: place?.column ?? 1,
  message,
  code,
  ...(hint === undefined ? {} : { hint }),
})

function text(loaded: LoadedRules): string {
  const { files, compiled, rules, skipped } = report(loaded)
  const { problems, sources } = loaded
  const frames = problems.length === 0 ? '' : `${formatProblems(problems, sources, 'text')}\n\n`
  const kinds = `${rules.detection} detection rules, ${rules.correlation} correlations, ${rules.filter} filters`
  const others = skipped === 0 ? '' : `; ${skipped} other YAML file${skipped === 1 ? '' : 's'} without a rule skipped`
  return compiled === files
    ? `${frames}all ${files} files compile: ${kinds}${others}\n`
    : `${frames}${compiled} of ${files} files compile: ${kinds}; ${files - compiled} do not${others}\n`
}
