import { isEnabled, markIncidents } from '../../projection/index.ts'
import type { Tx } from '../../store/index.ts'

/** What rebuilding comes to. */
export interface Rebuilt {
  /** So many issues are rendered anew. */
  readonly incidents: number
  /** So many incidents are over and never had an issue: they get none. */
  readonly without: number
  /** Whether a server keeps issues at all. */
  readonly isKept: boolean
}

/** Has every incident that is worked on or has an issue rendered anew, and its issue put to that. */
export async function rebuildIssues(tx: Tx): Promise<Rebuilt> {
  const found = await tx.query<{ incident: number }>(
    `insert into github_issue as g (tenant, incident, repairs)
      select i.tenant, i.number, 1 from incident i where i.tenant = $1 and (i.status not in ('closed', 'merged') or exists (
        select from projection p where p.tenant = i.tenant and p.channel = 'github' and p.subject = 'incident/' || i.number
          and p.outside ->> 'issue' is not null))
      on conflict (tenant, incident) do update set repairs = g.repairs + 1 returning incident`,
    [tx.tenant],
  )
  const all = await tx.query<{ count: number }>('select count(*) as count from incident where tenant = $1', [tx.tenant])
  const incidents = await markIncidents(
    tx,
    found.rows.map((row) => row.incident),
  )
  return { incidents, without: (all.rows[0]?.count ?? 0) - incidents, isKept: await isEnabled(tx, 'github') }
}
