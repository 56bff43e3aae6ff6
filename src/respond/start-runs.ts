import type { Bundle } from '../core/content/index.ts'
import { type IncidentNumber, type RunId, runId } from '../core/model/index.ts'
import type { Trigger } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

/** A playbook that an incident set off. `at` is when the event that did it was received. */
export interface NewRun {
  readonly incident: IncidentNumber
  readonly trigger: Trigger
  readonly at: number
}

/** Starts runs inside the transaction that decided so, all in one statement; returns those that are new. A playbook runs once per incident. */
export async function startRuns(
  tx: Tx,
  bundle: Pick<Bundle, 'digest' | 'commit'>,
  runs: readonly NewRun[],
): Promise<readonly RunId[]> {
  if (runs.length === 0) return []
  const started = await tx.query<{ id: RunId }>(
    {
      name: 'start-runs',
      text: `with started as (
          insert into run (tenant, id, incident, playbook, bundle, commit, status, why, started_at, deadline_at)
          select $1, id, incident, playbook, $2, $3, 'running', why, started_at, deadline_at
          from unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::bigint[], $9::bigint[])
            as r(id, incident, playbook, why, started_at, deadline_at)
          on conflict do nothing returning id)
        select id, pg_notify('gitsoc_runs', $1) from started`,
    },
    [
      tx.tenant,
      bundle.digest,
      bundle.commit,
      runs.map((one) => runId(tx.tenant, one.incident, one.trigger.playbook.id, 'incident')),
      runs.map((one) => one.incident),
      runs.map((one) => one.trigger.playbook.id),
      runs.map((one) => one.trigger.decision.sentence),
      runs.map((one) => one.at),
      runs.map((one) => one.at + one.trigger.playbook.deadlineMs),
    ],
  )
  return started.rows.map((one) => one.id)
}
