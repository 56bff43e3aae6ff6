import { setTimeout as delay } from 'node:timers/promises'
import type { Json } from '../core/model/index.ts'
import { isRetried, isUnavailable, type Store, type Tx } from '../store/index.ts'
import { type Budget, spendOne } from './budget.ts'
import type { Channel } from './channel.ts'
import { type Failure, failed } from './failed.ts'
import { foldMarks } from './fold-marks.ts'
import { afterAnswer, afterBar, afterBegin, afterLimit, afterSilence, type Health, mayBeginAt } from './health.ts'
import { forgetMessages } from './send.ts'
import { keepOutside, release, settle } from './settle.ts'
import { lockState, saveState } from './state.ts'
import { type Due, nextDueAt, takeDue } from './take-due.ts'

/** What became of a writing: the digest of what stands there now and what is to be remembered of it, or why not. */
export type Written =
  | { readonly ok: true; readonly digest: string; readonly outside: Json }
  | { readonly ok: false; readonly failure: Failure }

/** What a writer needs while it writes. */
export interface Hand {
  /**
   * Before each request that changes something outside: takes one out of the budget, waiting a little where that helps, and
   * makes sure that the claim holds for as long as a call may take. Throws {@link NotNow} otherwise; let it through.
   */
  spend(): Promise<void>
  /** Like `spend` for a request that the budget does not count. */
  check(): void
  /** Remembers something about the other side before the writing is whole, so that a crash does not lose it. */
  keep(outside: Json): Promise<void>
}

/** Thrown through a writer: nothing is wrong, but it is not to go on before `until`. */
export class NotNow extends Error {
  readonly until: number
  constructor(until: number) {
    super('not now')
    this.until = until
  }
}

/**
 * Shows the subject as it is now: reads the latest state, renders it, compares the digest with `due.digest`, and writes if
 * they differ. Must be safe to do again after it was cut off anywhere. What it throws counts as refused.
 */
export type Writer = (due: Due, hand: Hand) => Promise<Written>

export interface DrainParts {
  readonly store: Store
  readonly channel: Channel
  readonly budget: Budget
  readonly write: Writer
  readonly clock: () => number
  readonly log: (message: string) => void
  /** The longest that one request to the other side takes before it is given up; 10 s unless told. */
  readonly callMs?: number
  /** For how long a subject is claimed; 2 min unless told. A replica that died holds it that long. */
  readonly leaseMs?: number
  /** How long an incident rests after it was written, so that what changes every second is not written every second. */
  readonly restMs?: number
  readonly wait?: (ms: number) => Promise<void>
}

/** Writes what waits of one channel. Several replicas may do so together. */
export interface Drain {
  /** Writes everything that can be written now. Says how many, and when the next may be: null when nothing waits. */
  drain(): Promise<{ readonly written: number; readonly nextAt: number | null }>
  start(): Promise<void>
  /** Finishes the request that is under way. */
  stop(): Promise<void>
}

const patienceMs = 5_000
const idleMs = 5_000
const forgetEveryMs = 3_600_000

