import type { IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** A run that is to have a turn, and the incident it belonged to when that was seen. */
export interface DueRun {
  readonly run: string
  readonly incident: IncidentNumber
}

/**
 * Runs that go on now, oldest first: those to which something happened, and those whose time came before `since`. `resting`
 * ones are left out.
 */
export async function dueRuns(
  tx: Tx,
  since: number,
  resting: readonly string[],
  max: number,
): Promise<readonly DueRun[]> {
  if (max <= 0) return []
  const found = await tx.query<DueRun>({ name: 'runs-due', text: due }, [tx.tenant, since, resting, max])
  return found.rows
}

const due = `select run, incident from (
    (select id as run, incident, started_at from run where tenant = $1 and status = 'running' and id <> all($3::text[]) order by started_at, id limit $4)
    union all (select id, incident, started_at from run where tenant = $1 and status in ('waiting', 'paused') and wake_at <= $2
      and id <> all($3::text[]) order by wake_at limit $4)) as due
  order by started_at, run limit $4`

/** The incidents of runs, whatever has become of them. */
export async function incidentsOf(tx: Tx, runs: readonly string[]): Promise<readonly DueRun[]> {
  if (runs.length === 0) return []
  const found = await tx.query<DueRun>(
    { name: 'runs-of', text: 'select id as run, incident from run where tenant = $1 and id = any($2::text[])' },
    [tx.tenant, runs],
  )
  return found.rows
}

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
