import type { IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/**
 * Takes the locks of everybody who writes to the audit chain and to incidents, in their one order: first the chain, then
 * the incidents. Otherwise an answer and a merge at the same time could wait for each other.
 */
export async function lockStory(tx: Tx, incidents: readonly IncidentNumber[]): Promise<void> {
  await tx.query('select from audit_head where tenant = $1 for update', [tx.tenant])
  await tx.query(
    'select from incident where tenant = $1 and number = any($2::int[]) order by number for no key update',
    [tx.tenant, incidents],
  )
}
