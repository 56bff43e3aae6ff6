import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'
import { type OpenEffect, readOpenEffects } from './open-effect.ts'
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
  /** How it stands on record: what is as it was is not written again. */
  readonly stored: { readonly status: string; readonly wakeAt: number | null }
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

type RunRow = Omit<KnownRun, 'open' | 'results' | 'isAsking' | 'hasAsked' | 'stored'> & { readonly isStopped: boolean }

/**
 * Reads runs that nobody else works at now, and whether the stop switch is on. Each kind of row is read for all runs at once,
 * and no statement waits for the one before: as one statement with a part for each run it costs the database several times as much.
 */
export async function readKnownRuns(
  tx: Tx,
  ids: readonly string[],
): Promise<{ readonly runs: readonly KnownRun[]; readonly isStopped: boolean }> {
  const values = [tx.tenant, ids]
  const [found, steps, open, asked] = await Promise.all([
    tx.query<RunRow>({ name: 'known-runs', text: known }, values),
    tx.query<RecordedStep & { run: string }>({ name: 'known-steps', text: finished }, values),
    readOpenEffects(tx, ids),
    tx.query<{ run: string; pending: boolean }>({ name: 'known-asked', text: questions }, values),
  ])
  const stepsOf = Map.groupBy(steps.rows, (one) => one.run)
  const openOf = Map.groupBy(open, (one) => one.run)
  const askedOf = new Map(asked.rows.map((one) => [one.run, one.pending]))
  const runs = found.rows.map(
    ({ isStopped: _, ...row }): KnownRun => ({
      ...row,
      stored: { status: row.status, wakeAt: row.wakeAt },
      isAsking: askedOf.get(row.id) === true,
      hasAsked: askedOf.has(row.id),
      results: (stepsOf.get(row.id) ?? []).map(({ run: __, ...step }) => step),
      open: new Map((openOf.get(row.id) ?? []).map(({ run: __, ...effect }) => [effect.path, effect])),
    }),
  )
  return { runs, isStopped: found.rows.some((one) => one.isStopped) }
}

const wanted = `${fewRows('$2::text[]')} as w(id)`
// A run that failed keeps nobody from trying. Most runs have none before them, and sorting nothing costs more than looking for it.
const older = `run o where o.tenant = r.tenant and o.incident = r.incident and o.playbook = r.playbook
      and o.trigger = 'incident' and (o.started_at, o.id) < (r.started_at, r.id) and o.status in ('running', 'waiting', 'paused', 'completed')`
const known = `select r.id, r.playbook, r.bundle, r.commit, r.deadline_at as "deadlineAt", r.incident, r.status, r.inputs, r.cancelled,
    r.rollback, r.wake_at as "wakeAt",
    case when r.trigger = 'incident' and exists (select from ${older}) then (select o.id from ${older} order by o.started_at, o.id limit 1) end as "supersededBy",
    exists (select from stop_switch where tenant = $1) as "isStopped"
  from ${wanted} cross join lateral (select * from run where tenant = $1 and id = w.id offset 0) r`
const finished = `select s.run, s.path, s.status, s.output, s.sentence
  from ${wanted} join run_step s on s.tenant = $1 and s.run = w.id order by s.run, s.n`
const questions = `select a.run, bool_or(a.status = 'pending') as pending
  from ${wanted} join approval a on a.tenant = $1 and a.run = w.id group by a.run`
