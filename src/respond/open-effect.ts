import type { JsonObject } from '../core/model/index.ts'
import type { PastCall } from './next-call.ts'

/** An intent as it is on record, between then and its outcome. */
export interface OpenEffect {
  readonly id: string
  readonly path: string
  readonly mode: 'simulate' | 'live'
  /** Class of the effect: `read`, `notify`, `reversible`, `destructive`. */
  readonly effect: string
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

/** The open effects of a run `r` as one JSON value. */
export const openEffects = `(select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'path', e.path, 'mode', e.mode, 'effect', e.effect,
    'inputs', e.inputs, 'target', e.target, 'gate', e.gate, 'claimedBy', e.claimed_by, 'overruled', e.overruled, 'nextAt', e.next_at,
    'intendedAt', e.intended_at,
    'approvedBy', (select coalesce(jsonb_agg(a.actor order by a.at), '[]') from approval_answer a
      where a.tenant = e.tenant and a.approval = coalesce(e.overruled, e.approval) and a.answer = 'approve'),
    'calls', (select coalesce(jsonb_agg(jsonb_build_object('kind', t.kind, 'verdict', t.verdict) order by t.n), '[]')
      from effect_attempt t where t.tenant = e.tenant and t.effect = e.id))), '[]')
  from effect e where e.tenant = r.tenant and e.run = r.id and e.outcome is null)`
