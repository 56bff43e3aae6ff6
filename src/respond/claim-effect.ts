import { storableJson } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { GateDecision } from '../core/policy/index.ts'
import type { Patience } from './backoff.ts'
import type { Claimed } from './claimed.ts'
import type { Wanted } from './gate-effect.ts'
import type { PastCall } from './next-call.ts'
import { rateOf, takeCall } from './rate-budget.ts'
import type { Approval } from './read-approvals.ts'
import type { Turn } from './turn.ts'

/** How an effect is made. */
export interface Manner {
  readonly patience: Patience
  readonly timeoutMs: number
  readonly expiresMs: number | null
  /** The effect that it takes back. */
  readonly undoes: string | null
}

/** An intent as it is on record, between then and its outcome. */
export interface OpenEffect {
  readonly id: string
  readonly path: string
  readonly mode: 'simulate' | 'live'
  readonly inputs: JsonObject
  readonly target: string
  readonly gate: { readonly sentence?: string }
  readonly claimedBy: string | null
  /** The broken glass that let it pass. */
  readonly overruled: string | null
  readonly nextAt: number | null
  readonly approvedBy: readonly string[]
  readonly intendedAt: number
  readonly calls: readonly PastCall[]
}

const open = `select e.id, e.path, e.mode, e.inputs, e.target, e.gate, e.claimed_by as "claimedBy", e.overruled, e.next_at as "nextAt", e.intended_at as "intendedAt",
    coalesce((select array_agg(a.actor order by a.at) from approval_answer a where a.tenant = e.tenant and a.approval = coalesce(e.overruled, e.approval) and a.answer = 'approve'), '{}') as "approvedBy",
    (select coalesce(jsonb_agg(jsonb_build_object('kind', t.kind, 'verdict', t.verdict) order by t.n), '[]') from effect_attempt t where t.tenant = e.tenant and t.effect = e.id) as calls
  from effect e where e.tenant = $1 and e.run = $2 and e.outcome is null`

/** The effects of a run that are intended and have no outcome, by path. */
export async function openEffects({ tx, run }: Pick<Turn, 'tx' | 'run'>): Promise<ReadonlyMap<string, OpenEffect>> {
  const found = await tx.query<OpenEffect>({ name: 'open-effects', text: open }, [tx.tenant, run.id])
  return new Map(found.rows.map((one) => [one.path, one]))
}

/** Puts an intent on record. Who may make it is said by {@link claimCall}. */
export async function intendEffect(
  turn: Turn,
  wanted: Wanted,
  manner: Manner,
  said: { readonly decision: GateDecision; readonly approval: Approval | null; readonly overruled?: string },
): Promise<OpenEffect> {
  const { tx, run, at, live } = turn
  const isLive = live !== undefined && live.config(wanted.integration.id).mode === 'live'
  const mode = isLive && wanted.spec.handler === undefined ? 'live' : 'simulate'
  const { answer, sentence, facts } = said.decision
  await tx.query(
    {
      name: 'intend-effect',
      text: `insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, intended_at, irreversible, expires_at, undoes, overruled)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) on conflict do nothing`,
    },
    [
      tx.tenant,
      wanted.id,
      run.id,
      turn.incident.number,
      wanted.path,
      wanted.action,
      wanted.spec.effect,
      wanted.target,
      storableJson(wanted.inputs),
      storableJson({ answer, sentence, facts }),
      said.approval?.id ?? null,
      mode,
      at,
      wanted.spec.irreversible ?? null,
      manner.expiresMs === null ? null : at + manner.expiresMs,
      manner.undoes,
      said.overruled ?? null,
    ],
  )
  return {
    id: wanted.id,
    path: wanted.path,
    mode,
    inputs: wanted.inputs,
    target: wanted.target,
    gate: { sentence },
    claimedBy: null,
    overruled: said.overruled ?? null,
    nextAt: null,
    approvedBy: said.approval?.answers.filter((one) => one.answer === 'approve').map((one) => one.actor) ?? [],
    intendedAt: at,
    calls: [],
  }
}

/** Claims an open effect for this replica and puts the call on record before it is made; a vendor's rate may put it off. */
export async function claimCall(
  turn: Turn,
  wanted: Pick<Wanted, 'action' | 'integration' | 'spec'>,
  effect: OpenEffect,
  manner: Pick<Manner, 'patience' | 'timeoutMs' | 'undoes'>,
  kind: 'call' | 'confirm',
): Promise<
  { readonly kind: 'claimed'; readonly claimed: Claimed } | { readonly kind: 'waits'; readonly wakeAt: number }
> {
  const { tx, run, at } = turn
  const rate = effect.mode === 'live' ? rateOf(turn.live?.config(wanted.integration.id) ?? {}) : null
  const waitMs = rate === null ? 0 : await takeCall(tx, wanted.integration.id, rate)
  if (waitMs > 0) {
    await tx.query('update effect set next_at = $3, claimed_by = null where tenant = $1 and id = $2', [
      tx.tenant,
      effect.id,
      at + waitMs,
    ])
    return { kind: 'waits', wakeAt: at + waitMs }
  }
  const n = effect.calls.length + 1
  await tx.query(
    {
      name: 'claim-effect',
      text: `with claimed as (update effect set claimed_by = $3, next_at = null, attempts = $4 where tenant = $1 and id = $2 returning id)
        insert into effect_attempt (tenant, effect, n, kind, at) select $1, id, $4, $5, $6 from claimed`,
    },
    [tx.tenant, effect.id, turn.replica, n, kind, at],
  )
  return {
    kind: 'claimed',
    claimed: {
      id: effect.id,
      run: run.id,
      playbook: run.playbook,
      incident: turn.incident.number,
      path: effect.path,
      action: wanted.action,
      integration: wanted.integration,
      spec: wanted.spec,
      inputs: effect.inputs,
      target: effect.target,
      why: effect.gate.sentence ?? '',
      approvedBy: effect.approvedBy,
      mode: effect.mode,
      n,
      kind,
      timeoutMs: manner.timeoutMs,
      patience: manner.patience,
      undoes: manner.undoes,
      at: effect.intendedAt,
    },
  }
}
