import { fileURLToPath } from 'node:url'
import { type Bundle, compileBundle, formatProblems } from '../core/content/index.ts'
import { readCommit, readWorkingTree } from '../repo/index.ts'
import { Failure } from './failure.ts'

/** The repository's root: content and code live in one. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

/** The bundle of the working tree or of a commit; bad content is a failure that shows every problem. */
export async function loadBundle(options: { commit?: string; content?: string } = {}): Promise<Bundle> {
  const dir = options.content ?? root
  const content = await (options.commit === undefined ? readWorkingTree(dir) : readCommit(dir, options.commit)).catch(
    (error: Error) => {
      throw new Failure(error.message, { exitCode: 3 })
    },
  )
  const { bundle, problems } = compileBundle(content.files, content.commit)
  if (bundle !== null) return bundle
  process.stderr.write(`${formatProblems(problems, content.files, 'text')}\n`)
  throw new Failure(`the content does not load: ${problems.length} problem${problems.length === 1 ? '' : 's'}`, {
    hint: 'gitsoc validate shows them again',
  })
}
