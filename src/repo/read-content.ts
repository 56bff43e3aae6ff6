import { execFile, spawn } from 'node:child_process'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SourceFile } from '../core/content/index.ts'

/** Content with the commit it was read from (`worktree` when it was not). */
export interface Content {
  readonly commit: string
  readonly files: readonly SourceFile[]
}

const folders = ['rules', 'playbooks', 'integrations']
const isContent = (path: string) => /\.(ya?ml)$/.test(path)
const maxBytes = 1_000_000

/** The content files of a working tree. Links are not followed. */
export async function readWorkingTree(root: string): Promise<Content> {
  const files: SourceFile[] = []
  for (const folder of folders) await walk(root, folder, files)
  return { commit: 'worktree', files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

async function walk(root: string, folder: string, files: SourceFile[]): Promise<void> {
  const names = await readdir(join(root, folder)).catch(() => [])
  for (const name of names.sort()) {
    const path = `${folder}/${name}`
    const info = await lstat(join(root, path))
    if (info.isDirectory()) await walk(root, path, files)
    else if (info.isFile() && isContent(path) && info.size <= maxBytes)
      files.push({ path, text: await readFile(join(root, path), 'utf8') })
  }
}

const environment = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
}

async function git(root: string, args: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('git', ['-C', root, '-c', `safe.directory=${root}`, ...args], {
    env: environment,
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  })
  return stdout
}

/** The content files of any commit, from Git's objects: no checkout. Throws when the revision is not known. */
export async function readCommit(root: string, revision: string): Promise<Content> {
  if (!/^[\w./@{}^~-]{1,200}$/.test(revision) || revision.startsWith('-'))
    throw new Error(`"${revision}" is no revision`)
  const commit = (
    await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).catch(() =>
      Buffer.from(''),
    )
  )
    .toString()
    .trim()
  if (commit === '') throw new Error(`there is no commit "${revision}" in ${root}`)
  const listing = (await git(root, ['ls-tree', '-r', '-z', commit, '--', ...folders])).toString('utf8')
  const entries = listing.split('\0').flatMap((line) => {
    const match = /^(100644|100755) blob ([0-9a-f]{40,64})\t(.+)$/s.exec(line)
    return match !== null && isContent(match[3] as string)
      ? [{ object: match[2] as string, path: match[3] as string }]
      : []
  })
  const texts = await readObjects(
    root,
    entries.map((one) => one.object),
  )
  return {
    commit,
    files: entries
      .map(({ path }, index) => ({ path, text: texts[index] ?? '' }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

/** The texts of blobs, with one `cat-file --batch`. */
async function readObjects(root: string, objects: readonly string[]): Promise<readonly string[]> {
  if (objects.length === 0) return []
  const child = spawn('git', ['-C', root, '-c', `safe.directory=${root}`, 'cat-file', '--batch'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.end(`${objects.join('\n')}\n`)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const data = Buffer.concat(chunks)
  const texts: string[] = []
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(10, at)
    const size = Number(data.subarray(at, end).toString().split(' ')[2])
    if (!Number.isInteger(size)) throw new Error('git cat-file gave an unexpected answer')
    texts.push(data.subarray(end + 1, end + 1 + size).toString('utf8'))
    at = end + 1 + size + 1
  }
  return texts
}
