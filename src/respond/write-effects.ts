import { storableJson } from '../cases/index.ts'
import type { IncidentNumber, Json, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** What is to be done to the world, before it is. */
export interface Intent {
  readonly id: string
  readonly run: string
  readonly incident: IncidentNumber
  readonly path: string
  readonly action: string
  readonly effect: string
  readonly target: string
  readonly inputs: JsonObject
  readonly gate: JsonObject
  readonly approval: string | null
  readonly mode: 'simulate' | 'live'
  readonly intendedAt: number
  readonly irreversible: Json
  readonly expiresAt: number | null
  readonly undoes: string | null
  readonly overruled: string | null
}

/** How an effect stands: whose it is, when it is looked at again, or what came of it. */
export interface EffectState {
  readonly claimedBy: string | null
  readonly nextAt: number | null
  readonly attempts: number
  readonly settled: {
    readonly outcome: 'done' | 'failed'
    readonly at: number
    readonly result: JsonObject
    readonly rollback: Json
  } | null
}

/** Writes intents as they stand, and how other effects stand. */
export function writeEffects(tx: Tx, intents: readonly Intent[], states: ReadonlyMap<string, EffectState>): void {
  const fresh = new Set(intents.map((one) => one.id))
  const inserts = intents.map((one) => ({ ...one, ...states.get(one.id), ...states.get(one.id)?.settled }))
  if (inserts.length > 0) void tx.write({ name: 'write-intents', text: intend }, [tx.tenant, storableJson(inserts)])
  const changes = [...states]
    .filter(([id]) => !fresh.has(id))
    .map(([id, state]) => ({ id, ...state, ...state.settled }))
  if (changes.length > 0) void tx.write({ name: 'write-effects', text: change }, [tx.tenant, storableJson(changes)])
}

// A way back that failed before, when its time had come, is gone again when a person wants it.
const intend = `insert into effect (tenant, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, intended_at,
    irreversible, expires_at, undoes, overruled, claimed_by, next_at, attempts, outcome, settled_at, result, rollback)
  select $1, id, run, incident, path, action, effect, target, inputs, gate, approval, mode, "intendedAt",
    irreversible, "expiresAt", undoes, overruled, "claimedBy", "nextAt", coalesce(attempts, 0), outcome, at, result, rollback
  from jsonb_to_recordset($2::jsonb) as r(id text, run text, incident int, path text, action text, effect text, target text, inputs jsonb,
    gate jsonb, approval text, mode text, "intendedAt" bigint, irreversible text, "expiresAt" bigint, undoes text, overruled text,
    "claimedBy" text, "nextAt" bigint, attempts int, outcome text, at bigint, result jsonb, rollback jsonb)
  on conflict (tenant, id) do update set gate = excluded.gate, approval = excluded.approval, mode = excluded.mode, intended_at = excluded.intended_at,
    claimed_by = excluded.claimed_by, next_at = excluded.next_at, attempts = excluded.attempts, outcome = excluded.outcome, settled_at = excluded.settled_at,
    result = excluded.result, rollback = excluded.rollback
    where effect.outcome = 'failed'`

const change = `update effect e set claimed_by = r."claimedBy", next_at = r."nextAt", attempts = r.attempts, outcome = r.outcome, settled_at = r.at,
    result = r.result, rollback = r.rollback
  from jsonb_to_recordset($2::jsonb) as r(id text, "claimedBy" text, "nextAt" bigint, attempts int, outcome text, at bigint, result jsonb, rollback jsonb)
  where e.tenant = $1 and e.id = r.id and e.outcome is null`
