import { commitOf, git } from './git.ts'
import { contentFolders } from './read-content.ts'

/** Lines of a file, 1-based, both ends included. */
export type LineRange = readonly [first: number, last: number]

/** The newest commit that both have in their history. Throws when there is none, or one of them is not known. */
export async function mergeBaseOf(root: string, one: string, other: string): Promise<string> {
  const [a, b] = [await commitOf(root, one), await commitOf(root, other)]
  const found = await git(root, ['merge-base', a, b]).catch(() => Buffer.from(''))
  const base = found.toString().trim()
  if (base === '') throw new Error(`${one} and ${other} have no commit in common`)
  return base
}

/**
 * The lines of content that a commit, or the working tree when `after` is null, has and `before` has not, by path. What was
 * only taken away has no lines. Files that Git does not know yet are not in it.
 */
export async function changedLines(
  root: string,
  before: string,
  after: string | null,
): Promise<ReadonlyMap<string, readonly LineRange[]>> {
  const revisions = [await commitOf(root, before), ...(after === null ? [] : [await commitOf(root, after)])]
  const options = ['--text', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--unified=0']
  const prefixes = ['--src-prefix=a/', '--dst-prefix=b/']
  const quoting = ['-c', 'core.quotePath=false']
  const diff = await git(root, [...quoting, 'diff', ...options, ...prefixes, ...revisions, '--', ...contentFolders])
  return rangesOf(diff.toString('utf8'))
}

/** Reads a diff without context. Hunks are counted, so that no line of a file is taken for a header. */
export function rangesOf(diff: string): ReadonlyMap<string, readonly LineRange[]> {
  const ranges = new Map<string, LineRange[]>()
  let path = ''
  let within = 0
  for (const line of diff.split('\n')) {
    if (within > 0) {
      if (!line.startsWith('\\')) within--
      continue
    }
    const file = /^\+\+\+ (?:b\/(.+?)|.*)\t?$/.exec(line)
    if (file !== null) path = file[1] ?? ''
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line)
    if (hunk === null) continue
    const [, removed = '1', first = '', added = '1'] = hunk
    within = Number(removed) + Number(added)
    if (path === '' || Number(added) === 0) continue
    const list = ranges.get(path) ?? []
    ranges.set(path, list)
    list.push([Number(first), Number(first) + Number(added) - 1])
  }
  return ranges
}
