import {
  compileBundle,
  formatProblems,
  isPackRule,
  type PackRecord,
  packsFolder,
  renderPack,
  type SourceFile,
} from '../core/content/index.ts'
import { oneLine, type Problem } from '../core/model/index.ts'
import { Failure } from './failure.ts'

/** A file of a pack that is not taken, and why. */
export interface LeftOut {
  readonly path: string
  readonly message: string
}

/** Files of a pack under the paths that they have in the repository. */
export const placed = (id: string, files: readonly SourceFile[]): readonly SourceFile[] =>
  files.map(({ path, text }) => ({ path: `${packsFolder}/${id}/${path}`, text }))

/** What of a pack the repository loads with. */
export interface Sound {
  readonly files: readonly SourceFile[]
  readonly failing: readonly LeftOut[]
  readonly problems: readonly Problem[]
}

/**
 * Compiles the content of the repository with the chosen files in the pack's place; files that bring problems are taken
 * out until none does. Throws a {@link Failure} when the problems are elsewhere.
 */
export function soundFiles(
  present: readonly SourceFile[],
  chosen: readonly SourceFile[],
  record: Omit<PackRecord, 'select' | 'files' | 'ruleCount' | 'leftOut'>,
): Sound {
  const folder = `${packsFolder}/${record.id}/`
  const outside = present.filter(({ path }) => !path.startsWith(folder))
  const failing: LeftOut[] = []
  const problems: Problem[] = []
  let files = chosen
  for (;;) {
    const pack = { path: 'pack.yaml', text: renderPack({ ...record, select: {}, files, ruleCount: 0, leftOut: [] }) }
    const compiled = compileBundle([...outside, ...placed(record.id, [...files, pack])], 'worktree')
    const errors = compiled.problems.filter((one) => one.severity === 'error')
    const ours = errors.filter(({ place }) => place?.file.startsWith(folder) === true && isPackRule(place.file))
    if (errors.length > 0 && ours.length === 0) {
      process.stderr.write(`${formatProblems(errors, outside, 'text')}\n`)
      throw new Failure('with this pack the content does not load', {
        hint: 'see whether it does without: gitsoc validate',
      })
    }
    if (ours.length === 0) return { files, failing, problems }
    problems.push(...ours)
    const bad = new Map(
      ours.toReversed().map((one) => [one.place?.file.slice(folder.length) ?? '', oneLine(one.message)]),
    )
    failing.push(...[...bad].map(([path, message]) => ({ path, message })))
    files = files.filter(({ path }) => !bad.has(path))
  }
}
