import { commitOf, git, readObjects } from './git.ts'
import { contentFolders } from './read-content.ts'

/** A commit that touches content. */
export interface ContentCommit {
  readonly commit: string
  /** First line of its message, as its author wrote it. */
  readonly subject: string
}

/**
 * The commits from `good` (left out) to `bad` that touch content, oldest first, along the first parents: what a merge
 * brought counts as the merge. Throws when `bad` does not come after `good`.
 */
export async function contentCommits(root: string, good: string, bad: string): Promise<readonly ContentCommit[]> {
  const [from, to] = [await commitOf(root, good), await commitOf(root, bad)]
  const isBehind = await git(root, ['merge-base', '--is-ancestor', from, to]).then(
    () => true,
    () => false,
  )
  if (!isBehind) throw new Error(`${bad} does not come after ${good}`)
  const range = ['rev-list', '--first-parent', '--reverse', `${from}..${to}`, '--', ...contentFolders]
  const commits = (await git(root, range)).toString().split('\n').filter(Boolean)
  const texts = await readObjects(root, commits)
  return commits.map((commit, index) => ({ commit, subject: subjectOf(texts[index]?.toString('utf8') ?? '') }))
}

/** A commit object is headers, an empty line, the message. */
function subjectOf(object: string): string {
  const end = object.indexOf('\n\n')
  return end < 0 ? '' : (object.slice(end + 2).split('\n')[0] ?? '')
}