/** A drain over a store and channel. See {@link Drain}. */
export function createDrain(parts: DrainParts): Drain {
  const { store, channel, budget, clock } = parts
  const callMs = parts.callMs ?? 10_000
  const leaseMs = parts.leaseMs ?? 120_000
  const stopping = new AbortController()
  const pause =
    parts.wait ?? ((ms: number) => delay(ms, undefined, { ref: false, signal: stopping.signal }).catch(() => {}))
  let forgotAt = Number.NEGATIVE_INFINITY
  let loop: Promise<void> = Promise.resolve()
  let unlisten: (() => Promise<void>) | null = null
  let wake: () => void = () => {}

  const fold = async () => {
    while ((await store.transaction((tx) => foldMarks(tx, clock()))) >= 10_000);
    if (clock() - forgotAt < forgetEveryMs) return
    forgotAt = clock()
    await store.transaction((tx) => forgetMessages(tx, clock()))
  }

  /** The next one, or when there may be one. */
  const take = () =>
    store.transaction(async (tx): Promise<Due | { readonly until: number | null }> => {
      const at = clock()
      const state = await lockState(tx, channel, budget, at)
      const mayAt = mayBeginAt(state.health, at)
      if (mayAt > at) return { until: (await nextDueAt(tx, channel)) === null ? null : mayAt }
      const [due] = await takeDue(tx, channel, { n: 1, at, leaseMs })
      if (due === undefined) return { until: await nextDueAt(tx, channel) }
      const health = afterBegin(state.health, at, leaseMs)
      if (health !== state.health) await saveState(tx, channel, { ...state, health })
      return due
    })

  const check = (due: Due) => {
    if (stopping.signal.aborted || clock() + callMs > due.claimedUntil) throw new NotNow(clock())
  }

  const spend = async (due: Due): Promise<void> => {
    for (;;) {
      check(due)
      const at = clock()
      const waitMs = await store.transaction(async (tx) => {
        const state = await lockState(tx, channel, budget, at)
        const spent = spendOne(budget, state.purse, at)
        await saveState(tx, channel, { ...state, purse: spent.purse })
        return spent.waitMs
      })
      if (waitMs === 0) return
      if (waitMs > patienceMs || at + waitMs + callMs > due.claimedUntil) throw new NotNow(at + waitMs)
      await pause(waitMs)
    }
  }

  const handOf = (due: Due): Hand => ({
    spend: () => spend(due),
    check: () => check(due),
    keep: async (outside) => {
      if (!(await store.transaction((tx) => keepOutside(tx, due, outside)))) throw new NotNow(clock())
    },
  })

  /** Changes the channel's health and the row together; the health is locked first, by everybody. */
  const record = (change: (health: Health, at: number) => Health, row: (tx: Tx, at: number) => Promise<unknown>) =>
    store.transaction(async (tx) => {
      const at = clock()
      const state = await lockState(tx, channel, budget, at)
      const health = change(state.health, at)
      if (health !== state.health) await saveState(tx, channel, { ...state, health })
      await row(tx, at)
      if (state.health.awaySince !== null && health.awaySince === null) {
        await tx.query(
          `update projection set next_at = 0 where tenant = $1 and channel = $2 and wanted > written and problem->>'kind' in ('away', 'barred')`,
          [tx.tenant, channel],
        )
        parts.log(`${channel} is back after ${Math.round((at - state.health.awaySince) / 1000)} s`)
      }
      if (state.health.awaySince === null && health.awaySince !== null)
        parts.log(
          health.barred === undefined
            ? `${channel} does not answer: what is to be told it waits`
            : `${channel} lets us write nothing, and what is to be told it waits: ${health.barred.why}; ${health.barred.todo}`,
        )
    })

  /** Writes one; gives the time before which nothing else is to be tried, or null. */
  const work = async (due: Due): Promise<{ readonly wrote: boolean; readonly until: number | null }> => {
    try {
      const written = await parts.write(due, handOf(due))
      if (written.ok) {
        await record(afterAnswer, (tx, at) => {
          const restUntil = due.incident === null || written.digest === due.digest ? 0 : at + (parts.restMs ?? 0)
          return settle(tx, due, { digest: written.digest, outside: written.outside, at, restUntil })
        })
        return { wrote: true, until: null }
      }
      await fail(due, written.failure)
    } catch (error) {
      if (error instanceof NotNow) {
        await record(
          (health) => (health.awaySince === null ? health : { ...health, probeAt: error.until }),
          (tx) => release(tx, due),
        )
        return { wrote: false, until: error.until }
      }
      if (isUnavailable(error) || isRetried(error)) throw error
      await fail(due, { kind: 'refused', why: `a fault of ours: ${(error as Error).message}` })
    }
    return { wrote: false, until: null }
  }

  const fail = async (due: Due, failure: Failure) => {
    await record(
      (health, at) =>
        failure.kind === 'away'
          ? afterSilence(health, at)
          : failure.kind === 'barred'
            ? afterBar(health, at, { why: failure.why, todo: failure.todo })
            : failure.kind === 'limited'
              ? afterLimit(health, failure.until)
              : afterAnswer(health),
      async (tx, at) => {
        const became = await failed(tx, due, failure, at)
        if (became === 'dead')
          parts.log(
            `${channel} does not take ${due.subject}: ${failure.why}; gitsoc projections list --state dead shows it`,
          )
      },
    )
  }

  const drain = async () => {
    let written = 0
    for (;;) {
      await fold()
      if (stopping.signal.aborted) return { written, nextAt: null }
      const due = await take()
      if ('until' in due) return { written, nextAt: due.until }
      const { wrote, until } = await work(due)
      if (wrote) written++
      if (until !== null) return { written, nextAt: until }
    }
  }

  return {
    drain,
    async start() {
      unlisten = await store.listen('gitsoc_projection', () => wake())
      loop = (async () => {
        while (!stopping.signal.aborted) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          const nextAt = await drain().then(
            (done) => done.nextAt,
            (error: unknown) => {
              parts.log(`${channel}: ${(error as Error).message}`)
              return null
            },
          )
          const pauseFor = nextAt === null ? idleMs : Math.max(20, Math.min(idleMs, nextAt - clock()))
          if (!stopping.signal.aborted)
            await Promise.race([
              woken,
              delay(pauseFor, undefined, { ref: false, signal: stopping.signal }).catch(() => {}),
            ])
        }
      })()
    },
    async stop() {
      stopping.abort()
      wake()
      await loop
      await unlisten?.()
    },
  }
}
