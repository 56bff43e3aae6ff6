import { isRetried, isUnavailable } from '../store/index.ts'
import type { DueRun } from './due-runs.ts'
import { type Wish, type Worked, type WorkParts, workRound } from './work-round.ts'

/** What was done, and the runs that could not go on, each with its error. */
export interface WorkedTogether {
  readonly done: readonly Worked[]
  readonly failed: readonly { readonly run: string; readonly error: unknown }[]
}

/**
 * Works a round. What fails is undone with everything beside it; then each run is worked alone, so that one that cannot
 * go on keeps no other from going on. Rejects while the database is away.
 */
export async function workTogether(
  parts: WorkParts,
  wish: Wish,
  onError: (error: unknown) => void,
): Promise<WorkedTogether> {
  let runs: readonly DueRun[] = []
  const began = (all: readonly DueRun[]) => {
    runs = all
  }
  for (;;) {
    try {
      return { done: [await workRound(parts, wish, began)], failed: [] }
    } catch (error) {
      if (isUnavailable(error) || runs.length === 0) throw error
      // A turn that the database gave up so that another transaction could go on has left nothing behind.
      if (isRetried(error)) onError(error)
      else if (runs.length === 1) return { done: [], failed: [{ run: runs[0]?.run ?? '', error }] }
      else return eachAlone(parts, wish, runs, onError)
    }
  }
}

async function eachAlone(
  parts: WorkParts,
  wish: Wish,
  runs: readonly DueRun[],
  onError: (error: unknown) => void,
): Promise<WorkedTogether> {
  const done: Worked[] = []
  const failed: { run: string; error: unknown }[] = []
  for (const { run } of runs) {
    const outcomes = wish.outcomes.filter((one) => one.claimed.run === run)
    const worked = await workTogether(parts, { ...wish, outcomes, runs: [run] }, onError)
    done.push(...worked.done)
    failed.push(...worked.failed)
  }
  return { done, failed }
}
