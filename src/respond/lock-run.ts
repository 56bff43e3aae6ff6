import type { IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** A run that this transaction alone works at, and whose story it alone writes. */
export interface LockedRun {
  readonly status: string
  readonly incident: IncidentNumber
  /** The older run of the same playbook on the same incident that this one has to give way to. */
  readonly supersededBy: string | null
}

/**
 * Takes a run for one step, with the audit chain and the incident it belongs to, in the order of locks of everybody. Null
 * when another worker has it or it is gone; `again` when a merge gave it to another incident meanwhile.
 */
export async function lockRun(tx: Tx, id: string): Promise<LockedRun | 'again' | null> {
  const taken = await tx.query<{ ok: boolean; incident: IncidentNumber }>(
    'select pg_try_advisory_xact_lock(7365004, hashtext($2)) as ok, incident from run where tenant = $1 and id = $2',
    [tx.tenant, id],
  )
  const before = taken.rows[0]
  if (before === undefined || !before.ok) return null
  await lockStory(tx, [before.incident])
  const found = await tx.query<LockedRun>({ name: 'locked-run', text: locked }, [tx.tenant, id])
  const now = found.rows[0]
  if (now === undefined) return null
  return now.incident === before.incident ? now : 'again'
}

// An effect that was intended is settled before its run gives way. A run that failed keeps nobody from trying.
const locked = `select r.status, r.incident, case when exists (
      select from effect e where e.tenant = r.tenant and e.run = r.id and e.outcome is null) then null
    else (select o.id from run o where o.tenant = r.tenant and o.incident = r.incident and o.playbook = r.playbook
      and (o.started_at, o.id) < (r.started_at, r.id) and o.status in ('running', 'waiting', 'completed')
      order by o.started_at, o.id limit 1) end as "supersededBy"
  from run r where r.tenant = $1 and r.id = $2`
