import { appendTimeline, storableJson, storableText } from '../cases/index.ts'
import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'

/** How a run is over. */
export interface Ending {
  readonly status: 'completed' | 'failed' | 'stopped' | 'expired' | 'cancelled'
  readonly sentence: string
  readonly outputs: JsonObject
}

/** Ends a run: its questions are void, and timeline and audit say how it went. */
export async function endRun(
  tx: Tx,
  run: { readonly id: string; readonly playbook: string; readonly bundle: string; readonly commit: string },
  incident: IncidentNumber,
  { status, sentence, outputs }: Ending,
  at: number,
): Promise<void> {
  await tx.query(
    'update run set status = $3, ended_at = $4, sentence = $5, outputs = $6, wake_at = null where tenant = $1 and id = $2',
    [tx.tenant, run.id, status, at, storableText(sentence), storableJson(outputs)],
  )
  await tx.query(
    `update approval set status = 'void', settled_at = $3 where tenant = $1 and run = $2 and status = 'pending' and kind <> 'break-glass'`,
    [tx.tenant, run.id, at],
  )
  await tx.query('delete from run_wait where tenant = $1 and run = $2', [tx.tenant, run.id])
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action: `run.${status}`,
    subject: `run/${run.id}`,
    details: { incident, playbook: run.playbook, commit: run.commit, bundle: run.bundle },
  })
  await appendTimeline(tx, [
    { incident, at, kind: 'run', actor: run.playbook, sentence: `the playbook is ${status}: ${sentence}` },
  ])
}
