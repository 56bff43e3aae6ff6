import { storableText } from '../cases/index.ts'
import { isObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import { pauseMs } from './backoff.ts'
import type { Claimed } from './claimed.ts'
import type { KnownRun } from './known-run.ts'
import type { Made } from './make-effect.ts'
import type { PastCall } from './next-call.ts'
import { recordSteps } from './record-steps.ts'
import type { Round } from './round.ts'

/** Records what a call came to, with the end of its step where it is an outcome. See {@link settleMade}. */
export function recordMade(round: Round, run: KnownRun, claimed: Claimed, made: Made): StepResult | 'open' | null {
  const settled = settleMade(round, run, claimed, made)
  if (settled !== null && settled !== 'open') recordSteps(round, run, [settled])
  return settled
}

/**
 * Settles what a call came to: an outcome ends the step, which the caller records; anything else leaves the effect to its
 * next turn. Null when another replica has taken the effect over meanwhile: then this one has nothing to say.
 */
export function settleMade(round: Round, run: KnownRun, claimed: Claimed, made: Made): StepResult | 'open' | null {
  const { at, writes, replica } = round
  const { id, path, n } = claimed
  const mine = run.open.get(path)
  if (mine === undefined || mine.id !== id || mine.claimedBy !== replica) return null
  const { verdict, status } = made
  writes.callEnds.push({ effect: id, n, at, verdict, status, sentence: storableText(made.sentence) })
  const calls = mine.calls.map((one, index): PastCall => (index === n - 1 ? { ...one, verdict } : one))
  if (verdict !== 'done' && verdict !== 'failed') {
    const asksNext = verdict === 'unclear' && claimed.kind === 'call' && isObject(claimed.spec.confirm)
    const pause = verdict === 'absent' || asksNext ? 0 : pauseMs(id, n, claimed.patience)
    const nextAt = at + Math.max(pause, made.retryAfterMs ?? 0)
    run.open.set(path, { ...mine, claimedBy: null, nextAt, calls })
    writes.effects.set(id, { claimedBy: null, nextAt, attempts: calls.length, settled: null })
    return 'open'
  }
  const settled = { outcome: verdict, at, result: made.result, rollback: made.rollback }
  writes.effects.set(id, { claimedBy: null, nextAt: null, attempts: calls.length, settled })
  writes.audit.push({
    at,
    actor: 'gitsoc',
    action: claimed.undoes === null ? `effect.${verdict}` : `effect.undo-${verdict}`,
    subject: `effect/${id}`,
    details: {
      incident: run.incident,
      action: claimed.action,
      target: claimed.target,
      mode: claimed.mode,
      approvedBy: claimed.approvedBy,
      gate: claimed.why,
    },
  })
  run.open.delete(path)
  return { path, status: verdict, output: made.output, sentence: made.sentence }
}
