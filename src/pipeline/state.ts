import { loadBriefs } from '../cases/index.ts'
import { horizonMs, stateOf } from '../core/correlate/index.ts'
import { restoreSigmaState } from '../core/detect/index.ts'
import type { EngineState } from '../core/engine/index.ts'
import { isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** The engine's state of the tenant as the last batch left it. */
export async function loadState(tx: Tx): Promise<EngineState> {
  const rows = await tx.query<{ kind: string; key: string; doc: Json }>(
    `select kind, key, doc from engine_state where tenant = $1 and kind in ('meta', 'sigma')`,
    [tx.tenant],
  )
  const meta = rows.rows.find((row) => row.kind === 'meta')?.doc ?? {}
  const { correlation, sigmaWatermark } = isObject(meta) ? meta : ({} as JsonObject)
  const state = stateOf(correlation ?? {})
  await loadBriefs(tx, state.watermark - horizonMs, state)
  return {
    correlation: state,
    sigma: restoreSigmaState(
      Number(sigmaWatermark ?? 0),
      rows.rows.filter((row) => row.kind === 'sigma').map((row) => [row.key, row.doc] as const),
    ),
  }
}

const upsert = {
  name: 'save-engine-state',
  text: `insert into engine_state (tenant, kind, key, doc) select $1, * from unnest($2::text[], $3::text[], $4::jsonb[])
    on conflict (tenant, kind, key) do update set doc = excluded.doc`,
}

/** Stores the parts of the state that have no tables of their own. */
export async function saveState(
  tx: Tx,
  meta: JsonObject,
  sigma: { upserts: readonly (readonly [string, JsonObject])[]; deletes: readonly string[] },
): Promise<void> {
  const rows = [['meta', '', meta] as const, ...sigma.upserts.map(([key, doc]) => ['sigma', key, doc] as const)]
  await tx.query(upsert, [
    tx.tenant,
    rows.map(([kind]) => kind),
    rows.map(([, key]) => key),
    rows.map(([, , doc]) => JSON.stringify(doc)),
  ])
  if (sigma.deletes.length > 0)
    await tx.query(`delete from engine_state where tenant = $1 and kind = 'sigma' and key = any($2::text[])`, [
      tx.tenant,
      sigma.deletes,
    ])
}
