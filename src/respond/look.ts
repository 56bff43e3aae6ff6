import { ensureAudit } from '../store/index.ts'
import type { Claimed } from './claimed.ts'
import { nextDue } from './due-runs.ts'
import { escalateApprovals } from './escalate-approvals.ts'
import { expireApprovals } from './expire-approvals.ts'
import { disown, takeOver } from './replicas.ts'
import type { ResponderParts } from './responder.ts'
import { takeBrokenGlass } from './take-broken-glass.ts'

/** What is to be made now, and when time brings something next. */
export interface Looked {
  readonly glasses: readonly Claimed[]
  readonly nextAt: number | null
}

/** Sees to what time has brought: questions that nobody answered, work of dead replicas, overruled denials. */
export function look(
  parts: ResponderParts,
  replica: string,
  held: readonly string[],
  leaseMs: number,
): Promise<Looked> {
  return parts.store.transaction(async (tx) => {
    const at = parts.clock()
    await ensureAudit(tx)
    void tx.write({ name: 'young-tables', text: 'select gitsoc_look_at_young_tables()' })
    await expireApprovals(tx, at)
    await escalateApprovals(tx, at)
    await takeOver(tx, leaseMs)
    await disown(tx, replica, held)
    const glasses = await takeBrokenGlass(tx, parts, replica)
    return { glasses, nextAt: await nextDue(tx, at) }
  })
}
