import type { Incident, IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** An incident that was merged, and the one that took it in: one that was not merged itself. */
export interface Merge {
  readonly from: IncidentNumber
  readonly into: IncidentNumber
}

/** Where the merged ones among the changed incidents ended up; one that took others in may have been merged itself. */
export function mergesOf(incidents: readonly Pick<Incident, 'number' | 'mergedInto'>[]): readonly Merge[] {
  const into = new Map<IncidentNumber, IncidentNumber>()
  for (const one of incidents) if (one.mergedInto !== null) into.set(one.number, one.mergedInto)
  const endOf = (number: IncidentNumber): IncidentNumber => {
    const next = into.get(number)
    return next === undefined ? number : endOf(next)
  }
  return [...into.keys()].map((from) => ({ from, into: endOf(from) }))
}

/**
 * Gives what belongs to merged incidents to the ones that took them in: alerts, runs with their effects and approvals,
 * tasks, and where the other has none owner, milestone, said severity and acknowledgement. Of two runs of one playbook the older goes on, the other
 * is superseded by it: the responder ends it before its next step. The caller holds the rows of the incidents: whoever
 * writes runs, effects or approvals of an incident takes its row before.
 */
export async function mergeWork(tx: Tx, merges: readonly Merge[]): Promise<void> {
  if (merges.length === 0) return
  const values = [tx.tenant, merges.map((one) => one.from), merges.map((one) => one.into)]
  void tx.write({ name: 'merge-alerts-and-runs', text: moves }, values)
  void tx.write({ name: 'merge-owners', text: owners }, values)
  void tx.write({ name: 'merge-tasks', text: tasks }, values)
  void tx.write({ name: 'merge-wake', text: wake }, values)
}

const moved = (table: string) =>
  `update ${table} t set incident = m.target from m where t.tenant = $1 and t.incident = m.origin`

const moves = `with m as (select * from unnest($2::int[], $3::int[]) as m(origin, target)),
    alerts as (${moved('alert')}), effects as (${moved('effect')}), approvals as (${moved('approval')})
  ${moved('run')}`

const owners = `with m as (select * from unnest($2::int[], $3::int[]) as m(origin, target)),
    given as (select m.target, (array_agg(i.owner order by i.number) filter (where i.owner is not null))[1] as owner,
        (array_agg(i.milestone order by i.number) filter (where i.milestone is not null))[1] as milestone,
        min(i.acknowledged_at) as acknowledged_at,
        (array_agg(i.said_severity order by i.number) filter (where i.said_severity is not null))[1] as said_severity
      from m join incident i on i.tenant = $1 and i.number = m.origin
      where coalesce(i.owner, i.milestone) is not null or i.acknowledged_at is not null or i.said_severity is not null group by m.target),
    taken as (
      update incident i set owner = coalesce(i.owner, given.owner), milestone = coalesce(i.milestone, given.milestone),
        acknowledged_at = least(i.acknowledged_at, given.acknowledged_at),
        said_severity = coalesce(i.said_severity, given.said_severity),
        severity = coalesce(i.said_severity->>'severity', given.said_severity->>'severity', i.severity),
        status = case when i.status = 'new' and given.acknowledged_at is not null then 'acknowledged' else i.status end
      from given where i.tenant = $1 and i.number = given.target returning i.number)
  insert into incident_change (tenant, incident) select $1, number from taken`

const tasks = `with m as (select * from unnest($2::int[], $3::int[]) as m(origin, target)),
    given as (select distinct on (m.target, t.title) m.target, t.incident, t.n
      from task t join m on t.tenant = $1 and t.incident = m.origin
      where not exists (select from task o where o.tenant = $1 and o.incident = m.target and o.title = t.title)
      order by m.target, t.title, t.incident, t.n),
    numbered as (select given.*, row_number() over (partition by target order by incident, n)
        + (select coalesce(max(n), 0) from task o where o.tenant = $1 and o.incident = given.target) as place from given)
  update task t set incident = d.target, n = d.place from numbered d
  where t.tenant = $1 and t.incident = d.incident and t.n = d.n`

// A run that waits for an answer and has to give way is woken, so that nobody is asked what no longer matters.
const wake = `with woken as (
    update run r set status = 'running' where r.tenant = $1 and r.incident = any($3::int[]) and r.status = 'waiting'
      and exists (select from run o where o.tenant = $1 and o.incident = r.incident and o.playbook = r.playbook
        and (o.started_at, o.id) < (r.started_at, r.id) and o.status in ('running', 'waiting', 'completed'))
    returning id)
  select pg_notify('gitsoc_runs', $1) from woken where $2::int[] is not null`
