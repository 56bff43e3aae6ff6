import type { JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** How many calls a vendor takes; from the integration's configuration. */
export interface Rate {
  readonly perMinute: number
  readonly burst: number
}

/** `ratePerMinute` and `rateBurst` of an integration's configuration; null without them. */
export function rateOf(config: JsonObject): Rate | null {
  const { ratePerMinute, rateBurst } = config
  if (typeof ratePerMinute !== 'number' || !(ratePerMinute > 0)) return null
  return { perMinute: ratePerMinute, burst: typeof rateBurst === 'number' && rateBurst >= 1 ? rateBurst : 1 }
}

/**
 * Takes one call out of the bucket that all replicas share: 0, or the milliseconds until there will be one. Time is the
 * database's.
 */
export async function takeCall(tx: Tx, integration: string, rate: Rate): Promise<number> {
  const perMs = rate.perMinute / 60_000
  const found = await tx.query<{ tokens: number; taken: boolean }>(
    `insert into rate_budget as b (tenant, integration, tokens, at) values ($1, $2, $4::float8 - 1, clock_timestamp())
      on conflict (tenant, integration) do update set
        tokens = least($4, b.tokens + $3 * greatest(0, extract(epoch from clock_timestamp() - b.at)) * 1000)
          - case when least($4, b.tokens + $3 * greatest(0, extract(epoch from clock_timestamp() - b.at)) * 1000) >= 1 then 1 else 0 end,
        at = clock_timestamp(),
        taken = least($4, b.tokens + $3 * greatest(0, extract(epoch from clock_timestamp() - b.at)) * 1000) >= 1
      returning tokens, taken`,
    [tx.tenant, integration, perMs, rate.burst],
  )
  const [bucket] = found.rows
  if (bucket === undefined || bucket.taken) return 0
  return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs))
}
