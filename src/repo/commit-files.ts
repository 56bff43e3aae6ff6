import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SourceFile } from '../core/content/index.ts'
import { oneLine } from '../core/model/index.ts'
import { remoteFault } from './check-place.ts'
import { commitOf, type GitOptions, git } from './git.ts'

/** Files that become one commit on a branch. */
export interface CommitRequest {
  /** The branch, without `refs/heads/`; made when there is none. */
  readonly branch: string
  /** Where a new branch begins; null begins with nothing before it. */
  readonly onto: string | null
  /** Added or replaced; every other file of the branch stays. */
  readonly files: readonly SourceFile[]
  /** First line, empty line, text. */
  readonly message: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Path of an SSH private key; the commit is signed with it. */
  readonly signingKey?: string
}

/** The branch's newest commit; `isNew` is false where the branch said the same already. */
export interface Committed {
  readonly commit: string
  readonly isNew: boolean
}

/**
 * Commits files to a branch without touching a working tree or an index: objects are written, then the branch is moved
 * in one compare-and-set. Throws for a branch that is checked out, a path that leads outside, and when somebody else moved
 * the branch meanwhile.
 */
export async function commitFiles(root: string, request: CommitRequest): Promise<Committed> {
  const { branch, files } = request
  await git(root, ['rev-parse', '--git-dir']).catch(() => {
    throw new Error(`${root} is no Git repository`)
  })
  await git(root, ['check-ref-format', '--branch', branch]).catch(() => {
    throw new Error(`"${branch}" is no name of a branch`)
  })
  for (const { path } of files) if (!isInside(path)) throw new Error(`"${path}" is no path inside the repository`)
  await refuseCheckedOut(root, branch)
  const old = await headOf(root, branch)
  const parent = old ?? (request.onto === null ? null : await commitOf(root, request.onto))
  const tree = await treeWith(root, parent, files)
  if (old !== null && tree === (await read(root, ['rev-parse', `${old}^{tree}`]))) return { commit: old, isNew: false }
  const commit = await commitTree(root, tree, parent, request)
  await git(root, ['update-ref', '-m', 'gitsoc', `refs/heads/${branch}`, commit, old ?? '']).catch(() => {
    throw new Error(`somebody else moved ${branch} at the same time`)
  })
  return { commit, isNew: true }
}

/** The newest commit of a branch, or null when there is no such branch. */
export async function headOf(root: string, branch: string): Promise<string | null> {
  return read(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}^{commit}`]).catch(
    () => null,
  )
}

/**
 * Pushes a branch to another repository; never forces. Throws when that one has something else there.
 *
 * @param env settings that git reads from its environment, e.g. a header with a token
 */
export async function pushBranch(
  root: string,
  remote: string,
  branch: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (remote.startsWith('-')) throw new Error(`"${remote}" is no repository`)
  const ref = `refs/heads/${branch}`
  const fault = await remoteFault(root, remote)
  if (fault !== null) throw new Error(fault)
  await git(root, ['push', '--quiet', '--end-of-options', remote, `${ref}:${ref}`], { env }).catch((error: unknown) => {
    throw new Error(`${branch} could not be pushed to ${shown(remote)}: ${whyOf(error)}`)
  })
}

/** Without a user and password that a URL may hold. */
const shown = (remote: string) => remote.replace(/\/\/[^/@]*@/, '//')

/** What git said in a line, without the hints that it gives to people. */
function whyOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: unknown; readonly message?: unknown }
  const said = Buffer.isBuffer(stderr) ? stderr.toString('utf8').split('\n') : []
  const line = said.find((one) => /^\s*!|rejected|^fatal:|^error:/.test(one)) ?? said.find((one) => one.trim() !== '')
  return oneLine((line ?? String(message)).replace(/^(?:fatal|error): /, '').replace(/\/\/[^/@\s]*@/g, '//'), 300)
}

/** No part begins with a dot, so none leads upwards or into `.git`. */
const isInside = (path: string) => /^[\w@+][\w.@+-]*(?:\/[\w@+][\w.@+-]*)*$/.test(path)

async function refuseCheckedOut(root: string, branch: string): Promise<void> {
  if ((await read(root, ['rev-parse', '--is-bare-repository'])) === 'true') return
  const trees = (await read(root, ['worktree', 'list', '--porcelain'])).split('\n')
  if (trees.includes(`branch refs/heads/${branch}`))
    throw new Error(`${branch} is checked out: its working tree would no longer fit`)
}

async function treeWith(root: string, parent: string | null, files: readonly SourceFile[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-index-'))
  const options: GitOptions = { env: { GIT_INDEX_FILE: join(dir, 'index') } }
  try {
    await git(root, ['read-tree', parent === null ? '--empty' : parent], options)
    const entries: string[] = []
    for (const { path, text } of files) {
      const object = await read(root, ['hash-object', '-w', '--stdin'], { input: text })
      entries.push(`100644 ${object}\t${path}\n`)
    }
    await git(root, ['update-index', '--add', '--index-info'], { ...options, input: entries.join('') })
    return await read(root, ['write-tree'], options)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function commitTree(root: string, tree: string, parent: string | null, request: CommitRequest): Promise<string> {
  const { signingKey, message } = request
  const date = `${Math.floor(request.at / 1000)} +0000`
  const person = (role: string) => ({
    [`GIT_${role}_NAME`]: 'gitsoc',
    [`GIT_${role}_EMAIL`]: 'gitsoc@localhost',
    [`GIT_${role}_DATE`]: date,
  })
  const signing = signingKey === undefined ? [] : ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${signingKey}`]
  const args = ['commit-tree', ...(signingKey === undefined ? [] : ['-S']), ...(parent === null ? [] : ['-p', parent])]
  return read(root, [...signing, ...args, '-F', '-', tree], {
    input: message,
    env: { ...person('AUTHOR'), ...person('COMMITTER') },
  })
}

async function read(root: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await git(root, args, options)).toString().trim()
}
