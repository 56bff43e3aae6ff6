import { readIncident } from '../cases/index.ts'
import type { Climb, EscalationPolicy, Person } from '../core/escalate/index.ts'
import type { Incident } from '../core/model/index.ts'
import { type PendingApproval, pendingApprovals } from '../respond/index.ts'
import { lockAudit, type Store, type Tx } from '../store/index.ts'
import type { Reach } from './tell.ts'

export interface EscalateParts {
  readonly store: Store
  readonly policies: () => readonly EscalationPolicy[]
  readonly team: () => readonly Person[]
  readonly reach: Reach
}

/** How far the escalation of an incident has come. */
export interface Row extends Climb {
  readonly incident: number
  readonly policy: string
  readonly nextAt: number | null
  readonly ended: string | null
}

/** An incident with what its escalation goes by. */
export interface Seen {
  readonly incident: Incident
  readonly row: Row | null
  readonly approvals: readonly PendingApproval[]
  /** Of which approvals people were told what, as `<id> <event>`. */
  readonly told: ReadonlySet<string>
}

/** Locks in the order in which everybody locks: the chain, the incident, then what is ours. */
export async function lockIncident(tx: Tx, number: number): Promise<void> {
  await lockAudit(tx)
  await tx.query('select from incident where tenant = $1 and number = $2 for no key update', [tx.tenant, number])
  await tx.query('select from escalation where tenant = $1 and incident = $2 for update', [tx.tenant, number])
}

/** Reads an incident with its escalation; null when there is none of that number. */
export async function look(tx: Tx, number: number): Promise<Seen | null> {
  const incident = await readIncident(tx, number, 0)
  if (incident === null) return null
  const rows = await tx.query<Row>(
    `select incident, policy, started_at as "startedAt", round, level, next_at as "nextAt", ended
      from escalation where tenant = $1 and incident = $2`,
    [tx.tenant, number],
  )
  const approvals = await pendingApprovals(tx, { incident: number })
  const told = await tx.query<{ approval: string; event: string }>(
    'select approval, event from approval_told where tenant = $1 and approval = any($2)',
    [tx.tenant, approvals.map((one) => one.id)],
  )
  return {
    incident,
    row: rows.rows[0] ?? null,
    approvals,
    told: new Set(told.rows.map((one) => `${one.approval} ${one.event}`)),
  }
}
