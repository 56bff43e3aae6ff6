import { type Command, Option } from 'commander'
import { plain } from '../cases/index.ts'
import { defaultLimits, type ReplayedStory, replayIncident } from '../preview/index.ts'
import { readCommit, readWorkingTree } from '../repo/index.ts'
import { enrichFolder } from './enrich-folder.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'
import { noCommit } from './no-commit.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'
import { writeOut } from './write-out.ts'

interface Options extends StoreOptions {
  readonly at?: string
  readonly enrich?: string
  readonly content: string
  readonly json?: boolean
}

/** `gitsoc replay`: whether an incident would be decided again as it was. */
export function register(program: Command): void {
  withStoreOptions(
    program
      .command('replay <incident>')
      .description('decide the deliveries of a stored incident again and show every decision that differs'),
  )
    .option(
      '--at <revision>',
      'with the content of this commit or "worktree" (default: what is recorded with each delivery)',
    )
    .option('--enrich <dir>', 'lists for what was not looked up when it was decided')
    .addOption(new Option('--content <dir>', 'another repository than this one').default(root, 'this one'))
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nEverything in the inbox up to the last delivery of the incident is decided again, since what came before is known then.' +
        '\nExit codes: 0 identical, 1 something differs or the content does not load, 2 wrong usage, 3 no store.' +
        '\n\nExamples:\n  gitsoc replay INC-2\n  gitsoc replay INC-2 --at worktree',
    )
    .action(replay)
}

async function replay(name: string, options: Options): Promise<void> {
  const number = Number(/^(?:INC-|#)?([1-9]\d{0,8})$/i.exec(name)?.[1])
  if (Number.isNaN(number))
    throw new Failure(`"${plain(name, 40)}" is no incident`, { hint: 'write INC-2', exitCode: 2 })
  const { at, content: dir } = options
  const enrich = (await enrichFolder(options.enrich)) ?? null
  const read = at === 'worktree' ? readWorkingTree(dir) : at === undefined ? null : readCommit(dir, at)
  const content = await Promise.resolve(read).catch(noCommit(dir, at === undefined ? [] : [at]))
  const story = await withStore(options, (store) =>
    replayIncident(store, number, { content, enrichDir: enrich, limits: defaultLimits }),
  )
  if (story === null)
    throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
  const identical = story.ok && story.differences.length === 0
  if (!identical) process.exitCode = 1
  await writeOut(options.json ? `${JSON.stringify({ identical, ...story })}\n` : storyText(story))
}

/** A replayed incident for a terminal; notes stand under what is identical too, for they say what that rests on. */
export function storyText(story: ReplayedStory): string {
  if (!story.ok) return `${story.problems.map((one) => plain(one.message, 500)).join('\n')}\n`
  const { incident, deliveries, bundles, differences, notes } = story
  const head = `INC-${incident}: ${deliveries} deliveries decided again with ${bundles.map((one) => one.slice(0, 12)).join(', ')}`
  const result =
    differences.length === 0
      ? 'every decision is identical'
      : `${differences.length} difference${differences.length === 1 ? '' : 's'}`
  return [
    `${head}: ${result}`,
    ...differences.map(
      (one) =>
        `  ${plain(one.what)}: ${plain(JSON.stringify(one.stored), 200)} was decided, now ${plain(JSON.stringify(one.replayed), 200)}`,
    ),
    ...notes.map((one) => `note: ${plain(one, 500)}`),
    '',
  ].join('\n')
}
