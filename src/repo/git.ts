import { execFile, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const environment = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  // A commit is what its id says: no local replacement of objects, nothing fetched while reading.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
}

/** What a call of git gets besides its arguments. */
export interface GitOptions {
  /** Added to an environment that holds nothing of the machine's configuration. */
  readonly env?: Readonly<Record<string, string>>
  /** Given on standard input. */
  readonly input?: string
  /** After that long it is ended; never unless told. */
  readonly timeoutMs?: number
}

/** Runs git with arguments, never through a shell; the repository's owner and configuration of the machine do not matter. */
export async function git(root: string, args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const running = promisify(execFile)('git', ['-C', root, '-c', `safe.directory=${resolve(root)}`, ...args], {
    env: { ...environment, ...options.env },
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
  })
  // When git ends before it has read everything, its exit code says so.
  running.child.stdin?.on('error', () => undefined)
  running.child.stdin?.end(options.input ?? '')
  return (await running).stdout
}

/** The id of the commit that a revision names. Throws when there is none. */
export async function commitOf(root: string, revision: string): Promise<string> {
  if (!/^[\w./@{}^~-]{1,200}$/.test(revision) || revision.startsWith('-'))
    throw new Error(`"${revision}" is no revision`)
  const commit = (
    await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw new Error('the program git is not installed: it reads commits')
        return Buffer.from('')
      },
    )
  )
    .toString()
    .trim()
  if (commit === '') throw new Error(`there is no commit "${revision}" in ${root}`)
  return commit
}

/** Short names of branches and tags, of remotes too; at most a thousand. */
export async function namesOfCommits(root: string): Promise<readonly string[]> {
  const refs = ['refs/heads', 'refs/tags', 'refs/remotes']
  const found = await git(root, ['for-each-ref', '--count=1000', '--format=%(refname:short)', ...refs]).catch(
    () => null,
  )
  return found?.toString().split('\n').filter(Boolean) ?? []
}

/** The bytes of blobs, with one `cat-file --batch`. */
export async function readObjects(root: string, objects: readonly string[]): Promise<readonly Buffer[]> {
  if (objects.length === 0) return []
  const child = spawn('git', ['-C', root, '-c', `safe.directory=${resolve(root)}`, 'cat-file', '--batch'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // When git ends early its answer is short, and that is reported below.
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${objects.join('\n')}\n`)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const data = Buffer.concat(chunks)
  const texts: Buffer[] = []
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(10, at)
    const size = Number(data.subarray(at, end).toString().split(' ')[2])
    if (!Number.isInteger(size)) throw new Error('git cat-file gave an unexpected answer')
    texts.push(data.subarray(end + 1, end + 1 + size))
    at = end + 1 + size + 1
  }
  if (texts.length !== objects.length) throw new Error('git cat-file ended before all files were read')
  return texts
}
