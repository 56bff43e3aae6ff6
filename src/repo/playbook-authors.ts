import { git } from './git.ts'

/**
 * Who wrote each playbook of a commit: author's and committer's mail address and name of the last commit that changed the file, by the
 * id that the file is named after. Empty where Git cannot tell.
 */
export async function playbookAuthors(
  root: string,
  commit: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const revision = /^[0-9a-f]{40,64}$/.test(commit) ? commit : 'HEAD'
  const found: (readonly [string, readonly string[]])[] = []
  for (const id of ids) {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) continue
    const args = [
      'log',
      '-1',
      '--no-show-signature',
      '--format=%ae%n%an%n%ce%n%cn',
      revision,
      '--',
      `playbooks/${id}.yaml`,
    ]
    const text = await git(root, args).then(String, () => '')
    const names = [...new Set(text.split('\n').filter((line) => line.trim() !== ''))]
    if (names.length > 0) found.push([id, names])
  }
  return Object.fromEntries(found)
}
