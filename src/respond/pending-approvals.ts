import type { IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { type Approval, readApproval } from './read-approvals.ts'

/** An approval that waits; `isEscalated` once it was put to more people because nobody had answered. */
export type PendingApproval = Approval & { readonly isEscalated: boolean }

/** The approvals that wait, of one incident or those that expire by a time, the first that expires first; at most 200. */
export async function pendingApprovals(
  tx: Tx,
  which: { readonly incident: IncidentNumber } | { readonly expiresBy: number },
): Promise<readonly PendingApproval[]> {
  const incident = 'incident' in which ? which.incident : null
  const before = 'expiresBy' in which ? which.expiresBy : null
  const found = await tx.query<{ id: string; isEscalated: boolean }>(
    `select id, escalate_at is null and cardinality(escalate_to) > 0 as "isEscalated" from approval
      where tenant = $1 and status = 'pending' and ($2::int is null or incident = $2) and ($3::bigint is null or expires_at <= $3)
      order by expires_at, id limit 200`,
    [tx.tenant, incident, before],
  )
  const approvals: PendingApproval[] = []
  for (const { id, isEscalated } of found.rows) {
    const approval = await readApproval(tx, id)
    if (approval !== null) approvals.push({ ...approval, isEscalated })
  }
  return approvals
}

/** The approvals of an incident: all that wait, then the ones that were settled last; at most 60. */
export async function approvalsOf(tx: Tx, incident: IncidentNumber): Promise<readonly Approval[]> {
  const found = await tx.query<{ id: string }>(
    `select id from approval where tenant = $1 and incident = $2
      order by status = 'pending' desc, case when status = 'pending' then asked_at else -settled_at end, path, id limit 60`,
    [tx.tenant, incident],
  )
  const approvals: Approval[] = []
  for (const { id } of found.rows) {
    const approval = await readApproval(tx, id)
    if (approval !== null) approvals.push(approval)
  }
  return approvals
}
