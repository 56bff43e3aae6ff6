import type { IncidentNumber } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** Kinds of entries: what the engine decided, what a run did, what a person did. */
export type TimelineKind = 'alert' | 'decision' | 'run' | 'action' | 'approval' | 'person'

/** One line of an incident's story. `at` is event time for alerts and the time of doing for the rest. */
export interface TimelineEntry {
  readonly incident: IncidentNumber
  readonly at: number
  readonly kind: TimelineKind
  readonly actor: string
  readonly sentence: string
}

/** Appends entries; their numbers within an incident have no gaps. */
export async function appendTimeline(tx: Tx, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return
  const incidents = [...new Set(entries.map((one) => one.incident))].sort((a, b) => a - b)
  for (const incident of incidents)
    await tx.query({ name: 'lock-timeline', text: 'select pg_advisory_xact_lock(7365003, hashtext($1 || $2::text))' }, [
      tx.tenant,
      incident,
    ])
  await tx.query(
    {
      name: 'append-timeline',
      text: `insert into timeline (tenant, incident, n, at, kind, actor, sentence)
        select $1, t.incident, coalesce((select max(n) from timeline o where o.tenant = $1 and o.incident = t.incident), 0) + row_number() over (partition by t.incident order by t.o), t.at, t.kind, t.actor, t.sentence
        from unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[]) with ordinality as t(incident, at, kind, actor, sentence, o)`,
    },
    [
      tx.tenant,
      entries.map((e) => e.incident),
      entries.map((e) => e.at),
      entries.map((e) => e.kind),
      entries.map((e) => e.actor),
      entries.map((e) => e.sentence.slice(0, 2000)),
    ],
  )
}

/** A task for an analyst; `origin` is the rule or playbook that left it. */
export async function addTask(tx: Tx, incident: IncidentNumber, title: string, origin: string): Promise<void> {
  await tx.query(
    `insert into task (tenant, incident, n, title, origin)
      select $1, $2, coalesce(max(n), 0) + 1, $3, $4 from task where tenant = $1 and incident = $2
      having not exists (select from task where tenant = $1 and incident = $2 and title = $3)`,
    [tx.tenant, incident, title.slice(0, 500), origin],
  )
}
