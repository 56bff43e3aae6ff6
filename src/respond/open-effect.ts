import type { JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'
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

/** The intents without outcome of these runs. */
export async function readOpenEffects(
  tx: Tx,
  runs: readonly string[],
): Promise<readonly (OpenEffect & { readonly run: string })[]> {
  const found = await tx.query<OpenEffect & { run: string }>({ name: 'open-effects', text: open }, [tx.tenant, runs])
  return found.rows
}

// No plain `outcome is null`: the index of what is open keeps an entry for each effect that was, until the table is cleaned.
const open = `select e.run, e.id, e.path, e.mode, e.effect, e.inputs, e.target, e.gate, e.claimed_by as "claimedBy", e.overruled,
    e.next_at as "nextAt", e.intended_at as "intendedAt",
    case when coalesce(e.overruled, e.approval) is null then '[]' else
      (select coalesce(jsonb_agg(a.actor order by a.at), '[]') from approval_answer a
        where a.tenant = e.tenant and a.approval = coalesce(e.overruled, e.approval) and a.answer = 'approve') end as "approvedBy",
    (select coalesce(jsonb_agg(jsonb_build_object('kind', t.kind, 'verdict', t.verdict) order by t.n), '[]')
      from effect_attempt t where t.tenant = e.tenant and t.effect = e.id) as calls
  from ${fewRows('$2::text[]')} as w(id) join effect e on e.tenant = $1 and e.run = w.id and coalesce(e.outcome, '') = ''`
