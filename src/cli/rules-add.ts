import type { Command } from 'commander'
import {
  formatProblems,
  packDigest,
  packsFolder,
  parsePackRules,
  renderPack,
  type SourceFile,
} from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import {
  compareFolder,
  type FolderChange,
  type PackSource,
  readPack,
  readWorkingTree,
  writeFolder,
} from '../repo/index.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'
import { type Choice, choiceOf, choose, isLicence, isYaml, type Spec, selectOf, specOf } from './pack-choice.ts'
import { type LeftOut, placed, soundFiles } from './pack-sound.ts'
import { rulesGroup } from './rules-group.ts'

interface Options extends Choice {
  readonly skipFailing?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly content?: string
}

/** `gitsoc rules add`: takes a pack of Sigma rules from a folder or repository into this one, or brings it up to date. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('add <pack>')
    .description('take in a pack of Sigma rules: name@path or name@url, then @revision; again to bring it up to date')
    .option('--select <pattern...>', 'rule files by path: * is any text without /, ** any text')
    .option('--product <name...>', 'rules of these products')
    .option('--category <name...>', 'rules of these categories')
    .option('--service <name...>', 'rules of these services')
    .option('--level <level>', 'rules of this level and above')
    .option('--skip-failing', 'leave out what is refused or does not compile, and list it in pack.yaml')
    .option('--dry-run', 'show what would change, write nothing')
    .option(
      '--json',
      'end with one line of JSON: id, commit, digest, rules, added, changed, removed, unchanged, leftOut',
    )
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      `\nRules, their licence and pack.yaml go into ${packsFolder}/<name>. Nothing of the source is run. Without a pattern the` +
        '\nfolders that begin with "rules" are taken, or all when there are none. Exit codes: 0 done, 1 something was refused or does' +
        '\nnot compile and nothing was written, 2 wrong usage, 3 the source cannot be read.' +
        '\n\nExamples:\n  gitsoc rules add sigmahq@https://github.com/SigmaHQ/sigma@r2026-08-01 --product aws --skip-failing' +
        '\n  gitsoc rules add sigmahq@../sigma --level high --dry-run',
    )
    .action(add)
}

async function add(text: string, options: Options): Promise<void> {
  const spec = specOf(text)
  const read = await readPack(spec.source, spec.ref, (path) => isYaml(path) || isLicence(path)).catch(
    (error: Error) => {
      throw new Failure(`the pack cannot be read: ${error.message}`, { exitCode: 3 })
    },
  )
  const pack = await build(spec, read, options)
  const folder = `${packsFolder}/${spec.id}`
  const change = await compareFolder(options.content ?? root, folder, pack.files).catch((error: Error) => {
    throw new Failure(error.message)
  })
  if (options.dryRun !== true) await writeFolder(options.content ?? root, folder, pack.files, change)
  const done = { ...spec, commit: read.commit, date: read.date, ...pack, change, written: options.dryRun !== true }
  process.stdout.write(options.json ? `${JSON.stringify(report(done))}\n` : textOf(done))
}

interface Pack {
  /** All that the pack's folder shall hold, `pack.yaml` last. */
  readonly files: readonly SourceFile[]
  readonly digest: string
  readonly ruleCount: number
  readonly leftOut: readonly LeftOut[]
}

async function build({ id, source, ref }: Spec, read: PackSource, options: Options): Promise<Pack> {
  const licence = read.files.find(({ path }) => isLicence(path))
  if (licence === undefined)
    throw new Failure(`${source} has no licence text`, {
      hint: 'a LICENSE file at its root says what may be done with the rules',
    })
  const paths = read.files.map(({ path }) => path)
  const isChosen = choiceOf(options, paths)
  const yaml = read.files.filter(({ path }) => isYaml(path) && isChosen(path))
  const chosen = choose(id, yaml, options)
  if (chosen.length === 0)
    throw new Failure('no rule of the source is chosen', { hint: 'look at --select and the log sources', exitCode: 2 })
  const { files: present } = await readWorkingTree(options.content ?? root).catch((error: Error) => {
    throw new Failure(error.message, { exitCode: 3 })
  })
  const { commit, date } = read
  const record = { id, source, ref, commit, date, licence: { file: licence.path, text: licence.text } }
  const sound = soundFiles(present, chosen, record)
  const refused = read.refused.filter(({ path }) => isChosen(path))
  const leftOut = [...refused, ...sound.failing].sort((a, b) => (a.path < b.path ? -1 : 1))
  if (leftOut.length > 0 && options.skipFailing !== true) throw refusal(refused, sound.problems, placed(id, chosen))
  const ruleCount = placed(id, sound.files).reduce((sum, file) => sum + parsePackRules(file).rules.length, 0)
  const written = { ...record, select: selectOf(options), files: sound.files, ruleCount, leftOut }
  return {
    files: [...sound.files, licence, { path: 'pack.yaml', text: renderPack(written) }],
    digest: packDigest(sound.files),
    ruleCount,
    leftOut,
  }
}

/** Shows what is wrong; the failure says that nothing came of it. */
function refusal(refused: readonly LeftOut[], problems: readonly Problem[], files: readonly SourceFile[]): Failure {
  const lines = [
    ...refused.map(({ path, message }) => `${path}: ${message}`),
    ...(problems.length === 0 ? [] : [formatProblems(problems, files, 'text')]),
  ]
  process.stdout.write(`${lines.join('\n')}\n\n`)
  const count = refused.length + new Set(problems.map((one) => one.place?.file)).size
  return new Failure(`${count} files are refused or do not compile: nothing was written`, {
    hint: '--skip-failing leaves them out and lists them in pack.yaml',
  })
}

type Done = Spec &
  Pack & {
    readonly commit: string | null
    readonly date: string | null
    readonly change: FolderChange
    readonly written: boolean
  }

function report({ id, source, ref, commit, date, digest, ruleCount, change, leftOut, written }: Done) {
  const { added, changed, removed, unchangedCount } = change
  const files = { added, changed, removed, unchanged: unchangedCount }
  return { id, source, ref, commit, date, digest, rules: ruleCount, ...files, leftOut, written }
}

const maxShown = 20

function textOf({ id, source, commit, date, ruleCount, change, leftOut, written }: Done): string {
  const list = (mark: string, lines: readonly string[]) => [
    ...lines.slice(0, maxShown).map((line) => `  ${mark} ${line}`),
    ...(lines.length > maxShown ? [`  ${mark} and ${lines.length - maxShown} more`] : []),
  ]
  const { added, changed, removed, unchangedCount } = change
  const revision = commit === null ? '' : ` at ${commit.slice(0, 12)} of ${date?.slice(0, 10)}`
  const counts = `${added.length} files added, ${changed.length} changed, ${removed.length} removed, ${unchangedCount} as before`
  const lines = [
    `${id}: ${ruleCount} rules from ${source}${revision}`,
    ...list('+', added),
    ...list('~', changed),
    ...list('-', removed),
    ...(leftOut.length === 0 ? [] : [`${leftOut.length} left out:`]),
    ...list(
      '!',
      leftOut.map(({ path, message }) => `${path}: ${message}`),
    ),
    written ? counts : `${counts}: nothing was written`,
  ]
  return `${lines.join('\n')}\n`
}
