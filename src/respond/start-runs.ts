import type { Bundle } from '../core/content/index.ts'
import { type IncidentNumber, type RunId, runId } from '../core/model/index.ts'
import type { Trigger } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

/** Starts the runs that an incident set off, inside the transaction that decided so. A playbook runs once per incident. */
export async function startRuns(
  tx: Tx,
  bundle: Pick<Bundle, 'digest' | 'commit'>,
  incident: IncidentNumber,
  triggers: readonly Trigger[],
  at: number,
): Promise<readonly RunId[]> {
  const started: RunId[] = []
  for (const { playbook, decision } of triggers) {
    const id = runId(tx.tenant, incident, playbook.id, 'incident')
    const inserted = await tx.query(
      `insert into run (tenant, id, incident, playbook, bundle, commit, status, why, started_at, deadline_at) values ($1, $2, $3, $4, $5, $6, 'running', $7, $8, $9) on conflict do nothing`,
      [
        tx.tenant,
        id,
        incident,
        playbook.id,
        bundle.digest,
        bundle.commit,
        decision.sentence,
        at,
        at + playbook.deadlineMs,
      ],
    )
    if (inserted.rowCount > 0) started.push(id)
  }
  if (started.length > 0) await tx.query(`select pg_notify('gitsoc_runs', $1)`, [tx.tenant])
  return started
}
