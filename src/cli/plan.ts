import { appendFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { plain } from '../cases/index.ts'
import type { Budget } from '../core/content/index.ts'
import {
  annotationCommands,
  type ChangePreview,
  checkRunOf,
  defaultLimits,
  planMarkdown,
  planText,
  previewChange,
} from '../preview/index.ts'
import { Failure } from './failure.ts'
import { historyFor } from './history-for.ts'
import { root } from './load-bundle.ts'
import { noCommit } from './no-commit.ts'
import { createProgress } from './progress.ts'
import { writeOut } from './write-out.ts'

interface Options {
  readonly base: string
  readonly head: string
  readonly mergeBase?: boolean
  readonly history?: readonly string[]
  readonly enrich?: string
  readonly budget: readonly (readonly [rule: string | null, perDay: number])[]
  readonly timeout: number
  readonly memory: number
  readonly format: string
  readonly summary?: string
  readonly json?: boolean
  readonly content: string
}

/** `gitsoc plan`: what a change of content would have done to recorded events. */
export function register(program: Command): void {
  program
    .command('plan')
    .description('replay recorded events through the content of two commits and say what changes; nothing is sent')
    .requiredOption('--base <revision>', 'the content before the change')
    .option('--head <revision>', 'the content after it, or "worktree"', 'worktree')
    .option('--merge-base', 'compare with where the head left the base, as a pull request does')
    .option(
      '--history <path...>',
      'files or folders of events, or a repository with recordings (default: that of --content)',
    )
    .option('--enrich <dir>', 'directory with indicators/, warninglists/ and inventory.yaml')
    .option('--budget <n|rule=n>', 'lines per day of history that one rule may raise (repeatable)', budgetOf, [])
    .option('--timeout <seconds>', 'how long a replay may take', number, defaultLimits.timeoutMs / 1000)
    .option('--memory <mb>', 'how much memory each of the two replays may have', number, defaultLimits.memoryMb)
    .option('--format <format>', 'text, json, markdown (a comment of a pull request), github (annotations)', 'text')
    .option('--summary <file>', 'add the Markdown to this file as well, as to $GITHUB_STEP_SUMMARY')
    .option('--json', 'the same as --format json')
    .addOption(new Option('--content <dir>', 'another repository than this one').default(root, 'this one'))
    .addHelpText(
      'after',
      '\nBoth commits are read from Git objects and run in locked child processes: what nobody has reviewed sees no secret,' +
        '\nwrites nothing, starts nothing and has no network; the last line says how that was closed. The tests of the head are run, changed rules and playbooks are broken on purpose to' +
        '\nsee whether a fixture notices, and the history is replayed with the content before and after. Budgets are those of' +
        '\nrules/budgets at the base; --budget holds instead.' +
        '\nExit codes: 0 nothing speaks against the change, 1 content or tests are wrong or a budget is broken, 2 wrong usage,' +
        '\n3 a commit cannot be read.' +
        '\n\nExamples:\n  gitsoc plan --base HEAD\n  gitsoc plan --base main --head my-rule --merge-base --history logs/ --budget 10 --format markdown',
    )
    .action(plan)
}

const number = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('it is a number above 0.')
  return Number(text)
}

function budgetOf(text: string, before: Options['budget']): Options['budget'] {
  const [, rule, limit] = /^(?:(.{1,200})=)?(\d{1,7}(?:\.\d+)?)$/.exec(text) ?? []
  if (limit === undefined) throw new InvalidArgumentError('it is a number, or RULE=number.')
  return [...before, [rule ?? null, Number(limit)]]
}

async function plan(options: Options): Promise<void> {
  const format = options.json ? 'json' : options.format
  const write = Object.hasOwn(formats, format) ? formats[format] : undefined
  if (write === undefined)
    throw new Failure(`--format is ${Object.keys(formats).join(', ')}, not "${plain(format, 40)}"`, { exitCode: 2 })
  const history = await historyFor(options, options.base)
  const progress = createProgress('replaying')
  const preview = await previewChange({
    repository: options.content,
    base: options.base,
    head: options.head,
    compare: options.mergeBase === true ? 'merge-base' : 'base',
    history,
    adjustBudget: (budget) => withOptions(budget, options.budget),
    limits: { timeoutMs: options.timeout * 1000, memoryMb: options.memory },
    onDelivery: (count) => progress.update(0, 0, `${count} deliveries`),
  })
    .catch(noCommit(options.content, [options.base, options.head]))
    .finally(() => progress.end())
  if (preview.failures.length > 0) process.exitCode = 1
  if (options.summary !== undefined)
    await appendFile(options.summary, planMarkdown(preview)).catch((error: Error) => {
      throw new Failure(`the summary cannot be written: ${error.message}`, { exitCode: 3 })
    })
  await writeOut(write(preview))
}

const formats: Readonly<Record<string, (preview: ChangePreview) => string>> = {
  text: planText,
  json: (preview) => `${JSON.stringify({ ok: preview.failures.length === 0, ...preview })}\n`,
  markdown: planMarkdown,
  github: (preview) => {
    const { title, annotations } = checkRunOf(preview)
    return `${[...annotationCommands(annotations), `plan: ${title}`].join('\n')}\n`
  },
}

/** What is given by hand holds instead of what files say. */
function withOptions(budget: Budget, given: Options['budget']): Budget {
  const limit = (value: number) => ({ value, place: null })
  const general = given.findLast(([rule]) => rule === null)?.[1]
  const rules = Object.fromEntries(given.flatMap(([rule, value]) => (rule === null ? [] : [[rule, limit(value)]])))
  return {
    ...budget,
    linesPerRule: general === undefined ? budget.linesPerRule : limit(general),
    rules: { ...budget.rules, ...rules },
  }
}
