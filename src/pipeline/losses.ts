import type { CorrelationLosses } from '../core/detect/index.ts'
import { isObject, type Json } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'

/** What correlations of the tenant did not count: what came too late, and what full windows and groups let go of. */
export async function readLosses(store: Store): Promise<CorrelationLosses> {
  return store.snapshot(async (tx) => {
    const { rows } = await tx.query<{ doc: Json }>(
      `select doc from engine_state where tenant = $1 and kind = 'sigma' and key = '"losses"'`,
      [tx.tenant],
    )
    const doc = rows[0]?.doc
    const numberOf = (name: keyof CorrelationLosses) => (isObject(doc) ? Number(doc[name] ?? 0) : 0)
    return { late: numberOf('late'), entries: numberOf('entries'), windows: numberOf('windows') }
  })
}

/** What rules over several events left out because it came after what is much newer. */
export interface Late {
  /** Matches that correlations did not count. */
  readonly correlation: number
  /** Events that rules which learn did not look at. */
  readonly learning: number
}

/** What came too late for the tenant's rules so far. */
export async function readLate(store: Store): Promise<Late> {
  const { late } = await readLosses(store)
  return store.snapshot(async (tx) => {
    const { rows } = await tx.query<{ late: number }>(
      `select coalesce(sum((doc->'counts'->>'late')::bigint), 0)::bigint as late from engine_state
       where tenant = $1 and kind = 'rarity' and jsonb_typeof(doc->'counts'->'late') = 'number'`,
      [tx.tenant],
    )
    return { correlation: late, learning: rows[0]?.late ?? 0 }
  })
}
