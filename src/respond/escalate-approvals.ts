import { appendTimeline } from '../cases/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** Puts questions that nobody answered in the time of their policy to more people as well; once each, audited and told. */
export async function escalateApprovals(tx: Tx, at: number): Promise<void> {
  const due = await tx.query<{ incident: number }>(
    {
      name: 'escalations-due',
      text: `select distinct incident from approval where tenant = $1 and status = 'pending' and escalate_at <= $2 and expires_at > $2`,
    },
    [tx.tenant, at],
  )
  if (due.rowCount === 0) return
  await lockStory(
    tx,
    due.rows.map((one) => one.incident),
  )
  const escalated = await tx.query<{ id: string; incident: number; action: string; target: string; to: string[] }>(
    `update approval set escalate_at = null, roles = (select array_agg(distinct role) from unnest(roles || escalate_to) as role)
      where tenant = $1 and status = 'pending' and escalate_at <= $2 and expires_at > $2
      returning id, incident, action, target, escalate_to as "to"`,
    [tx.tenant, at],
  )
  for (const { id, incident, action, target, to } of escalated.rows) {
    await appendAudit(tx, {
      at,
      actor: 'gitsoc',
      action: 'approval.escalate',
      subject: `approval/${id}`,
      details: { incident, action, target, to },
    })
    const sentence = `nobody has answered whether ${action} on ${target} may be done; now ${to.join(', ')} may too (${id})`
    await appendTimeline(tx, [{ incident, at, kind: 'approval', actor: 'gitsoc', sentence }])
  }
}
