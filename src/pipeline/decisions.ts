import { storableJson } from '../cases/index.ts'
import type { Worked } from '../core/correlate/index.ts'
import { type IncidentNumber, isObject, type JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/**
 * What people decided, at its place in the tenant's order: after the deliveries up to `afterSeq`. `merge` and `split` say which alerts are one
 * incident, `work` what was done to an incident when the engine took it over.
 */
export interface PersonDecision {
  readonly n: number
  readonly afterSeq: number
  /** Digest of the bundle that was live. */
  readonly bundle: string
  readonly kind: 'merge' | 'split' | 'work'
  readonly incident: IncidentNumber
  readonly doc: JsonObject
  readonly actor: string
  readonly reason: string
  readonly at: number
}

/** How many decisions there are: who has a state in memory has it from before when there were fewer. */
export async function countDecisions(tx: Tx): Promise<number> {
  const found = await tx.query<{ n: number }>(
    { name: 'count-decisions', text: 'select coalesce(max(n), 0) as n from person_decision where tenant = $1' },
    [tx.tenant],
  )
  return found.rows[0]?.n ?? 0
}

/** Writes decisions down behind the ones that there are; the caller has the tenant's turn. Gives how many there are then. */
export async function writeDecisions(tx: Tx, decisions: readonly Omit<PersonDecision, 'n'>[]): Promise<number> {
  const before = await countDecisions(tx)
  for (const [index, one] of decisions.entries())
    await tx.query(
      `insert into person_decision (tenant, n, after_seq, bundle, kind, incident, doc, actor, reason, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        tx.tenant,
        before + index + 1,
        one.afterSeq,
        one.bundle,
        one.kind,
        one.incident,
        storableJson(one.doc),
        one.actor,
        one.reason,
        one.at,
      ],
    )
  return before + decisions.length
}

/** The work on incidents as decisions of that place. Who did each piece of it stands in the audit. */
export function workDecisions(
  worked: readonly Worked[],
  place: { readonly afterSeq: number; readonly bundle: string },
): readonly Omit<PersonDecision, 'n'>[] {
  return worked.map((one) => ({
    ...place,
    kind: 'work',
    incident: one.number,
    doc: { ...one, said: one.said === null ? null : { ...one.said } },
    actor: 'people',
    reason: '',
    at: Math.max(one.acknowledgedAt ?? 0, one.containedAt ?? 0, one.resolvedAt ?? 0, one.said?.at ?? 0),
  }))
}

/** All decisions in their order, up to those that were taken after that delivery. */
export async function readDecisions(tx: Tx, upToSeq: number): Promise<readonly PersonDecision[]> {
  const found = await tx.query<PersonDecision>(
    `select n, after_seq as "afterSeq", bundle, kind, incident, doc, actor, reason, at from person_decision
      where tenant = $1 and after_seq <= $2 order by n`,
    [tx.tenant, upToSeq],
  )
  return found.rows.filter((one) => isObject(one.doc))
}
