import { type IncidentNumber, oneLine } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** What an entry is about: an alert came, the engine decided, a run went on, an action was done, an approval was asked or given, a person did something. */
export type TimelineKind = 'alert' | 'decision' | 'run' | 'action' | 'approval' | 'person'

/** One line of an incident's story. `at` is event time for alerts and decisions, the time of doing for the rest. */
export interface TimelineEntry {
  readonly incident: IncidentNumber
  readonly at: number
  readonly kind: TimelineKind
  /** Who: a source for its alert, `gitsoc` for the machine, else the person's name as the caller gives it. */
  readonly actor: string
  readonly sentence: string
}

const maxSentence = 2000

/** Appends to the timelines of incidents that are stored; numbers of an incident have no gaps, whoever writes at the same time. */
export async function appendTimeline(tx: Tx, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return
  await lockIncidents(tx, entries)
  await appendLocked(tx, entries)
}

/** Like {@link appendTimeline} for a caller that holds the rows of all these incidents. */
export async function appendLocked(tx: Tx, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return
  void tx.write(
    {
      name: 'append-timeline',
      text: `insert into timeline (tenant, incident, n, at, kind, actor, sentence)
        select $1, e.incident, coalesce(l.n, 0) + row_number() over (partition by e.incident order by e.ord), e.at, e.kind, e.actor, e.sentence
        from unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[]) with ordinality as e(incident, at, kind, actor, sentence, ord)
        left join lateral (select max(n) as n from timeline t where t.tenant = $1 and t.incident = e.incident) l on true`,
    },
    [
      tx.tenant,
      entries.map((e) => e.incident),
      entries.map((e) => e.at),
      entries.map((e) => e.kind),
      entries.map((e) => oneLine(e.actor, 200).toWellFormed()),
      entries.map((e) => oneLine(e.sentence, maxSentence).toWellFormed()),
    ],
  )
}

/** A task for an analyst; `origin` is the rule, playbook or person that left it. */
export interface NewTask {
  readonly incident: IncidentNumber
  readonly title: string
  readonly origin: string
}

/** Adds a task. A title that is there already is not added again. */
export async function addTask(tx: Tx, incident: IncidentNumber, title: string, origin: string): Promise<void> {
  await lockIncidents(tx, [{ incident }])
  await addTasksLocked(tx, [{ incident, title, origin }])
}

/** Like {@link addTask}, several, for a caller that holds the rows of their incidents. */
export async function addTasksLocked(tx: Tx, tasks: readonly NewTask[]): Promise<void> {
  if (tasks.length === 0) return
  void tx.write(
    {
      name: 'add-tasks',
      text: `insert into task (tenant, incident, n, title, origin)
        select $1, incident, row_number() over (partition by incident order by ord)
            + (select coalesce(max(n), 0) from task o where o.tenant = $1 and o.incident = fresh.incident), title, origin
        from (select distinct on (incident, title) * from unnest($2::int[], $3::text[], $4::text[])
            with ordinality as t(incident, title, origin, ord) order by incident, title, ord) fresh
        where not exists (select from task o where o.tenant = $1 and o.incident = fresh.incident and o.title = fresh.title)`,
    },
    [
      tx.tenant,
      tasks.map((one) => one.incident),
      tasks.map((one) => oneLine(one.title).toWellFormed()),
      tasks.map((one) => oneLine(one.origin, 200).toWellFormed()),
    ],
  )
}

/** Numbering is per incident: whoever appends holds its row. In ascending order, so that two writers never wait for each other in a circle. */
async function lockIncidents(tx: Tx, of: readonly { readonly incident: IncidentNumber }[]): Promise<void> {
  void tx.write(
    {
      name: 'lock-incidents',
      text: 'select number from incident where tenant = $1 and number = any($2::int[]) order by number for no key update',
    },
    [tx.tenant, [...new Set(of.map((one) => one.incident))]],
  )
}
