import { setTimeout as wait } from 'node:timers/promises'
import type { Bundle } from '../core/content/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import { isRetried, isUnavailable, type Store } from '../store/index.ts'
import { takeBrokenGlass } from './break-glass.ts'
import type { Claimed } from './claimed.ts'
import { escalateApprovals } from './escalate-approvals.ts'
import { expireApprovals } from './expire-approvals.ts'
import { lockRun } from './lock-run.ts'
import { type Live, type Made, makeEffect } from './make-effect.ts'
import type { PerformPlaces } from './perform.ts'
import { recordMade } from './record-made.ts'
import { createReplica, type Replica, takeOver } from './replicas.ts'
import { startDue } from './start-due.ts'
import { takeTurn } from './take-turn.ts'
import type { Run } from './turn.ts'

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
  /** Resolves when nothing is under way that must not wait for a step; each turn of `start` waits for it. */
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

/** Two, so that one goes on while the other waits for the disk; more would only take turns at the audit chain. */
const workersAtOnce = 2
/** Calls to vendors under way at once; what is above waits its turn. */
const callsAtOnce = 16
const pollMs = 1000
const defaultLeaseMs = 4000

/**
 * Works off playbook runs. A turn of a run is one transaction that decides with the pure interpreter what is next; effects
 * leave it with their intent on record, are made outside of it, and their outcomes set off the next turn.
 */
export function createResponder(parts: ResponderParts): Responder {
  const { store, clock } = parts
  const leaseMs = parts.leaseMs ?? defaultLeaseMs
  const replica = createReplica(store, leaseMs)
  const calls = new Set<Promise<void>>()
  const dueAt = new Map<string, number>()
  let stopping = false
  let loop: Promise<void> | null = null
  let unlisten: (() => Promise<void>) | null = null
  let beating: NodeJS.Timeout | undefined
  let wake: () => void = () => {}

  /** What is due now, and when something is due next. */
  const look = () =>
    store.transaction(async (tx) => {
      const at = clock()
      await expireApprovals(tx, at)
      await escalateApprovals(tx, at)
      await takeOver(tx, leaseMs)
      const glasses = await takeBrokenGlass(tx, parts, replica.id)
      const runs = await tx.query<Run>({ name: 'runs-due', text: due }, [tx.tenant, at])
      const next = await tx.query<{ at: number | null }>({ name: 'next-due', text: nextDue }, [tx.tenant])
      return { runs: runs.rows, glasses, nextAt: next.rows[0]?.at ?? null }
    })

  /** Makes effects beside one another, and after each takes its run's next turn. */
  const makeAll = async (claims: readonly Claimed[], run: Run | null): Promise<void> => {
    await Promise.all(
      claims.map(async (claimed) => {
        await settle(parts, replica, claimed, () => stopping)
        if (run !== null && !stopping) await workAt(run, 'wait')
      }),
    )
  }

  const workAt = async (run: Run, how: 'try' | 'wait'): Promise<void> => {
    for (;;) {
      const turned = await turn(parts, replica, run, how).catch(again)
      if (turned !== 'again') return makeAll(turned, run)
    }
  }

  // A turn that the database gave up so that another transaction could go on has left nothing behind.
  const again = (error: unknown): 'again' => {
    if (!isRetried(error)) throw error
    parts.onError?.(error)
    return 'again'
  }

  const drain = async () => {
    await replica.beat()
    const timer = keepBeating()
    try {
      const { runs, glasses } = await look()
      const errors: unknown[] = []
      const tried = async (work: () => Promise<void>) => work().catch((error: unknown) => errors.push(error))
      await tried(() => makeAll(glasses, null))
      for (const run of runs) await tried(() => workAt(run, 'try'))
      if (errors.length > 1) throw new AggregateError(errors, `${errors.length} runs could not go on`)
      if (errors.length === 1) throw errors[0]
    } finally {
      clearInterval(timer)
      await replica.leave()
    }
  }

  const keepBeating = () => {
    const timer = setInterval(() => {
      replica.beat().catch((error: unknown) => parts.onError?.(error))
    }, leaseMs / 4)
    timer.unref()
    return timer
  }

  /** Turns one after another in two lanes; calls to vendors go on beside them. */
  const pass = async (): Promise<number | null> => {
    await startDue({ ...parts, dueAt })
    const { runs, glasses, nextAt } = await look()
    begin(() => makeAll(glasses, null))
    const queue = runs.values()
    const worker = async () => {
      for (const run of queue) {
        await parts.quiet?.()
        while (calls.size >= callsAtOnce) await Promise.race(calls)
        if (stopping) return
        try {
          let turned = await turn(parts, replica, run, 'try').catch(again)
          while (turned === 'again') turned = await turn(parts, replica, run, 'try').catch(again)
          const claims = turned
          if (claims.length > 0) begin(() => makeAll(claims, run))
        } catch (error) {
          parts.onError?.(error)
        }
      }
    }
    await Promise.all(Array.from({ length: workersAtOnce }, worker))
    return nextAt
  }

  const begin = (work: () => Promise<void>) => {
    const call: Promise<void> = work()
      .catch((error: unknown) => parts.onError?.(error))
      .finally(() => {
        calls.delete(call)
      })
    calls.add(call)
  }

  return {
    drain,
    async start() {
      await replica.beat()
      beating = keepBeating()
      unlisten = await store.listen('gitsoc_runs', () => wake())
      loop = (async () => {
        while (!stopping) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          const nextAt = await pass().catch((error: unknown) => {
            parts.onError?.(error)
            return null
          })
          const pauseFor = nextAt === null ? pollMs : Math.max(5, Math.min(pollMs, nextAt - clock()))
          if (!stopping) await Promise.race([woken, wait(pauseFor, undefined, { ref: false })])
        }
      })()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      await Promise.all(calls)
      clearInterval(beating)
      await unlisten?.()
      await replica.leave().catch((error: unknown) => parts.onError?.(error))
    },
  }
}

