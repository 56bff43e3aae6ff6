import { appendTimeline } from '../cases/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** Approvals whose time is over are expired; their runs go on and find them so. */
export async function expireApprovals(tx: Tx, at: number): Promise<void> {
  const due = await tx.query<{ incident: number }>(
    `select distinct incident from approval where tenant = $1 and status = 'pending' and expires_at <= $2`,
    [tx.tenant, at],
  )
  if (due.rowCount === 0) return
  await lockStory(
    tx,
    due.rows.map((one) => one.incident),
  )
  const expired = await tx.query<{ id: string; run: string; incident: number; action: string; target: string }>(
    `update approval set status = 'expired', settled_at = $2 where tenant = $1 and status = 'pending' and expires_at <= $2 returning id, run, incident, action, target`,
    [tx.tenant, at],
  )
  for (const one of expired.rows) {
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
      tx.tenant,
      one.run,
    ])
    await appendAudit(tx, {
      at,
      actor: 'gitsoc',
      action: 'approval.expire',
      subject: `approval/${one.id}`,
      details: { action: one.action, target: one.target },
    })
    await appendTimeline(tx, [
      {
        incident: one.incident,
        at,
        kind: 'approval',
        actor: 'gitsoc',
        sentence: `nobody answered in time: ${one.action} on ${one.target} is not done`,
      },
    ])
  }
}
