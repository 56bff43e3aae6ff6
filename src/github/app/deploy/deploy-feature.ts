import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { own } from '../../../core/model/index.ts'
import type { Limits } from '../../../preview/index.ts'
import { createMirror, isGitThere, type Mirror } from '../../../repo/index.ts'
import type { Client, Feature, FeatureOf, Seat } from '../feature.ts'
import type { GithubSettings } from '../settings.ts'
import { reasonOf } from '../work-deliveries.ts'
import type { AuthorsAt } from './api-authors.ts'
import { apiFacts } from './api-facts.ts'
import { currentDeployment, takeDeployTurn, wasTried } from './deployments.ts'
import { gitFacts } from './git-facts.ts'
import { type CommitFacts, putIntoService } from './put-into-service.ts'
import { tellDeployments } from './tell.ts'

export interface DeployParts {
  readonly settings: Pick<GithubSettings, 'branch' | 'signatures'>
  /** Where mirrors lie. */
  readonly mirrorsDir: string
  readonly limits?: Partial<Limits>
  /** How often the branch is looked at besides webhooks; a minute unless told. */
  readonly everyMs?: number
  /** Whether the program git may be used; looked for unless told. */
  readonly git?: boolean
}

const defaultEveryMs = 60_000

/** The mirror of a tenant's repository. */
export const mirrorOf = (seat: Seat, dir: string): Mirror =>
  createMirror({
    dir: join(dir, `${seat.store.tenant}.git`),
    url: `${seat.webUrl}/${seat.owner}/${seat.repo}.git`,
    token: seat.gitToken,
  })

/** The branch that content is deployed from: the one of the settings, else the default branch. */
export async function branchOf(client: Client, { owner, repo }: Seat, branch: string | null): Promise<string> {
  return branch ?? (await client.rest.repos.get({ owner, repo })).data.default_branch
}

/** Puts what is pushed to the branch into service: on a webhook, and by looking, since webhooks get lost. */
export function deployFeature(parts: DeployParts): FeatureOf {
  return (seat): Feature => {
    const { store, owner, repo, clock, log, count } = seat
    const { signatures } = parts.settings
    const mirror = mirrorOf(seat, parts.mirrorsDir)
    const births: AuthorsAt['births'] = new Map()
    const stopping = new AbortController()
    let looping: Promise<void> = Promise.resolve()

    const headOf = async (client: Client): Promise<string> => {
      const branch = await branchOf(client, seat, parts.settings.branch)
      return (await client.rest.git.getRef({ owner, repo, ref: `heads/${branch}` })).data.object.sha
    }
    const factsOf = async (client: Client, commit: string): Promise<CommitFacts> => {
      const at = { client, owner, repo }
      if (!(parts.git ?? (await isGitThere()))) return apiFacts({ ...at, births }, commit, signatures)
      await mirror.fetch([`refs/heads/${await branchOf(client, seat, parts.settings.branch)}`])
      return gitFacts(mirror.dir, commit, signatures, async () => at)
    }
    /** Whether there is something new, and what it came to. */
    const deployHead = async (): Promise<void> => {
      const client = await seat.client()
      const commit = await headOf(client)
      await store.transaction(async (turn) => {
        if (!(await takeDeployTurn(turn))) return
        const current = await store.transaction(currentDeployment)
        if (current?.commit === commit || (await store.transaction((tx) => wasTried(tx, commit)))) return
        const { actor, pull } = await broughtBy(client, seat, commit)
        const done = await putIntoService(
          { store, clock, ...(parts.limits === undefined ? {} : { limits: parts.limits }) },
          { commit, kind: 'push', actor, pull, reason: '', force: false },
          await factsOf(client, commit),
          current,
        )
        count(done.result)
        log(`deploy ${done.number}: ${commit.slice(0, 12)} ${done.result}: ${done.reason}`)
      })
      await tellDeployments({ store, client, owner, repo, clock })
    }
    // One after another: a webhook that comes while one is under way finds what is new after it.
    let turn: Promise<void> = Promise.resolve()
    const deploy = (): Promise<void> => {
      const mine = turn.then(deployHead)
      turn = mine.catch(() => undefined)
      return mine
    }
    return {
      handlers: {
        async push({ payload }) {
          const ref = own(payload, 'ref')
          const branch = await branchOf(await seat.client(), seat, parts.settings.branch)
          if (ref === `refs/heads/${branch}`) await deploy()
        },
      },
      look: deploy,
      async start() {
        looping = (async () => {
          while (!stopping.signal.aborted) {
            const pause = parts.everyMs ?? defaultEveryMs
            await wait(pause, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
            if (stopping.signal.aborted) return
            await deploy().catch((error: unknown) => {
              count('deploy-failed')
              log(`survived: the branch cannot be looked at: ${reasonOf(error)}`)
            })
          }
        })()
      },
      async stop() {
        stopping.abort()
        await looping
        await turn
      },
    }
  }
}

/** Who brought a commit, and by which pull request, as GitHub knows it. */
async function broughtBy(
  client: Client,
  { owner, repo }: Seat,
  commit: string,
): Promise<{ readonly actor: string; readonly pull: number | null }> {
  const { data } = await client.rest.repos.getCommit({ owner, repo, ref: commit })
  const pulls = await client.rest.repos
    .listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: commit })
    .then(({ data: found }) => found.filter((one) => one.merge_commit_sha === commit))
    .catch(() => [])
  const login = pulls[0]?.merged_at == null ? data.author?.login : (pulls[0].user?.login ?? data.author?.login)
  return { actor: login === undefined ? 'github' : `github:${login}`, pull: pulls[0]?.number ?? null }
}
