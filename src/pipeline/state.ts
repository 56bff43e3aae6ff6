import { loadBriefs, storableJson } from '../cases/index.ts'
import { type CorrelationState, horizonMs, stateOf } from '../core/correlate/index.ts'
import { type RarityState, restoreRarityState, restoreSigmaState } from '../core/detect/index.ts'
import type { EngineState } from '../core/engine/index.ts'
import { isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** The engine's state of the tenant as the last batch left it. */
export async function loadState(tx: Tx): Promise<EngineState> {
  const rows = await tx.query<{ kind: string; key: string; doc: Json }>(
    `select kind, key, doc from engine_state where tenant = $1 and kind in ('meta', 'sigma', 'rarity')`,
    [tx.tenant],
  )
  const meta = rows.rows.find((row) => row.kind === 'meta')?.doc ?? {}
  const { correlation, sigmaWatermark } = isObject(meta) ? meta : ({} as JsonObject)
  return {
    correlation: await correlationOf(tx, correlation ?? {}),
    sigma: restoreSigmaState(
      Number(sigmaWatermark ?? 0),
      rows.rows.filter((row) => row.kind === 'sigma').map((row) => [row.key, row.doc] as const),
    ),
    rarity: restoreRarityState(
      rows.rows.filter((row) => row.kind === 'rarity').map((row) => [row.key, row.doc] as const),
    ),
  }
}

/** The part of the state that says what belongs together. */
export async function loadCorrelation(tx: Tx): Promise<CorrelationState> {
  const found = await tx.query<{ doc: Json }>(
    `select doc->'correlation' as doc from engine_state where tenant = $1 and kind = 'meta'`,
    [tx.tenant],
  )
  return correlationOf(tx, found.rows[0]?.doc ?? {})
}

async function correlationOf(tx: Tx, meta: Json): Promise<CorrelationState> {
  const state = stateOf(meta)
  await loadBriefs(tx, state.watermark - horizonMs, state)
  return state
}

/** Stores that part's numbers; the others stay as they are. */
export async function saveCorrelationMeta(tx: Tx, meta: JsonObject): Promise<void> {
  await tx.query(
    `insert into engine_state (tenant, kind, key, doc) values ($1, 'meta', '', jsonb_build_object('correlation', $2::jsonb))
      on conflict (tenant, kind, key) do update set doc = jsonb_set(engine_state.doc, '{correlation}', $2::jsonb)`,
    [tx.tenant, storableJson(meta)],
  )
}

/** What the rarity rules of the tenant have learnt, as the last batch left it. */
export async function loadRarity(tx: Tx): Promise<RarityState> {
  const rows = await tx.query<{ key: string; doc: Json }>(
    `select key, doc from engine_state where tenant = $1 and kind = 'rarity'`,
    [tx.tenant],
  )
  return restoreRarityState(rows.rows.map((row) => [row.key, row.doc] as const))
}

const upsert = {
  name: 'save-engine-state',
  text: `insert into engine_state (tenant, kind, key, doc) select $1, * from unnest($2::text[], $3::text[], $4::jsonb[])
    on conflict (tenant, kind, key) do update set doc = excluded.doc`,
}

interface Changed {
  readonly upserts: readonly (readonly [key: string, doc: JsonObject])[]
  readonly deletes: readonly string[]
}

/** Stores the parts of the state that have no tables of their own: only keys that changed. */
export function saveState(
  tx: Tx,
  meta: JsonObject,
  changes: { readonly sigma: Changed; readonly rarity: Changed },
): void {
  const parts = Object.entries(changes)
  const rows = [
    ['meta', '', meta] as const,
    ...parts.flatMap(([kind, { upserts }]) => upserts.map(([key, doc]) => [kind, key, doc] as const)),
  ]
  void tx.write(upsert, [
    tx.tenant,
    rows.map(([kind]) => kind),
    rows.map(([, key]) => key),
    rows.map(([, , doc]) => storableJson(doc)),
  ])
  for (const [kind, { deletes }] of parts)
    if (deletes.length > 0)
      void tx.write('delete from engine_state where tenant = $1 and kind = $2 and key = any($3::text[])', [
        tx.tenant,
        kind,
        deletes,
      ])
}
