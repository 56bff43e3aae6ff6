import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { type OpenEffect, openEffects } from './open-effect.ts'
import type { RecordedStep } from './record-steps.ts'

/** A run with everything that its next turn is decided from. What a turn changes is changed here and written at its round's end. */
export interface KnownRun {
  readonly id: string
  readonly playbook: string
  readonly bundle: string
  readonly commit: string
  readonly deadlineAt: number
  readonly incident: IncidentNumber
  status: string
  readonly inputs: JsonObject
  /** Why a person ended it; null while it goes on. */
  readonly cancelled: string | null
  /** Whether what it has done is taken back before it ends. */
  readonly rollback: boolean
  readonly wakeAt: number | null
  /** The older run of the same playbook on the same incident that this one has to give way to. */
  readonly supersededBy: string | null
  /** Whether a question of it waits for people. */
  isAsking: boolean
  /** Whether people were ever asked anything for it. */
  hasAsked: boolean
  /** Its finished steps, in their order. */
  readonly results: RecordedStep[]
  /** Its intents without outcome, by path. */
  readonly open: Map<string, OpenEffect>
}

/** Reads runs that nobody else works at now, and whether the stop switch is on, in one statement. */
export async function readKnownRuns(
  tx: Tx,
  ids: readonly string[],
): Promise<{ readonly runs: readonly KnownRun[]; readonly isStopped: boolean }> {
  const found = await tx.query<Omit<KnownRun, 'open'> & { open: readonly OpenEffect[]; isStopped: boolean }>(
    { name: 'known-runs', text: known },
    [tx.tenant, ids],
  )
  const runs = found.rows.map(({ isStopped: _, open, ...row }) => ({
    ...row,
    open: new Map(open.map((one) => [one.path, one])),
  }))
  return { runs, isStopped: found.rows.some((one) => one.isStopped) }
}

// A run that failed keeps nobody from trying. Most runs have none before them, and sorting nothing costs more than looking for it.
const older = `run o where o.tenant = r.tenant and o.incident = r.incident and o.playbook = r.playbook
      and o.trigger = 'incident' and (o.started_at, o.id) < (r.started_at, r.id) and o.status in ('running', 'waiting', 'paused', 'completed')`
const known = `select r.id, r.playbook, r.bundle, r.commit, r.deadline_at as "deadlineAt", r.incident, r.status, r.inputs, r.cancelled,
    r.rollback, r.wake_at as "wakeAt",
    case when r.trigger = 'incident' and exists (select from ${older}) then (select o.id from ${older} order by o.started_at, o.id limit 1) end as "supersededBy",
    asked.any is true as "isAsking", asked.any is not null as "hasAsked",
    (select coalesce(jsonb_agg(jsonb_build_object('path', s.path, 'status', s.status, 'output', s.output, 'sentence', s.sentence) order by s.n), '[]')
      from run_step s where s.tenant = r.tenant and s.run = r.id) as results,
    exists (select from stop_switch where tenant = $1) as "isStopped",
    ${openEffects} as open
  from run r cross join lateral (select bool_or(a.status = 'pending') as any from approval a where a.tenant = r.tenant and a.run = r.id) asked
  where r.tenant = $1 and r.id = any($2::text[])`
