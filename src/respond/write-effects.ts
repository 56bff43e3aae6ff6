import { storableJson, storableText } from '../cases/index.ts'
import type { IncidentNumber, Json, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'

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
  if (intents.length > 0)
    void tx.write({ name: 'write-intents', text: intend }, [
      tx.tenant,
      ...stood(intents.map(({ id }) => [id, states.get(id) ?? untouched] as const)),
      intents.map((one) => one.run),
      intents.map((one) => one.incident),
      intents.map((one) => storableText(one.path)),
      intents.map((one) => one.action),
      intents.map((one) => one.effect),
      intents.map((one) => storableText(one.target)),
      intents.map((one) => storableJson(one.inputs)),
      intents.map((one) => storableJson(one.gate)),
      intents.map((one) => one.approval),
      intents.map((one) => one.mode),
      intents.map((one) => one.intendedAt),
      intents.map(({ irreversible }) => (irreversible === null ? null : storableText(textOf(irreversible)))),
      intents.map((one) => one.expiresAt),
      intents.map((one) => one.undoes),
      intents.map((one) => one.overruled),
    ])
  const changes = [...states].filter(([id]) => !fresh.has(id))
  if (changes.length > 0) void tx.write({ name: 'write-effects', text: change }, [tx.tenant, ...stood(changes)])
}

const untouched: EffectState = { claimedBy: null, nextAt: null, attempts: 0, settled: null }
const textOf = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))

/** The columns of `standing`. */
function stood(states: readonly (readonly [string, EffectState])[]): readonly unknown[] {
  const json = (value: Json | undefined) => (value === undefined || value === null ? null : storableJson(value))
  return [
    states.map(([id]) => id),
    states.map(([, one]) => one.claimedBy),
    states.map(([, one]) => one.nextAt),
    states.map(([, one]) => one.attempts),
    states.map(([, { settled }]) => settled?.outcome ?? null),
    states.map(([, { settled }]) => settled?.at ?? null),
    states.map(([, { settled }]) => json(settled?.result)),
    states.map(([, { settled }]) => json(settled?.rollback)),
  ]
}

const standing = [
  '$2::text[]',
  '$3::text[]',
  '$4::bigint[]',
  '$5::int[]',
  '$6::text[]',
  '$7::bigint[]',
  '$8::jsonb[]',
  '$9::jsonb[]',
]

// A way back that failed before, when its time had come, is gone again when a person wants it.
const intend = `insert into effect (tenant, id, claimed_by, next_at, attempts, outcome, settled_at, result, rollback, run, incident, path, action,
    effect, target, inputs, gate, approval, mode, intended_at, irreversible, expires_at, undoes, overruled)
  select $1, * from unnest(${standing.join(', ')}, $10::text[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::jsonb[],
    $17::jsonb[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::bigint[], $23::text[], $24::text[])
  on conflict (tenant, id) do update set gate = excluded.gate, approval = excluded.approval, mode = excluded.mode, intended_at = excluded.intended_at,
    claimed_by = excluded.claimed_by, next_at = excluded.next_at, attempts = excluded.attempts, outcome = excluded.outcome, settled_at = excluded.settled_at,
    result = excluded.result, rollback = excluded.rollback
    where effect.outcome = 'failed'`

// No plain `outcome is null`: see open-effect.ts.
const change = `update effect e set claimed_by = r.claimed_by, next_at = r.next_at, attempts = r.attempts, outcome = r.outcome, settled_at = r.at,
    result = r.result, rollback = r.rollback
  from ${fewRows(...standing)} as r(id, claimed_by, next_at, attempts, outcome, at, result, rollback)
  where e.tenant = $1 and e.id = r.id and coalesce(e.outcome, '') = ''`
