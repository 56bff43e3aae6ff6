import { setTimeout as wait } from 'node:timers/promises'
import { isObject, own } from '../../../core/model/index.ts'
import type { Limits } from '../../../preview/index.ts'
import { branchOf, mirrorOf } from '../deploy/deploy-feature.ts'
import type { Feature, FeatureOf, Handler } from '../feature.ts'
import type { GithubSettings } from '../settings.ts'
import { reasonOf } from '../work-deliveries.ts'
import { lookAtPull, readPull } from './look-at-pull.ts'
import {
  claimPlan,
  maxPlanAttempts,
  type PlanRow,
  planChannel,
  putOffPlan,
  renewPlan,
  settlePlan,
  wantPlan,
} from './plan-rows.ts'
import { closeCheck, externalIdOf, openCheck, planCheck } from './tell-plan.ts'

export interface PlanFeatureParts {
  readonly settings: Pick<GithubSettings, 'branch'>
  readonly mirrorsDir: string
  readonly enrichDir: string | null
  readonly limits?: Partial<Limits>
  /** How many plans are made at once here; one unless told: each takes two processors for a while. */
  readonly atOnce?: number
}

const pollMs = 5000
const renewMs = 2000

/** The feature, and for tests and commands its work as one call. */
export interface PlanFeature extends Feature {
  /** Makes every plan that is due. */
  drain(): Promise<void>
}

/** Looks at pull requests that touch content: one check run and one comment each, of the newest head. */
export function planFeature(parts: PlanFeatureParts): (seat: Parameters<FeatureOf>[0]) => PlanFeature {
  return (seat) => {
    const { store, clock, log, count } = seat
    const work = {
      seat,
      mirror: mirrorOf(seat, parts.mirrorsDir),
      enrichDir: parts.enrichDir,
      limits: parts.limits ?? {},
    }
    const stopping = new AbortController()
    let loops: Promise<unknown> = Promise.resolve()
    let unlisten: () => Promise<void> = async () => {}
    let woken = new AbortController()
    const underWay = new Map<number, AbortController>()

    const want = async (pull: number, again: boolean): Promise<void> => {
      const client = await seat.client()
      const { head, base, isOpen } = await readPull(client, seat, pull)
      if (!isOpen || base !== (await branchOf(client, seat, parts.settings.branch))) return
      if (!(await wantPlan(store, { pull, head, base, again }, clock()))) return
      count('plan-wanted')
      underWay.get(pull)?.abort()
    }

    /** Makes the next plan that is due; false when there is none. */
    const next = async (): Promise<boolean> => {
      const row = await claimPlan(store, clock())
      if (row === null) return false
      const overtaken = new AbortController()
      underWay.set(row.pull, overtaken)
      // Another replica may have heard of the newer head.
      const renewing = setInterval(() => {
        renewPlan(store, row.pull, clock()).then(
          (now) => (now?.round === row.round ? undefined : overtaken.abort()),
          () => undefined,
        )
      }, renewMs)
      try {
        await lookAtPull(work, row, AbortSignal.any([overtaken.signal, stopping.signal]))
      } catch (error) {
        await failed(row, reasonOf(error)).catch((also: unknown) =>
          log(`survived: plan ${row.pull}: ${reasonOf(also)}`),
        )
      } finally {
        clearInterval(renewing)
        underWay.delete(row.pull)
      }
      return true
    }
    const failed = async (row: PlanRow, reason: string): Promise<void> => {
      count('plan-failed')
      log(`plan of pull request ${row.pull} failed: ${reason}`)
      if (row.attempts < maxPlanAttempts) return putOffPlan(store, row.pull, reason, clock())
      const client = await seat.client()
      const at = { store, owner: seat.owner, repo: seat.repo, appId: seat.appId, client }
      const summary = `The plan could not be made: ${reason}`
      const said = { conclusion: 'neutral', title: 'no plan', summary, text: summary, annotations: [] } as const
      await closeCheck(at, await openCheck(at, row, row.wanted), said).catch(() => undefined)
      await settlePlan(store, row, row.wanted)
    }

    const run = async () => {
      while (!stopping.signal.aborted) {
        const { signal } = woken
        const worked = await next().catch((error: unknown) => {
          log(`survived: plans wait: ${reasonOf(error)}`)
          return false
        })
        if (!worked)
          await wait(pollMs, undefined, { ref: false, signal: AbortSignal.any([signal, stopping.signal]) }).catch(
            () => {},
          )
      }
    }
    const onPull: Handler = async ({ payload }) => {
      const pull = own(payload, 'number')
      if (typeof pull === 'number') await want(pull, false)
    }
    return {
      handlers: {
        'pull_request.opened': onPull,
        'pull_request.synchronize': onPull,
        'pull_request.reopened': onPull,
        'pull_request.edited': onPull,
        async 'check_run.rerequested'({ payload }) {
          const pull = pullOfOurs(payload.check_run, seat.appId)
          if (pull !== null) await want(pull, true)
        },
      },
      async look() {
        const client = await seat.client()
        const { owner, repo } = seat
        const base = await branchOf(client, seat, parts.settings.branch)
        const open = await client.paginate(client.rest.pulls.list, { owner, repo, state: 'open', base, per_page: 100 })
        for (const { number, head } of open)
          await wantPlan(store, { pull: number, head: head.sha, base, again: false }, clock())
      },
      async drain() {
        while (await next());
      },
      async start() {
        unlisten = await store.listen(planChannel, () => {
          woken.abort()
          woken = new AbortController()
        })
        loops = Promise.all(Array.from({ length: parts.atOnce ?? 1 }, run))
      },
      async stop() {
        stopping.abort()
        await loops
        await unlisten()
      },
    }
  }
}

/** The pull request of a check run that is ours. */
function pullOfOurs(run: unknown, appId: number): number | null {
  if (!isObject(run) || run.name !== planCheck || !isObject(run.app) || run.app.id !== appId) return null
  const pull = Number(/^pull\/(\d{1,9})$/.exec(String(run.external_id))?.[1] ?? Number.NaN)
  return Number.isInteger(pull) && run.external_id === externalIdOf(pull) ? pull : null
}
