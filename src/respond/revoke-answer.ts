import { appendTimeline } from '../cases/index.ts'
import { oneLine } from '../core/model/index.ts'
import { appendAudit, type Store } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import { readApproval } from './read-approvals.ts'

/** Who takes an answer back, and why. Time is epoch milliseconds. */
export interface Revocation {
  readonly id: string
  readonly actor: string
  readonly reason: string
  readonly at: number
}

/** A refused one changed nothing. */
export type Revoked = { readonly ok: true } | { readonly ok: false; readonly why: string }

/**
 * Takes one's own approval back while nothing was done by it: the question waits again, for others. Once the effect is on
 * record as intended it is too late: then the containment is taken back instead.
 */
export async function revokeAnswer(store: Store, given: Revocation): Promise<Revoked> {
  const actor = oneLine(given.actor, 200).toWellFormed()
  const reason = oneLine(given.reason, 2000).toWellFormed()
  const refused = (why: string): Revoked => ({ ok: false, why })
  return store.transaction(async (tx) => {
    const asked = await readApproval(tx, given.id)
    if (asked === null) return refused(`there is no approval ${oneLine(given.id, 60)}`)
    await lockStory(tx, [asked.incident])
    await tx.query('select from approval where tenant = $1 and id = $2 for update', [tx.tenant, given.id])
    const approval = (await readApproval(tx, given.id)) ?? asked
    if (approval.options.length > 0) return refused('an answer to a question is not an approval')
    if (!approval.answers.some((one) => one.actor === actor && one.answer === 'approve'))
      return refused(`${actor === '' ? 'nobody' : actor} has not approved it`)
    if (approval.status !== 'pending' && approval.status !== 'approved')
      return refused(`the approval is ${approval.status} already`)
    const made = await tx.query('select from effect where tenant = $1 and (approval = $2 or overruled = $2) limit 1', [
      tx.tenant,
      given.id,
    ])
    if (made.rowCount > 0) return refused('it was acted on already: take back what was done instead')
    await tx.query(
      `update approval_answer set answer = 'revoked', at = $4, reason = $5 where tenant = $1 and approval = $2 and actor = $3`,
      [tx.tenant, given.id, actor, given.at, reason],
    )
    await tx.query(`update approval set status = 'pending', settled_at = null where tenant = $1 and id = $2`, [
      tx.tenant,
      given.id,
    ])
    // A run that was told of the approval looks again and finds that it waits.
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
      tx.tenant,
      approval.run,
    ])
    await appendAudit(tx, {
      at: given.at,
      actor,
      action: 'approval.revoke',
      subject: `approval/${given.id}`,
      details: { digest: approval.digest, action: approval.action, target: approval.target, reason },
    })
    const sentence = `took back the approval of ${approval.action} on ${approval.target}${reason === '' ? '' : `: ${reason}`}`
    await appendTimeline(tx, [{ incident: approval.incident, at: given.at, kind: 'approval', actor, sentence }])
    await tx.query(`select pg_notify('gitsoc_runs', $1)`, [tx.tenant])
    return { ok: true } as const
  })
}
