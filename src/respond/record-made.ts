import { readIncident, storableJson, storableText } from '../cases/index.ts'
import { isObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { pauseMs } from './backoff.ts'
import type { Claimed } from './claimed.ts'
import { lockStory } from './lock-story.ts'
import type { Made } from './make-effect.ts'
import { recordSteps } from './record-steps.ts'

/**
 * Records what a call came to: an outcome ends the step, anything else leaves the effect to its next turn. Null when
 * another replica has taken the effect over meanwhile: then this one has nothing to say.
 */
export async function recordMade(
  tx: Tx,
  claimed: Claimed,
  made: Made,
  replica: string,
  at: number,
): Promise<StepResult | 'open' | null> {
  const owner = await tx.query<{ incident: number }>('select incident from run where tenant = $1 and id = $2', [
    tx.tenant,
    claimed.run,
  ])
  const number = owner.rows[0]?.incident ?? claimed.incident
  await lockStory(tx, [number])
  const incident = await readIncident(tx, number)
  if (incident === null) throw new Error(`incident ${number} is gone`)
  const mine = await tx.query(
    'select from effect where tenant = $1 and id = $2 and outcome is null and claimed_by = $3 for update',
    [tx.tenant, claimed.id, replica],
  )
  if (mine.rowCount === 0) return null
  await tx.query(
    'update effect_attempt set ended_at = $4, verdict = $5, status = $6, sentence = $7 where tenant = $1 and effect = $2 and n = $3',
    [tx.tenant, claimed.id, claimed.n, at, made.verdict, made.status, storableText(made.sentence).slice(0, 1000)],
  )
  await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
    tx.tenant,
    claimed.run,
  ])
  if (made.verdict !== 'done' && made.verdict !== 'failed') {
    const asksNext = made.verdict === 'unclear' && claimed.kind === 'call' && isObject(claimed.spec.confirm)
    const pause = made.verdict === 'absent' || asksNext ? 0 : pauseMs(claimed.id, claimed.n, claimed.patience)
    await tx.query('update effect set claimed_by = null, next_at = $3 where tenant = $1 and id = $2', [
      tx.tenant,
      claimed.id,
      at + Math.max(pause, made.retryAfterMs ?? 0),
    ])
    return 'open'
  }
  await tx.query(
    'update effect set outcome = $3, settled_at = $4, result = $5, rollback = $6, claimed_by = null where tenant = $1 and id = $2',
    [tx.tenant, claimed.id, made.verdict, at, storableJson(made.result), storableJson(made.rollback)],
  )
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action: claimed.undoes === null ? `effect.${made.verdict}` : `effect.undo-${made.verdict}`,
    subject: `effect/${claimed.id}`,
    details: {
      incident: number,
      action: claimed.action,
      target: claimed.target,
      mode: claimed.mode,
      approvedBy: claimed.approvedBy,
      gate: claimed.why,
    },
  })
  const { verdict: status, output, sentence } = made
  const result: StepResult = { path: claimed.path, status, output, sentence }
  await recordSteps(tx, { id: claimed.run, playbook: claimed.playbook }, number, [result], at)
  return result
}
