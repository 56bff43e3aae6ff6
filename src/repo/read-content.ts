import { lstat, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from '../core/content/index.ts'
import { commitOf, git, readObjects } from './git.ts'

/** Content with the commit it was read from (`worktree` when it was not). */
export interface Content {
  readonly commit: string
  readonly files: readonly SourceFile[]
}

/** Where content lies; nothing else of a repository is read. */
export const contentFolders = ['rules', 'playbooks', 'integrations', 'test/fixtures/playbooks']
const isContent = (path: string) => /\.(ya?ml)$/.test(path)
/** Whether a path of a repository is content: rules, playbooks, integrations and their fixtures. */
export const isContentPath = (path: string) =>
  isContent(path) && contentFolders.some((folder) => path.startsWith(`${folder}/`))
/** Enough of a file to see that it is too large: four bytes are at most one character more than a million of them. */
const readBytes = 4_000_004
/** All content of a commit together. */
export const maxTotalBytes = 256 * 1024 * 1024

/**
 * The content files of a working tree. Links are not followed; of a file that is too large the beginning is given, so
 * that the compiler refuses it. Throws when the folder is not there, holds no content, or cannot be read.
 */
export async function readWorkingTree(root: string): Promise<Content> {
  const info = await stat(root).catch(() => null)
  if (info === null || !info.isDirectory()) throw new Error(`there is no folder ${root}`)
  const files: SourceFile[] = []
  let found = 0
  for (const folder of contentFolders) {
    const top = await lstat(join(root, folder)).catch(absent)
    if (top?.isDirectory() !== true) continue
    found++
    await walk(root, folder, files)
  }
  if (found === 0) throw new Error(`${root} has none of the folders ${contentFolders.join(', ')}`)
  return { commit: 'worktree', files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

async function walk(root: string, folder: string, files: SourceFile[]): Promise<void> {
  const names = await readdir(join(root, folder))
  for (const name of names.sort()) {
    const path = `${folder}/${name}`
    const info = await lstat(join(root, path))
    if (info.isDirectory()) await walk(root, path, files)
    else if (info.isFile() && isContent(path)) files.push({ path, text: await textOf(join(root, path), info.size) })
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

/** A whole file when it is small enough, else its beginning. */
const textOf = (file: string, size: number): Promise<string> =>
  size < readBytes ? readFile(file, 'utf8') : beginning(file)

/** The text of a file, as far as a compiler would read it. */
export async function beginning(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const chunks: Buffer[] = []
    for await (const chunk of handle.createReadStream({ end: readBytes - 1, autoClose: false }))
      chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    await handle.close()
  }
}

/** The content files of any commit, from Git's objects: no checkout. Throws when the revision is not known. */
export async function readCommit(root: string, revision: string): Promise<Content> {
  const commit = await commitOf(root, revision)
  const listing = (await git(root, ['ls-tree', '-r', '-z', '-l', commit, '--', ...contentFolders])).toString('utf8')
  let total = 0
  const entries = listing.split('\0').flatMap((line) => {
    const match = /^(100644|100755) blob ([0-9a-f]{40,64}) +(\S+)\t(.+)$/s.exec(line)
    const [, , object = '', size = '', path = ''] = match ?? []
    if (match === null || !isContent(path)) return []
    if (!/^\d+$/.test(size)) throw new Error(`the object ${object} of ${path} is missing in ${root}`)
    total += Number(size)
    return [{ object, path }]
  })
  if (listing === '') throw new Error(`commit ${commit} has none of the folders ${contentFolders.join(', ')}`)
  if (total > maxTotalBytes) throw new Error(`the content of ${commit} has more than ${maxTotalBytes} bytes`)
  const texts = await readObjects(
    root,
    entries.map((one) => one.object),
  )
  return {
    commit,
    files: entries
      .map(({ path }, index) => ({ path, text: texts[index]?.toString('utf8') ?? '' }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}
