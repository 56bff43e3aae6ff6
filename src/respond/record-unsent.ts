import type { Claimed } from './claimed.ts'
import type { KnownRun } from './known-run.ts'
import type { Round } from './round.ts'

/** Frees what was claimed and certainly not sent: there was no call. Null when it is another replica's meanwhile. */
export async function recordUnsent(round: Round, run: KnownRun, claimed: Claimed): Promise<'open' | null> {
  const { tx, writes, replica } = round
  const { id, path, n } = claimed
  const mine = run.open.get(path)
  if (mine === undefined || mine.id !== id || mine.claimedBy !== replica) return null
  await tx.query('delete from effect_attempt where tenant = $1 and effect = $2 and n = $3 and ended_at is null', [
    tx.tenant,
    id,
    n,
  ])
  const calls = mine.calls.slice(0, n - 1)
  run.open.set(path, { ...mine, claimedBy: null, nextAt: null, calls })
  writes.effects.set(id, { claimedBy: null, nextAt: null, attempts: calls.length, settled: null })
  return 'open'
}
