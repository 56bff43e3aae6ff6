import { type GitOptions, git, readObjects } from './git.ts'

/** A file as one commit of a branch left it. */
export interface FileVersion {
  readonly commit: string
  readonly text: string
  /** Whether the commit is signed by somebody in the file of allowed signers; null when none was given. */
  readonly isSigned: boolean | null
}

/**
 * Every version of a file along the first parents of a branch, oldest first. Throws when there is no such branch.
 *
 * @param allowedSigners path of a file of allowed signers (ssh-keygen(1)); the signature of every commit is checked against it
 */
export async function fileHistory(
  root: string,
  branch: string,
  path: string,
  allowedSigners?: string,
): Promise<readonly FileVersion[]> {
  const range = ['rev-list', '--first-parent', '--reverse', `refs/heads/${branch}`, '--', path]
  const commits = (await git(root, range)).toString().split('\n').filter(Boolean)
  const texts = await readObjects(
    root,
    commits.map((commit) => `${commit}:${path}`),
  )
  const versions: FileVersion[] = []
  for (const [index, commit] of commits.entries())
    versions.push({
      commit,
      text: texts[index]?.toString('utf8') ?? '',
      isSigned: allowedSigners === undefined ? null : await isSignedBy(root, commit, allowedSigners),
    })
  return versions
}

function isSignedBy(root: string, commit: string, allowedSigners: string): Promise<boolean> {
  const settings: GitOptions['env'] = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'gpg.ssh.allowedSignersFile',
    GIT_CONFIG_VALUE_0: allowedSigners,
  }
  return git(root, ['verify-commit', commit], { env: settings }).then(
    () => true,
    () => false,
  )
}
