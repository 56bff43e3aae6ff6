import type { IncidentNumber } from '../core/model/index.ts'
import { lockAudit, type Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'

/**
 * Takes the locks of everybody who writes to the audit chain and to incidents, in their one order: first the chain, then
 * the incidents. Otherwise an answer and a merge at the same time could wait for each other.
 */
export async function lockStory(tx: Tx, incidents: readonly IncidentNumber[]): Promise<void> {
  await lockAudit(tx)
  lockIncidents(tx, incidents)
}

/** Like {@link lockStory} for a caller that holds the chain; whatever is sent after it waits with it. */
export function lockIncidents(tx: Tx, incidents: readonly IncidentNumber[]): void {
  void tx.write(
    {
      name: 'lock-story',
      text: `select from ${fewRows('$2::int[]')} as w(number) join incident i on i.tenant = $1 and i.number = w.number
        order by i.number for no key update of i`,
    },
    [tx.tenant, incidents],
  )
}
