import { setTimeout as wait } from 'node:timers/promises'
import type { Bundle } from '../core/content/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import { isUnavailable, type Store } from '../store/index.ts'
import { createCalls } from './calls.ts'
import { look } from './look.ts'
import type { Live } from './make-effect.ts'
import type { PerformPlaces } from './perform.ts'
import { release } from './release.ts'
import { createReplica } from './replicas.ts'
import { type Rests, restsFor, restsUntilTheEnd } from './rests.ts'
import { startDue } from './start-due.ts'
import { workTogether } from './work-together.ts'

export interface ResponderParts {
  readonly store: Store
  /** The bundle of a digest, as long as it is known here; a run keeps the one it started with. See `storedBundles`. */
  readonly bundleOf: (digest: string) => Bundle | undefined | Promise<Bundle | undefined>
  readonly clock: () => number
  readonly places: PerformPlaces
  /** How vendors are reached; without it everything is simulated. */
  readonly live?: Live
  /** The content that is deployed: its playbooks with `every` look at open incidents. */
  readonly current?: () => Bundle
  /** After how long without a sign a replica is dead and its work is taken over; 4 s unless told. */
  readonly leaseMs?: number
  /** Resolves when nothing is under way that must not wait for a step; each round of `start` waits for it. */
  readonly quiet?: () => Promise<void>
  readonly onStep?: (incident: number, result: StepResult) => void
  readonly onError?: (error: unknown) => void
}

export interface Responder {
  /** Does everything that can go on now; what waits for people stays. A run that cannot go on rejects, after the others went on. */
  drain(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Runs that take their turns in one transaction: more would keep others from incidents and the audit chain for longer. */
const runsTogether = 32
/** Calls whose end is recorded in one transaction, with the next turn of their runs: what waits for that is already begun. */
const outcomesTogether = 64
/** Calls under way at once; above that only runs go on whose call has ended. */
const callsAtOnce = 96
const pollMs = 1000
const awayMs = 250
// With the look of each second a dead replica is noticed after 4.5 s at most.
const defaultLeaseMs = 3500

/**
 * Works off playbook runs in rounds. A round is one transaction: it records what calls came to and takes a turn of many
 * runs, deciding with the pure interpreter what is next. Effects leave it with their intent on record, are made outside of
 * it, and what they came to is recorded by a next round, with the next turn of their run.
 */
export function createResponder(parts: ResponderParts): Responder {
  const { store, clock } = parts
  const leaseMs = parts.leaseMs ?? defaultLeaseMs
  const replica = createReplica(store, leaseMs)
  const calls = createCalls(parts, replica, () => wake())
  const dueAt = new Map<string, number>()
  const tell = (error: unknown) => parts.onError?.(error)
  let stopping = false
  let loop: Promise<void> | null = null
  let unlisten: (() => Promise<void>) | null = null
  let beating: NodeJS.Timeout | undefined
  let wake: () => void = () => {}
  /** When the clock was last looked at, in its time and in that of timers, and when it is to be looked at again. */
  let seen = { at: 0, timer: Number.NEGATIVE_INFINITY, nextAt: Number.MAX_SAFE_INTEGER }

  const lookAround = async () => {
    const at = clock()
    const timer = performance.now()
    const { glasses, nextAt } = await look(parts, replica.id, calls.held(), leaseMs)
    seen = { at, timer, nextAt: nextAt ?? Number.MAX_SAFE_INTEGER }
    for (const one of glasses) calls.begin(one)
  }

  /** One round; whether there may be more to do at once. `rests` are the runs that are left alone. */
  const work = async (rests: Rests, failed: (error: unknown) => void): Promise<boolean> => {
    const outcomes = calls.take(outcomesTogether)
    const max = stopping ? 0 : Math.max(0, Math.min(runsTogether, callsAtOnce - calls.underWay()))
    if (outcomes.length === 0 && max === 0) return false
    const others = { runs: null, max, resting: rests.ids(), since: seen.at }
    const wish = { replica: replica.id, outcomes, ...others, takesTurns: !stopping }
    const worked = await workTogether(parts, wish, tell).catch((error: unknown) => {
      calls.giveBack(outcomes)
      throw error
    })
    for (const { error } of outcomes) if (error !== null) failed(error)
    for (const { run, error } of worked.failed) {
      rests.add(run)
      failed(error)
      for (const { claimed } of outcomes) if (claimed.run === run) await release(store, claimed, replica.id)
    }
    const again = worked.done.flatMap((one) => one.again)
    calls.forget(outcomes.filter((one) => !again.includes(one)))
    calls.giveBack(again)
    for (const one of worked.done) {
      for (const { incident, step } of one.ended) parts.onStep?.(incident, step)
      for (const claimed of one.claimed) calls.begin(claimed)
      for (const run of one.idle) rests.add(run)
      rests.saw(one.due)
      if (one.nextAt !== null) seen.nextAt = Math.min(seen.nextAt, one.nextAt)
    }
    return calls.waiting() > 0 || worked.failed.length > 0 || worked.done.some((one) => one.more)
  }

  const keepBeating = () => {
    const timer = setInterval(() => {
      replica.beat().catch(tell)
    }, leaseMs / 4)
    timer.unref()
    return timer
  }

  const drain = async (failed: (error: unknown) => void) => {
    await lookAround()
    const rests = restsUntilTheEnd()
    for (;;) {
      try {
        while (await work(rests, failed));
      } catch (error) {
        // What was called is recorded, however long the database takes to be there again.
        if (!isUnavailable(error) || calls.waiting() === 0) throw error
        tell(error)
        await wait(awayMs)
      }
      if (calls.underWay() === 0 && calls.waiting() === 0) return
      if (calls.waiting() === 0) await calls.next()
    }
  }

  const pass = async (rests: Rests) => {
    if (!stopping) await startDue({ ...parts, dueAt })
    do {
      await parts.quiet?.()
      if (performance.now() - seen.timer >= pollMs || clock() >= seen.nextAt) await lookAround()
    } while (await work(rests, tell))
  }

  const run = async () => {
    const rests = restsFor(pollMs)
    while (!stopping || calls.underWay() > 0 || calls.waiting() > 0) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      let pauseMs = pollMs
      try {
        await pass(rests)
        pauseMs = Math.max(1, Math.min(pollMs, seen.nextAt - clock()))
      } catch (error) {
        tell(error)
        // Who stops does not wait for a database that is away: what was called is as good as cut off.
        if (stopping) return
        if (isUnavailable(error)) {
          await wait(awayMs)
          continue
        }
      }
      if (stopping && calls.waiting() > 0) continue
      await Promise.race([woken, wait(pauseMs, undefined, { ref: false })])
    }
  }

  return {
    async drain() {
      await replica.beat()
      const timer = keepBeating()
      const errors: unknown[] = []
      try {
        await drain((error) => errors.push(error))
        if (errors.length > 1) throw new AggregateError(errors, `${errors.length} runs could not go on`)
        if (errors.length === 1) throw errors[0]
      } finally {
        clearInterval(timer)
        await replica.leave()
      }
    },
    async start() {
      await replica.beat()
      beating = keepBeating()
      unlisten = await store.listen('gitsoc_runs', () => wake())
      loop = run()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      clearInterval(beating)
      await unlisten?.()
      await replica.leave().catch(tell)
    },
  }
}
