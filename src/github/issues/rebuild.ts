import { markIncidents } from '../../projection/index.ts'
import type { Tx } from '../../store/index.ts'

/** Has every incident that is worked on or has an issue rendered anew, and its issue put to that. Says how many. */
export async function rebuildIssues(tx: Tx): Promise<number> {
  const found = await tx.query<{ incident: number }>(
    `insert into github_issue as g (tenant, incident, repairs)
      select i.tenant, i.number, 1 from incident i where i.tenant = $1 and (i.status not in ('closed', 'merged') or exists (
        select from projection p where p.tenant = i.tenant and p.channel = 'github' and p.subject = 'incident/' || i.number
          and p.outside ->> 'issue' is not null))
      on conflict (tenant, incident) do update set repairs = g.repairs + 1 returning incident`,
    [tx.tenant],
  )
  return markIncidents(
    tx,
    found.rows.map((row) => row.incident),
  )
}
