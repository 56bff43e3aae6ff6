import { stat } from 'node:fs/promises'
import { git } from './git.ts'

/** What is wrong with a repository that is written to, in one sentence; null when nothing is. */
export async function repositoryFault(root: string): Promise<string | null> {
  if (await succeeds(git(root, ['rev-parse', '--git-dir']))) return null
  return `${root} is no Git repository`
}

/** What is wrong with where a branch is to be pushed: a remote of the repository, a URL or a folder; null when nothing is. */
export async function remoteFault(root: string, remote: string): Promise<string | null> {
  const known = (await git(root, ['remote']).catch(() => Buffer.from(''))).toString().split('\n').filter(Boolean)
  if (known.includes(remote)) return null
  const isUrl = /^(?:https?|ssh|git|file):\/\/[^\s]+$/.test(remote) || /^[\w.-]+@[\w.-]+:[^\s]+$/.test(remote)
  if (isUrl || (/[\\/]/.test(remote) && (await succeeds(stat(remote))))) return null
  const names = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
  return `"${remote}" is neither a remote of ${root} (${names}), nor a URL, nor a folder`
}

/**
 * What speaks against writing files of `folder` alone to a branch of their own; null when nothing does: a branch that is
 * checked out, that the repository calls its default, or that holds anything else.
 */
export async function ownBranchFault(root: string, branch: string, folder: string): Promise<string | null> {
  if (!(await succeeds(git(root, ['check-ref-format', '--branch', branch]))))
    return `"${branch}" is no name of a branch`
  const head = (await git(root, ['symbolic-ref', '--quiet', 'HEAD']).catch(() => Buffer.from(''))).toString().trim()
  if (head === `refs/heads/${branch}`) return `${branch} is the branch that people work on`
  const remoteHeads = (
    await git(root, ['for-each-ref', '--format=%(symref)', 'refs/remotes']).catch(() => Buffer.from(''))
  )
    .toString()
    .split('\n')
  if (
    remoteHeads.some(
      (one) => /^refs\/remotes\/[^/]+\//.test(one) && one.replace(/^refs\/remotes\/[^/]+\//, '') === branch,
    )
  )
    return `${branch} is the default branch of a remote`
  const tree = await git(root, ['ls-tree', '--name-only', '-z', `refs/heads/${branch}`]).catch(() => null)
  const strange = tree
    ?.toString()
    .split('\0')
    .filter(Boolean)
    .find((name) => name !== folder)
  return strange === undefined ? null : `${branch} holds other files (${strange})`
}

const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  )
