import { oneLine } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { Due } from './take-due.ts'

/**
 * Why something was not written. `away`: the other side did not answer, or with an error of its own (also when it is not
 * known whether it did what it was asked). `barred`: it answers, but lets us do nothing until a person has changed something: `todo` says
 * what. `limited`: it wants to be left alone until then. `refused`: it does not take
 * this one; `final` when trying again is pointless.
 */
export type Failure =
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'barred'; readonly why: string; readonly todo: string }
  | { readonly kind: 'limited'; readonly why: string; readonly until: number }
  | { readonly kind: 'refused'; readonly why: string; readonly final?: boolean }

const triesOfRefused = 8
const firstPauseMs = 5_000
const longestPauseMs = 10 * 60_000

/** The pause after failure number `n`, from 1: doubles up to ten minutes. */
export const pauseAfter = (n: number) => Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, n - 1))

/**
 * Records why a claimed one was not written, and when it is tried again. One that is refused for good, or eight times, is
 * dead: it stays in the list until a person has it tried again. What is away, barred or limited never dies of it.
 */
export async function failed(tx: Tx, due: Due, failure: Failure, at: number): Promise<'waits' | 'dead' | 'lost'> {
  const attempts = due.attempts + (failure.kind === 'limited' ? 0 : 1)
  const dead = failure.kind === 'refused' && (failure.final === true || attempts >= triesOfRefused)
  const nextAt = failure.kind === 'limited' ? failure.until : at + pauseAfter(attempts)
  const recorded = await tx.query(
    {
      name: 'failed-projection',
      text: `update projection set attempts = $5, next_at = $6, problem = $7, dead_at = $8, claimed_by = null, claimed_until = null
        where tenant = $1 and channel = $2 and subject = $3 and claimed_by = $4`,
    },
    [
      tx.tenant,
      due.channel,
      due.subject,
      due.claim,
      attempts,
      nextAt,
      JSON.stringify({
        kind: failure.kind,
        why: oneLine(failure.why, 500).toWellFormed(),
        ...(failure.kind === 'barred' ? { todo: failure.todo } : {}),
        at,
      }),
      dead ? at : null,
    ],
  )
  return recorded.rowCount === 0 ? 'lost' : dead ? 'dead' : 'waits'
}
