import type { Tx } from '../store/index.ts'
import type { Approval } from './read-approvals.ts'

/** How many alerts of its incident came after an approval was asked: their first event that is kept was received later. */
export async function alertsSince(tx: Tx, approval: Pick<Approval, 'incident' | 'askedAt'>): Promise<number> {
  const found = await tx.query<{ n: number }>(
    `select count(*)::int as n from alert a cross join lateral (
        select min(e.seq) as seq from alert_event e where e.tenant = a.tenant and e.alert = a.id) first
      join delivery d on d.tenant = a.tenant and d.seq = first.seq
      where a.tenant = $1 and a.incident = $2 and d.received_at > $3`,
    [tx.tenant, approval.incident, approval.askedAt],
  )
  return found.rows[0]?.n ?? 0
}
