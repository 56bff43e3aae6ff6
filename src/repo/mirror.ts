import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { commitOf, git } from './git.ts'

/** A bare copy of a repository elsewhere, of which only named refs are fetched. */
export interface Mirror {
  readonly dir: string
  /** Fetches refs of the repository, e.g. `refs/heads/main`, and gives the commit of each. Throws with what git says. */
  fetch(refs: readonly string[]): Promise<readonly string[]>
}

export interface MirrorParts {
  readonly dir: string
  /** https; loopback by http for tests. Without credentials. */
  readonly url: string
  /** For GitHub's user `x-access-token`. It goes through the environment: arguments are seen by everybody on the machine. */
  readonly token: () => Promise<string>
}

const timeoutMs = 5 * 60_000
/** How this machine reaches others. */
const kept = ['https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY', 'SSL_CERT_FILE']
const safe = ['-c', 'protocol.allow=never', '-c', 'protocol.https.allow=always', '-c', 'core.hooksPath=/dev/null']
const fetchOptions = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-auto-maintenance', '--force']

/** A mirror in a folder, made when it is first fetched. Nothing that is fetched is run, and one fetch goes after another. */
export function createMirror({ dir, url, token }: MirrorParts): Mirror {
  let turn: Promise<unknown> = Promise.resolve()
  const isLoopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(url)
  if (!isLoopback && !url.startsWith('https://')) throw new Error(`${url} is no https address`)
  const allowed = isLoopback ? [...safe, '-c', 'protocol.http.allow=always'] : safe

  const fetch = async (refs: readonly string[]): Promise<readonly string[]> => {
    await mkdir(dir, { recursive: true })
    await git(dir, ['init', '--quiet', '--bare', '--template=', '.'])
    const basic = Buffer.from(`x-access-token:${await token()}`).toString('base64')
    const env = {
      ...Object.fromEntries(
        kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
      ),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
      GIT_ASKPASS: '',
    }
    const specs = refs.map((ref) => `+${ref}:${localOf(ref)}`)
    await git(dir, [...allowed, 'fetch', ...fetchOptions, '--', url, ...specs], { env, timeoutMs }).catch(
      (error: Error & { stderr?: Buffer }) => {
        const [first = 'git did not say why'] = String(error.stderr ?? '')
          .split('\n')
          .filter((line) => line.trim() !== '')
        throw new Error(`the repository cannot be fetched: ${first.slice(0, 200)}`)
      },
    )
    return Promise.all(refs.map((ref) => commitOf(dir, localOf(ref))))
  }
  return {
    dir,
    fetch(refs) {
      const mine = turn.then(() => fetch(refs))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

/** A name of its own: a push there must never look like a branch of ours. */
const localOf = (ref: string) => `refs/mirror/${ref.replace(/^refs\//, '')}`

/** Whether the program git can be started. */
export async function isGitThere(): Promise<boolean> {
  return promisify(execFile)('git', ['--version']).then(
    () => true,
    () => false,
  )
}

/** Whether a commit has another one behind it, or is the same. False also when one of them is not here. */
export async function comesAfter(root: string, commit: string, before: string): Promise<boolean> {
  return git(root, ['merge-base', '--is-ancestor', before, commit]).then(
    () => true,
    () => false,
  )
}

/** The mail address of a commit's author. */
export async function commitAuthor(root: string, commit: string): Promise<string> {
  return (await git(root, ['log', '-1', '--no-show-signature', '--format=%ae', commit])).toString().trim()
}

/**
 * Who signed a commit with an SSH key that a file of allowed signers names (ssh-keygen(1), "ALLOWED SIGNERS"); null when nobody
 * of them did. Signatures by PGP and X.509 count for nothing: their keys would be those of this machine's user.
 */
export async function signedBy(root: string, commit: string, signersFile: string): Promise<string | null> {
  const options = [
    ...['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${signersFile}`],
    ...['-c', 'gpg.program=false', '-c', 'gpg.x509.program=false', '-c', 'gpg.ssh.program=ssh-keygen'],
  ]
  return git(root, [...options, 'verify-commit', commit]).then(
    async () => (await git(root, [...options, 'log', '-1', '--format=%GS', commit])).toString().trim() || null,
    () => null,
  )
}
