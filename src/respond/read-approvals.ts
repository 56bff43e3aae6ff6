import type { ApprovalId, IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { Group } from '../core/policy/index.ts'
import type { Tx } from '../store/index.ts'

/** An approval or a question as people see it. */
export interface Approval {
  readonly id: ApprovalId
  /** `effect`: whether something is done; `question`: which of the options; `unclear`: whether an effect happened; `break-glass`: whether a denial is overruled. */
  readonly kind: 'effect' | 'question' | 'unclear' | 'break-glass'
  readonly run: string
  readonly incident: IncidentNumber
  readonly path: string
  readonly digest: string
  readonly action: string
  readonly target: string
  readonly inputs: JsonObject
  readonly why: string
  readonly author: string
  readonly roles: readonly string[]
  readonly quorum: number
  /** Others who have to agree as well. */
  readonly also: readonly Group[]
  readonly askedAt: number
  readonly expiresAt: number
  /** What can be answered; `approve` and `deny` where it is empty. */
  readonly options: readonly string[]
  /** The option that enough people chose. */
  readonly chosen: string | null
  readonly status: 'pending' | 'approved' | 'denied' | 'expired' | 'void'
  readonly answers: readonly {
    readonly actor: string
    readonly answer: string
    readonly reason: string
    readonly at: number
    /** With which roles. */
    readonly roles: readonly string[]
  }[]
}

const columns = `id, kind, run, incident, path, digest, action, target, inputs, why, author, roles, quorum, also, asked_at as "askedAt", expires_at as "expiresAt", options, chosen, status,
  (select coalesce(jsonb_agg(jsonb_build_object('actor', a.actor, 'answer', a.answer, 'reason', a.reason, 'at', a.at, 'roles', a.roles) order by a.at), '[]') from approval_answer a where a.tenant = approval.tenant and a.approval = approval.id) as answers`

/** Approvals, the ones that wait first. */
export async function listApprovals(tx: Tx, options: { pendingOnly?: boolean } = {}): Promise<readonly Approval[]> {
  const found = await tx.query<Approval>(
    `select ${columns} from approval where tenant = $1 ${options.pendingOnly ? `and status = 'pending'` : ''} order by status = 'pending' desc, asked_at, path limit 200`,
    [tx.tenant],
  )
  return found.rows
}

/** The approval of that id, or null. */
export async function readApproval(tx: Tx, id: string): Promise<Approval | null> {
  return (
    (await tx.query<Approval>(`select ${columns} from approval where tenant = $1 and id = $2`, [tx.tenant, id]))
      .rows[0] ?? null
  )
}

/** The approvals of an incident that wait, the oldest first. */
export async function waitingOf(tx: Tx, incident: IncidentNumber): Promise<readonly Approval[]> {
  const found = await tx.query<Approval>(
    `select ${columns} from approval where tenant = $1 and incident = $2 and status = 'pending' order by asked_at, path limit 200`,
    [tx.tenant, incident],
  )
  return found.rows
}

/** Approvals of which the id (`ap-…`) or the digest begins so, at most 20; what waits comes first. */
export async function approvalsNamed(tx: Tx, beginning: string): Promise<readonly Approval[]> {
  const found = await tx.query<Approval>(
    `select ${columns} from approval where tenant = $1 and starts_with(${beginning.startsWith('ap-') ? 'id' : 'digest'}, $2)
       order by status = 'pending' desc, asked_at, id limit 20`,
    [tx.tenant, beginning],
  )
  return found.rows
}

/** Whether an approval of the incident ended after that time: answered, expired or made void. */
export async function recentlySettled(tx: Tx, incident: IncidentNumber, after: number): Promise<boolean> {
  const found = await tx.query('select from approval where tenant = $1 and incident = $2 and settled_at > $3 limit 1', [
    tx.tenant,
    incident,
    after,
  ])
  return found.rowCount > 0
}

/** Everything that was ever asked for these runs. */
export async function readApprovalsOf(tx: Tx, runs: readonly string[]): Promise<readonly Approval[]> {
  const found = await tx.query<Approval>(
    { name: 'approvals-of', text: `select ${columns} from approval where tenant = $1 and run = any($2::text[])` },
    [tx.tenant, runs],
  )
  return found.rows
}
