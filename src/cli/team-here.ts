import type { Team } from '../core/command/index.ts'
import { compileBundle } from '../core/content/index.ts'
import { readWorkingTree } from '../repo/index.ts'
import { root } from './load-bundle.ts'

const nobody: Pick<Team, 'analysts'> = { analysts: [] }

/** Who works here, by the files of `rules/team`; nobody where these cannot be read, so that no broken content keeps anybody from answering. */
export async function teamHere(): Promise<Pick<Team, 'analysts'>> {
  const { files } = await readWorkingTree(root)
  return (
    compileBundle(
      files.filter(({ path }) => path.startsWith('rules/team/')),
      'worktree',
    ).bundle?.team ?? nobody
  )
}
