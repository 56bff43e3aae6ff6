import { git } from './git.ts'

/**
 * Who wrote each playbook of a commit, by the id that the file is named after: mail addresses and names of the authors, committers and
 * co-authors of every commit that a line of the file as it stands there comes from, and of the last commit that changed it. Reading
 * commits by their ids leaves out what a `.mailmap` would make of them. A playbook of which Git cannot tell is left out.
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
    const names = await authorsOf(root, revision, `playbooks/${id}.yaml`).catch(() => [])
    if (names.length > 0) found.push([id, names])
  }
  return Object.fromEntries(found)
}

const format = '--format=%ae%n%an%n%ce%n%cn%n%(trailers:key=Co-authored-by,valueonly)'
const coAuthor = /^(.*?)\s*<([^<>]+)>$/

async function authorsOf(root: string, revision: string, file: string): Promise<readonly string[]> {
  const last = await git(root, ['log', '-1', '--no-show-signature', '--format=%H', revision, '--', file])
  const lines = await git(root, ['-c', 'blame.ignoreRevsFile=', 'blame', '--porcelain', revision, '--', file])
  const commits = [last, lines].flatMap((one) =>
    [...String(one).matchAll(/^([0-9a-f]{40,64})\b/gm)].map(([, id = '']) => id),
  )
  if (commits.length === 0) return []
  const told = await git(root, ['log', '--no-walk', '--no-show-signature', format, ...new Set(commits)])
  const names = String(told)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .flatMap((line) => coAuthor.exec(line)?.slice(1).reverse() ?? [line])
  return [...new Set(names)]
}
