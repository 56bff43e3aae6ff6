import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A repository fetched into a folder of its own; `remove` takes it away again. */
export interface Fetched {
  readonly dir: string
  remove(): Promise<void>
}

const timeoutMs = 10 * 60_000
/** Over these alone: no program that an address names, no unencrypted transport. */
const transports = ['https', 'ssh', 'file']

/** Whether a text is an address that {@link fetchRepository} takes: https, ssh, file, or `user@host:path`. */
export function isRepositoryUrl(text: string): boolean {
  return (
    /^(https|ssh):\/\/(?:[\w.-]+@)?[A-Za-z0-9][\w.-]*(:\d{1,5})?\/[\w./~+%@-]+$/.test(text) ||
    /^file:\/\/\/[^\0\n]+$/.test(text) ||
    /^[\w.-]+@[A-Za-z0-9][\w.-]*:[\w~][\w./~+-]*$/.test(text)
  )
}

/**
 * Fetches one revision of a repository, without its history and without a working tree: nothing of it is run, no hook, no
 * filter, no submodule, no helper that asks for passwords. Throws with what git says.
 */
export async function fetchRepository(url: string, ref: string | null): Promise<Fetched> {
  if (!isRepositoryUrl(url)) throw new Error(`"${url}" is no address of a repository: https, ssh or file`)
  if (ref !== null && !/^[\w][\w./+-]{0,199}$/.test(ref)) throw new Error(`"${ref}" is no revision`)
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-fetch-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const allowed = transports.flatMap((one) => ['-c', `protocol.${one}.allow=always`])
  const safe = ['-c', 'protocol.allow=never', ...allowed, '-c', 'core.hooksPath=/dev/null', '-c', 'credential.helper=']
  try {
    await run(['init', '--quiet', '--bare', '--template=', dir])
    await run([
      ...['-C', dir, ...safe, 'fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules'],
      ...['--no-auto-maintenance', '--', url, ref ?? 'HEAD'],
    ])
    return { dir, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function run(args: readonly string[]): Promise<void> {
  const kept = ['PATH', 'HOME', 'SSH_AUTH_SOCK', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY', 'SSL_CERT_FILE']
  const env = {
    ...Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    GIT_ALLOW_PROTOCOL: transports.join(':'),
  }
  await promisify(execFile)('git', [...args], { env, timeout: timeoutMs }).catch(
    (error: NodeJS.ErrnoException & { stderr?: string }) => {
      if (error.code === 'ENOENT') throw new Error('the program git is not installed')
      const [first = error.message] = (error.stderr ?? '').split('\n').filter((line) => line.trim() !== '')
      throw new Error(first.slice(0, 300))
    },
  )
}
