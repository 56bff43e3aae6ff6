import { chmod, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject } from '../../core/model/index.ts'

/** An app that was just made, with what GitHub shows only once. */
export interface MadeApp {
  readonly id: number
  readonly slug: string
  readonly page: string
  readonly webhookSecret: string
  readonly privateKey: string
}

const timeoutMs = 30_000

/**
 * Exchanges the code that GitHub gave for the app's id and secrets; it can be done once, within an hour. Throws with what GitHub
 * says. https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest
 */
export async function convertCode(apiUrl: string, code: string): Promise<MadeApp> {
  if (!/^[\w-]{1,200}$/.test(code)) throw new Error('that is no code of GitHub')
  const response = await fetch(`${apiUrl}/app-manifests/${code}/conversions`, {
    method: 'POST',
    headers: { accept: 'application/vnd.github+json', 'user-agent': 'gitsoc' },
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: Error) => {
    throw new Error(`GitHub does not answer: ${error.message}`)
  })
  if (response.status === 404) throw new Error('GitHub does not know the code: it is good once, and for an hour')
  const made: unknown = await response.json().catch(() => null)
  if (
    !response.ok ||
    !isObject(made) ||
    typeof made.id !== 'number' ||
    typeof made.slug !== 'string' ||
    typeof made.webhook_secret !== 'string' ||
    typeof made.pem !== 'string'
  )
    throw new Error(`GitHub answered ${response.status} without an app`)
  return {
    id: made.id,
    slug: made.slug,
    page: typeof made.html_url === 'string' ? made.html_url : '',
    webhookSecret: made.webhook_secret,
    privateKey: made.pem,
  }
}

/** Writes the secrets as files that only this user reads, named as the server looks for them. Refuses to write over any. */
export async function keepSecrets(dir: string, app: MadeApp): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const files = [
    [join(dir, 'github-webhook'), `${app.webhookSecret}\n`],
    [join(dir, 'github-app-key'), app.privateKey],
  ] as const
  for (const [path, text] of files) {
    const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? new Error(`${path} is there already: move it away first`) : error
    })
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    // Whatever the umask of this user is.
    await chmod(path, 0o600)
  }
  return files.map(([path]) => path)
}
