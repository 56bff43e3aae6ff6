import { storableJson } from '../cases/index.ts'
import { type Bundle, filledInputs } from '../core/content/index.ts'
import { type IncidentNumber, type JsonObject, type RunId, runId } from '../core/model/index.ts'
import type { Trigger } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

/** A playbook that an incident set off. `at` is when the event that did it was received. */
export interface NewRun {
  readonly incident: IncidentNumber
  readonly trigger: Trigger
  readonly at: number
  /** What set it off when it was not what happened to the incident: the same for an incident is the same run. */
  readonly cause?: string
  readonly inputs?: JsonObject
}

/**
 * Starts runs inside the transaction that decided so, all in one statement; returns those that are new. A playbook runs
 * once per incident, or with `once: change` once per change, and not again within its cooldown.
 */
export async function startRuns(
  tx: Tx,
  bundle: Pick<Bundle, 'digest' | 'commit'>,
  runs: readonly NewRun[],
): Promise<readonly RunId[]> {
  if (runs.length === 0) return []
  const causes = runs.map(causeOf)
  const started = await tx.query<{ id: RunId }>(
    {
      name: 'start-runs',
      text: `with started as (
          insert into run (tenant, id, incident, playbook, bundle, commit, status, why, started_at, deadline_at, trigger, inputs)
          select $1, id, incident, playbook, $2, $3, 'running', why, started_at, deadline_at, trigger, inputs
          from unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::jsonb[], $12::bigint[])
            as r(id, incident, playbook, why, started_at, deadline_at, trigger, inputs, cooldown)
          where r.cooldown = 0 or not exists (select from run o where o.tenant = $1 and o.incident = r.incident
            and o.playbook = r.playbook and o.started_at > r.started_at - r.cooldown)
          on conflict do nothing returning id)
        select id, pg_notify('gitsoc_runs', $1) from started`,
    },
    [
      tx.tenant,
      bundle.digest,
      bundle.commit,
      runs.map((one, index) => runId(tx.tenant, one.incident, one.trigger.playbook.id, causes[index] ?? '')),
      runs.map((one) => one.incident),
      runs.map((one) => one.trigger.playbook.id),
      runs.map((one) => one.trigger.decision.sentence),
      runs.map((one) => one.at),
      runs.map((one) => one.at + one.trigger.playbook.deadlineMs),
      causes.map((cause) => cause.split(' ')[0] ?? ''),
      runs.map((one) => storableJson(one.inputs ?? defaultsOf(one))),
      runs.map((one) => one.trigger.playbook.trigger.cooldownMs),
    ],
  )
  return started.rows.map((one) => one.id)
}

const causeOf = (one: NewRun) =>
  one.cause ?? (one.trigger.playbook.trigger.once === 'change' ? `change ${one.at}` : 'incident')

/** What starts by itself has a default for every input; the playbook's compiler sees to it. */
function defaultsOf({ trigger }: NewRun): JsonObject {
  const filled = filledInputs(trigger.playbook.inputs, {})
  return filled.ok ? filled.inputs : {}
}