const columns = 'id, playbook, bundle, commit, deadline_at as "deadlineAt"'
const due = `(select ${columns}, started_at from run where tenant = $1 and status = 'running' order by started_at, id limit 500)
  union all (select ${columns}, started_at from run where tenant = $1 and status in ('waiting', 'paused') and wake_at <= $2 order by wake_at limit 500)
  order by started_at, id`
const nextDue = `select min(wake_at) as at from run where tenant = $1 and status in ('waiting', 'paused')`

/** One turn of a run; what was claimed in it is to be made now. */
async function turn(
  parts: ResponderParts,
  replica: Replica,
  run: Run,
  how: 'try' | 'wait',
): Promise<readonly Claimed[] | 'again'> {
  const bundle = await parts.bundleOf(run.bundle)
  const turned = await parts.store.transaction(async (tx) => {
    const found = await lockRun(tx, run.id, how)
    if (found === null || found === 'again') return found
    const at = parts.clock()
    const isDue = found.status === 'running' || (found.wakeAt !== null && found.wakeAt <= at)
    if (!['running', 'waiting', 'paused'].includes(found.status) || !isDue) return null
    const taken = await takeTurn(tx, run, bundle, found, { at, replica: replica.id, live: parts.live })
    return { ...taken, incident: found.incident }
  })
  if (turned === null || turned === 'again') return turned ?? []
  for (const one of turned.ended) parts.onStep?.(turned.incident, one)
  return turned.claimed
}

/** Makes one effect and records what came of it, however long the database takes to be there again. */
async function settle(
  parts: ResponderParts,
  replica: Replica,
  claimed: Claimed,
  isStopping: () => boolean,
): Promise<void> {
  let made: Made
  try {
    if (claimed.mode === 'live' && !replica.isSure())
      throw new Error(`${claimed.action} on ${claimed.target} is not sent: another process may have taken it over`)
    made = await makeEffect(claimed, parts.places, parts.live, parts.clock)
  } catch (error) {
    await release(parts, claimed, replica.id, 'unsent')
    throw error
  }
  for (;;) {
    try {
      const recorded = await parts.store.transaction((tx) => recordMade(tx, claimed, made, replica.id, parts.clock()))
      if (recorded !== null && recorded !== 'open') parts.onStep?.(claimed.incident, recorded)
      return
    } catch (error) {
      if (isStopping()) throw error
      if (!(isUnavailable(error) || isRetried(error))) {
        await release(parts, claimed, replica.id, 'sent')
        throw error
      }
      parts.onError?.(error)
      await wait(250)
    }
  }
}

/** Frees what was claimed: a call that was certainly not sent was none; one that was is as good as cut off. */
async function release(
  parts: ResponderParts,
  claimed: Claimed,
  replica: string,
  was: 'sent' | 'unsent',
): Promise<void> {
  await parts.store.transaction(async (tx) => {
    if (was === 'unsent')
      await tx.query('delete from effect_attempt where tenant = $1 and effect = $2 and n = $3 and ended_at is null', [
        tx.tenant,
        claimed.id,
        claimed.n,
      ])
    await tx.query(
      'update effect set claimed_by = null where tenant = $1 and id = $2 and claimed_by = $3 and outcome is null',
      [tx.tenant, claimed.id, replica],
    )
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
      tx.tenant,
      claimed.run,
    ])
  })
}
