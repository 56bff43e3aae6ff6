import type { IncidentNumber, Json, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** Something that was done to contain an incident and was not taken back. Times are epoch milliseconds. */
export interface Containment {
  readonly effect: string
  readonly incident: IncidentNumber
  readonly status: string
  readonly run: string
  readonly path: string
  readonly bundle: string
  readonly commit: string
  readonly playbook: string
  /** `integration.action`. */
  readonly action: string
  readonly kind: string
  readonly target: string
  readonly inputs: JsonObject
  readonly mode: 'simulate' | 'live'
  readonly since: number
  readonly until: number | null
  readonly approval: string | null
  readonly approvedBy: readonly string[]
  /** The request that takes it back; null when there is none. */
  readonly undo: Json
  /** Why there is no way back. */
  readonly irreversible: string | null
  /** What became of taking it back, while that has not come to a good end. */
  readonly undoing: 'open' | 'failed' | null
}

/** Path of the step that takes back what another step did. */
export const undoPath = (path: string) => `${path}~undo`

/** What holds, of one incident or of all; what was taken back is left out. */
export async function readContainments(tx: Tx, incident: IncidentNumber | null): Promise<readonly Containment[]> {
  const found = await tx.query<Containment>(
    `select e.id as effect, e.incident, i.status, e.run, e.path, r.bundle, r.commit, r.playbook, e.action, e.effect as kind, e.target, e.inputs, e.mode,
        coalesce(e.settled_at, e.intended_at) as since, e.expires_at as until, e.approval, e.rollback as undo, e.irreversible,
        coalesce((select array_agg(a.actor order by a.at) from approval_answer a where a.tenant = e.tenant and a.approval = e.approval and a.answer = 'approve'), '{}') as "approvedBy",
        case when u.id is null then null when u.outcome is null then 'open' else 'failed' end as undoing
      from effect e join run r on r.tenant = e.tenant and r.id = e.run join incident i on i.tenant = e.tenant and i.number = e.incident
        left join effect u on u.tenant = e.tenant and u.run = e.run and u.path = e.path || '~undo'
      where e.tenant = $1 and ($2::int is null or e.incident = $2) and e.outcome = 'done' and e.effect in ('reversible', 'destructive')
        and e.path not like '%~undo' and (u.outcome is null or u.outcome = 'failed')
      order by e.incident, e.intended_at, e.path`,
    [tx.tenant, incident],
  )
  return found.rows
}
