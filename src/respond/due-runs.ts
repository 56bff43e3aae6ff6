import type { IncidentNumber } from '../core/model/index.ts'
import type { AuditHead, Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'

/** A run that is to have a turn, and the incident it belonged to when that was seen. */
export interface DueRun {
  readonly run: string
  readonly incident: IncidentNumber
  /** Whether it was found because it goes on now. */
  readonly isDue: boolean
}

/** Which runs are to have a turn. */
export interface DueWish {
  /** These, whatever has become of them. */
  readonly runs: readonly string[]
  /** And at most so many others that go on now, oldest first: those to which something happened, and those whose time came before `since`. */
  readonly max: number
  readonly since: number
  /** These are left out of the others. */
  readonly resting: readonly string[]
}

/** The wanted runs, then the others. */
export async function dueRuns(tx: Tx, { runs, max, since, resting }: DueWish): Promise<readonly DueRun[]> {
  const found = await tx.query<DueRun>({ name: 'runs-due', text: due }, [
    tx.tenant,
    since,
    [...resting, ...runs],
    Math.max(0, max),
    runs,
  ])
  return found.rows
}

const running = `select id as run, incident, true as "isDue", started_at from run where tenant = $1 and status = 'running' and id <> all($3::text[])`
const timed = `select id, incident, true, started_at from run where tenant = $1 and status in ('waiting', 'paused') and wake_at <= $2 and id <> all($3::text[])`
const due = `select run, incident, "isDue" from (
    select r.id as run, r.incident, false as "isDue", r.started_at from ${fewRows('$5::text[]')} as w(id)
      cross join lateral (select * from run where tenant = $1 and id = w.id offset 0) r
    union all (${running} order by started_at, id limit $4)
    union all (${timed} order by wake_at limit $4)) as due
  order by "isDue", started_at, run limit $4 + cardinality($5::text[])`

/**
 * Takes the tenant's turn at the audit chain, which is also that of taking turns of runs; null, and nothing taken, when no
 * run is due: most looks find nothing.
 */
export async function lockWhenDue(
  tx: Tx,
  { since, resting }: Pick<DueWish, 'since' | 'resting'>,
): Promise<AuditHead | null> {
  const found = await tx.query<AuditHead>({ name: 'lock-when-due', text: locked }, [tx.tenant, since, resting])
  return found.rows[0] ?? null
}

const locked = `select seq, hash from audit_head where tenant = $1 and (exists (${running}) or exists (${timed})) for update`

/** When something is due next after `at`, or null. */
export async function nextDue(tx: Tx, at: number): Promise<number | null> {
  const found = await tx.query<{ at: number | null }>(
    {
      name: 'next-due',
      text: `select min(wake_at) as at from run where tenant = $1 and status in ('waiting', 'paused') and wake_at > $2`,
    },
    [tx.tenant, at],
  )
  return found.rows[0]?.at ?? null
}
