import type { IncidentNumber } from '../../core/model/index.ts'
import { markIncidents } from '../../projection/index.ts'
import type { Tx } from '../../store/index.ts'

/** Has the issue of an incident put to what the incident says, whatever was made of it: the next writing looks at all of it. */
export async function askRepair(tx: Tx, incident: IncidentNumber): Promise<void> {
  await tx.query(
    `insert into github_issue as g (tenant, incident, repairs) values ($1, $2, 1)
      on conflict (tenant, incident) do update set repairs = g.repairs + 1`,
    [tx.tenant, incident],
  )
  await markIncidents(tx, [incident])
}

/** How often that was asked for. */
export async function repairsOf(tx: Tx, incident: IncidentNumber): Promise<number> {
  const found = await tx.query<{ repairs: number }>(
    'select repairs from github_issue where tenant = $1 and incident = $2',
    [tx.tenant, incident],
  )
  return found.rows[0]?.repairs ?? 0
}
