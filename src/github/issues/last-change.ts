import type { Command } from '../../core/command/index.ts'
import type { IncidentNumber } from '../../core/model/index.ts'
import type { Tx } from '../../store/index.ts'

/** When something was done on GitHub, and when that was recorded here. Epoch milliseconds. */
export interface Heard {
  readonly at: number
  readonly recordedAt: number
}

/**
 * When this was last changed of the incident, by the time at which it was done: of what was done on GitHub the time there, of all else
 * that of its record in the audit. 0 when never.
 */
export async function lastChangeAt(tx: Tx, incident: IncidentNumber, field: string): Promise<number> {
  const found = await tx.query<{ at: number | null; heard: Heard | null }>(
    `select max(a.at) as at, (select g.heard -> $4::text from github_issue g where g.tenant = $1 and g.incident = $5) as heard
      from audit a where a.tenant = $1 and a.subject = $2 and a.action = $3`,
    [tx.tenant, `incident/${incident}`, `incident.${field}`, field, incident],
  )
  const { at = null, heard = null } = found.rows[0] ?? {}
  return heard !== null && heard.recordedAt === at ? heard.at : (at ?? 0)
}

/** Keeps when on GitHub what was recorded now was done. */
export async function keepHeard(tx: Tx, incident: IncidentNumber, field: string, heard: Heard): Promise<void> {
  await tx.query(
    `insert into github_issue as g (tenant, incident, heard) values ($1, $2, $3)
      on conflict (tenant, incident) do update set heard = g.heard || excluded.heard`,
    [tx.tenant, incident, JSON.stringify({ [field]: heard })],
  )
}

/** What of an incident a command changes, as the audit calls it; null where the last writer does not matter. */
export function fieldOf({ verb }: Command): string | null {
  switch (verb) {
    case 'ack':
    case 'status':
    case 'close':
      return 'status'
    case 'assign':
      return 'owner'
    case 'severity':
    case 'milestone':
    case 'verdict':
      return verb
    default:
      return null
  }
}
