import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { lockStory } from './lock-story.ts'

/** A run that this transaction alone works at, and whose story it alone writes. */
export interface LockedRun {
  readonly status: string
  readonly incident: IncidentNumber
  readonly inputs: JsonObject
  /** Why a person ended it; null while it goes on. */
  readonly cancelled: string | null
  /** Whether what it has done is taken back before it ends. */
  readonly rollback: boolean
  readonly wakeAt: number | null
  /** Whether an effect of it is intended and has no outcome. */
  readonly isUnsettled: boolean
  /** The older run of the same playbook on the same incident that this one has to give way to. */
  readonly supersededBy: string | null
}

/**
 * Takes a run for one turn, with the audit chain and the incident it belongs to, in the order of locks of everybody. Null
 * when it is gone, or another worker has it and only a try was asked for; `again` when a merge gave it to another incident meanwhile.
 */
export async function lockRun(tx: Tx, id: string, how: 'try' | 'wait'): Promise<LockedRun | 'again' | null> {
  const taken = await tx.query<{ ok: boolean; incident: IncidentNumber }>(
    how === 'try'
      ? { name: 'try-run', text: tries }
      : { name: 'take-run', text: tries.replace('pg_try_advisory_xact_lock(7365004, hashtext($2))', waits) },
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

const tries =
  'select pg_try_advisory_xact_lock(7365004, hashtext($2)) as ok, incident from run where tenant = $1 and id = $2'
const waits = '(select true from pg_advisory_xact_lock(7365004, hashtext($2)))'

// An effect that was intended is settled before its run gives way. A run that failed keeps nobody from trying.
const locked = `with open as (select exists (select from effect e where e.tenant = $1 and e.run = $2 and e.outcome is null) as is)
  select r.status, r.incident, r.inputs, r.cancelled, r.rollback, r.wake_at as "wakeAt", open.is as "isUnsettled",
    case when open.is or r.trigger <> 'incident' then null
    else (select o.id from run o where o.tenant = r.tenant and o.incident = r.incident and o.playbook = r.playbook
      and o.trigger = 'incident' and (o.started_at, o.id) < (r.started_at, r.id) and o.status in ('running', 'waiting', 'paused', 'completed')
      order by o.started_at, o.id limit 1) end as "supersededBy"
  from run r, open where r.tenant = $1 and r.id = $2`
