import { type Bundle, compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'

/** The repository's own content, compiled. */
export async function ownBundle(): Promise<Bundle> {
  const { files, commit } = await readWorkingTree(process.cwd())
  const { bundle, problems } = compileBundle(files, commit)
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}
