import { type Command, Option } from 'commander'
import { plain } from '../cases/index.ts'
import { formatPlace } from '../core/model/index.ts'
import { type Bisected, bisect, defaultLimits } from '../preview/index.ts'
import { Failure } from './failure.ts'
import { historyFor } from './history-for.ts'
import { root } from './load-bundle.ts'
import { createProgress } from './progress.ts'
import { ruleOfCommits } from './rule-of-commits.ts'
import { writeOut } from './write-out.ts'

interface Options {
  readonly good: string
  readonly bad: string
  readonly history?: readonly string[]
  readonly alert?: string
  readonly lost?: string
  readonly enrich?: string
  readonly content: string
  readonly json?: boolean
}

/** `gitsoc bisect`: the commit with which a rule lost or gained alerts. */
export function register(program: Command): void {
  program
    .command('bisect')
    .description('find the commit with which a rule began or stopped to alert on recorded events')
    .requiredOption('--good <revision>', 'a commit before the change')
    .requiredOption('--bad <revision>', 'a commit after it')
    .option(
      '--history <path...>',
      'files or folders of events, or a repository with recordings (default: that of --content)',
    )
    .option('--alert <rule>', 'id or part of the path of the rule that raises alerts which it did not')
    .option('--lost <rule>', 'id or part of the path of the rule that raises alerts no longer')
    .option('--enrich <dir>', 'directory with indicators/, warninglists/ and inventory.yaml')
    .addOption(new Option('--content <dir>', 'another repository than this one').default(root, 'this one'))
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nOnly commits that touch content are tried, along the first parents; those that do not load are passed over.' +
        '\nExit codes: 0 found, 1 the two ends do not differ or do not load, 2 wrong usage,' +
        '\n3 a commit cannot be read.' +
        '\n\nExamples:\n  gitsoc bisect --good v1 --bad main --lost okta_mfa_fatigue\n  gitsoc bisect --good v1 --bad main --history case-17.ndjson --alert okta_',
    )
    .action(search)
}

async function search(options: Options): Promise<void> {
  const { alert, lost, content, good, bad } = options
  const wanted = alert ?? lost
  if (wanted === undefined || (alert !== undefined && lost !== undefined))
    throw new Failure('give one of --alert and --lost', { exitCode: 2 })
  const rule = await ruleOfCommits(wanted, content, [good, bad])
  const history = await historyFor(options, good)
  if (history === null)
    throw new Failure('the repository brings no recordings to replay', {
      hint: 'name files or folders of events: --history FILE',
      exitCode: 2,
    })
  const progress = createProgress('searching')
  const found = await bisect({
    ...{ root: content, good, bad, history, rule, limits: defaultLimits },
    wanted: lost === undefined ? 'gained' : 'lost',
    onTry: ({ commit }, tried) => progress.update(0, 0, `${commit.slice(0, 12)}, ${tried} tried`),
  })
    .catch((error: Error) => {
      throw new Failure(plain(error.message, 500))
    })
    .finally(() => progress.end())
  await writeOut(options.json ? `${JSON.stringify(found)}\n` : textOf(rule, found))
}

const alertsText = (count: number) => `${count} alert${count === 1 ? '' : 's'}`

function textOf(rule: string, { found, alerts, content, undecided, tried, commitCount }: Bisected): string {
  const named = ({ commit, subject }: Bisected['found']) => `${commit.slice(0, 12)} ${plain(subject, 120)}`
  return [
    `${named(found)}`,
    `  the rule ${plain(rule, 100)} has ${alertsText(alerts.good)} before it and ${alertsText(alerts.bad)} at the end`,
    ...content.map((one) => `  ${one.change} ${one.kind} ${plain(one.title, 100)} ${plain(formatPlace(one.place))}`),
    ...(undecided.length > 0
      ? ['  or one of these before it, which do not load:', ...undecided.map((one) => `    ${named(one)}`)]
      : []),
    `${tried.length} of ${commitCount} commits were replayed besides the two ends`,
    '',
  ].join('\n')
}
