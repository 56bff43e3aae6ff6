import { randomBytes } from 'node:crypto'
import type { Probot, ProbotOctokit } from 'probot'
import type { Client } from './feature.ts'
import type { GithubSettings } from './settings.ts'

/** Probot with a secret of its own, and clients for the installation of each repository. */
export interface Clients {
  readonly probot: Probot
  /** What requests are signed with before they are handed to Probot: nobody outside of this process knows it. */
  readonly secret: string
  /** The installation of a repository; asked of GitHub once. */
  installationOf(repository: Repository): Promise<number>
  clientOf(repository: Repository): Promise<Client>
  /** A token that reads the content of this one repository. */
  gitTokenOf(repository: Repository): Promise<string>
}

export interface Repository {
  readonly owner: string
  readonly repo: string
  /** Null = asked of GitHub. */
  readonly installation: number | null
}

const timeoutMs = 30_000
const tokenSpareMs = 5 * 60_000

/** Probot and what it brings are loaded here, so that a server without GitHub never holds them. */
export async function createClients(
  settings: Pick<GithubSettings, 'appId' | 'privateKey' | 'apiUrl'>,
  { log, clock, Octokit }: { log: (message: string) => void; clock: () => number; Octokit?: typeof ProbotOctokit },
): Promise<Clients> {
  const [{ Probot }, { probotLog }] = await Promise.all([import('probot'), import('./probot-log.ts')])
  const secret = randomBytes(32).toString('hex')
  const probot = new Probot({
    appId: settings.appId,
    privateKey: settings.privateKey,
    secret,
    baseUrl: settings.apiUrl,
    log: probotLog(log),
    request: { fetch: timedFetch },
    ...(Octokit === undefined ? {} : { Octokit }),
  })
  const installations = new Map<string, Promise<number>>()
  const clients = new Map<string, Promise<Client>>()
  const tokens = new Map<string, { readonly token: string; readonly until: number }>()
  const keyOf = ({ owner, repo }: Repository) => `${owner}/${repo}`.toLowerCase()

  /** A failure is not kept: the next one asks again. */
  const once = <T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> => {
    const before = known.get(key)
    if (before !== undefined) return before
    const asked = ask()
    known.set(key, asked)
    asked.catch(() => known.delete(key))
    return asked
  }
  const installationOf = async (one: Repository): Promise<number> =>
    one.installation ??
    once(installations, keyOf(one), async () => {
      const asApp = await probot.auth()
      const { data } = await asApp.rest.apps.getRepoInstallation({ owner: one.owner, repo: one.repo })
      return data.id
    })
  return {
    probot,
    secret,
    installationOf,
    clientOf: (one) => once(clients, keyOf(one), async () => probot.auth(await installationOf(one))),
    async gitTokenOf(one) {
      const known = tokens.get(keyOf(one))
      if (known !== undefined && known.until > clock()) return known.token
      const asApp = await probot.auth()
      const { data } = await asApp.rest.apps.createInstallationAccessToken({
        installation_id: await installationOf(one),
        repositories: [one.repo],
        permissions: { contents: 'read' },
      })
      tokens.set(keyOf(one), { token: data.token, until: Date.parse(data.expires_at) - tokenSpareMs })
      return data.token
    },
  }
}

/** Octokit has no timeout of its own: a GitHub that does not answer would hold a worker for ever. */
const timedFetch: typeof fetch = (input, init) => {
  const timeout = AbortSignal.timeout(timeoutMs)
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout })
}
