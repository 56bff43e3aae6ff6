import type { Claimed } from './claimed.ts'
import { type Live, type Made, makeEffect } from './make-effect.ts'
import type { PerformPlaces } from './perform.ts'
import type { Replica } from './replicas.ts'

/** What a call came to; `made` is null when it was certainly not sent, `error` says why. */
export interface CallOutcome {
  readonly claimed: Claimed
  readonly made: Made | null
  readonly error: unknown
}

/** Calls of this process, from the claim on record to the outcome on record. */
export interface Calls {
  begin(claimed: Claimed): void
  /** Outcomes that came in, at most `max`; whoever takes them records them or gives them back. */
  take(max: number): readonly CallOutcome[]
  giveBack(outcomes: readonly CallOutcome[]): void
  /** These are on record, or no longer this process's. */
  forget(outcomes: readonly CallOutcome[]): void
  /** Effects that this process holds. */
  held(): readonly string[]
  readonly underWay: () => number
  readonly waiting: () => number
  /** Resolves with the next outcome that comes in. */
  next(): Promise<void>
}

export interface CallsParts {
  readonly places: PerformPlaces
  readonly live?: Live
  readonly clock: () => number
}

/** Makes claimed effects beside one another and collects what they came to. */
export function createCalls(parts: CallsParts, replica: Replica, came: () => void): Calls {
  const held = new Set<string>()
  const outcomes: CallOutcome[] = []
  let underWay = 0
  let waiters: (() => void)[] = []

  const make = async (claimed: Claimed): Promise<CallOutcome> => {
    try {
      if (claimed.mode === 'live' && !replica.isSure())
        throw new Error(`${claimed.action} on ${claimed.target} is not sent: another process may have taken it over`)
      return { claimed, made: await makeEffect(claimed, parts.places, parts.live, parts.clock), error: null }
    } catch (error) {
      return { claimed, made: null, error }
    }
  }

  return {
    begin(claimed) {
      held.add(claimed.id)
      underWay++
      void make(claimed).then((outcome) => {
        underWay--
        outcomes.push(outcome)
        came()
        for (const one of waiters.splice(0)) one()
      })
    },
    take: (max) => outcomes.splice(0, max),
    giveBack: (back) => void outcomes.unshift(...back),
    forget(done) {
      for (const one of done) held.delete(one.claimed.id)
    },
    held: () => [...held],
    underWay: () => underWay,
    waiting: () => outcomes.length,
    next: () =>
      new Promise((resolve) => {
        waiters = [...waiters, resolve]
      }),
  }
}
