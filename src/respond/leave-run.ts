import type { KnownRun } from './known-run.ts'
import type { Round } from './round.ts'
import type { Taken } from './turn.ts'

/**
 * Leaves a run that waits: it is looked at again when something happens to it, or when the first of its times has come.
 * Questions of steps that are not next any more (`paths` are) are void.
 */
export async function leaveRun(
  round: Round,
  run: KnownRun,
  paths: readonly string[],
  taken: readonly Taken[],
): Promise<void> {
  const { at, writes } = round
  if (run.isAsking) {
    const approvals = await round.approvals()
    for (const one of approvals.values()) {
      if (one.run !== run.id || one.status !== 'pending' || one.kind === 'break-glass' || paths.includes(one.path))
        continue
      writes.voided.add(one.id)
      approvals.set(one.id, { ...one, status: 'void' })
    }
  }
  const times = taken.flatMap((one) => (one.kind === 'waits' && one.wakeAt !== null ? [one.wakeAt] : []))
  const wakeAt = Math.min(run.deadlineAt > at ? run.deadlineAt : Number.MAX_SAFE_INTEGER, ...times)
  run.status = 'waiting'
  writes.runs.set(run.id, { status: 'waiting', wakeAt, ended: null })
}
