import type { Json } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { Channel } from './channel.ts'

/** How one subject of a channel stands. */
export interface Projection {
  readonly channel: Channel
  readonly subject: string
  readonly state: 'written' | 'waiting' | 'dead'
  readonly rank: number
  /** Since when it waits; of a written one, when it was marked last. */
  readonly markedAt: number
  readonly writtenAt: number | null
  readonly attempts: number
  readonly nextAt: number
  /** `todo` says what a person has to change. */
  readonly problem: {
    readonly kind: string
    readonly why: string
    readonly todo?: string
    readonly at: number
  } | null
  readonly outside: Json
}

/** Which are listed: those of a channel, in a state. */
export interface ProjectionFilter {
  readonly channel?: Channel
  readonly state?: Projection['state']
  readonly limit?: number
}

const stateOf = `case when dead_at is not null then 'dead' when wanted > written then 'waiting' else 'written' end`

/** Subjects in the order in which they are written: dead ones first, then those that wait, then the newest written. */
export async function listProjections(tx: Tx, filter: ProjectionFilter = {}): Promise<readonly Projection[]> {
  const found = await tx.query<Projection>(
    `select * from (select channel, subject, ${stateOf} as state, rank, marked_at as "markedAt", written_at as "writtenAt", attempts,
        next_at as "nextAt", problem, outside, since from projection where tenant = $1 and ($2::text is null or channel = $2)) p
      where $3::text is null or state = $3
      order by array_position(array['dead', 'waiting', 'written'], state), case when state = 'written' then -"writtenAt" else rank end, since limit $4`,
    [tx.tenant, filter.channel ?? null, filter.state ?? null, filter.limit ?? 100],
  )
  return found.rows
}

/** How many are in which state, by channel, with what is not folded yet counted as `marks`. */
export async function countProjections(
  tx: Tx,
): Promise<readonly { readonly channel: string; readonly state: string; readonly count: number }[]> {
  const found = await tx.query<{ channel: string; state: string; count: number }>(
    `select channel, ${stateOf} as state, count(*) as count from projection where tenant = $1 group by 1, 2 order by 1, 2`,
    [tx.tenant],
  )
  return found.rows
}

/** Has dead or failing ones tried again at once: one subject, or all of the channel. Says how many. */
export async function retryProjections(tx: Tx, channel: Channel, subject: string | null): Promise<number> {
  const retried = await tx.query(
    `update projection set dead_at = null, attempts = 0, next_at = 0
      where tenant = $1 and channel = $2 and ($3::text is null or subject = $3) and wanted > written and (dead_at is not null or attempts > 0)`,
    [tx.tenant, channel, subject],
  )
  if (retried.rowCount > 0) await tx.query(`select pg_notify('gitsoc_projection', $1)`, [tx.tenant])
  return retried.rowCount
}

/** What a channel keeps about an incident: what its writer knows of the other side, and the digest of what it wrote; null when it never did. */
export async function readOutside(
  tx: Tx,
  channel: Channel,
  incident: number,
): Promise<{ readonly outside: Json; readonly digest: string | null } | null> {
  const found = await tx.query<{ outside: Json; digest: string | null }>(
    'select outside, digest from projection where tenant = $1 and channel = $2 and subject = $3',
    [tx.tenant, channel, `incident/${incident}`],
  )
  return found.rows[0] ?? null
}

/** The incident of which a channel keeps this key and value, e.g. the number of its issue; null when there is none. */
export async function findByOutside(
  tx: Tx,
  channel: Channel,
  key: string,
  value: string | number,
): Promise<{ readonly incident: number; readonly outside: Json; readonly digest: string | null } | null> {
  const found = await tx.query<{ incident: number; outside: Json; digest: string | null }>(
    `select incident, outside, digest from projection where tenant = $1 and channel = $2 and incident is not null
      and outside @> jsonb_build_object($3::text, $4::jsonb) order by incident limit 1`,
    [tx.tenant, channel, key, JSON.stringify(value)],
  )
  return found.rows[0] ?? null
}

/** The incidents that are still worked on and of which a channel keeps something under this key, with what it keeps. */
export async function openOutside(
  tx: Tx,
  channel: Channel,
  key: string,
): Promise<readonly { readonly incident: number; readonly outside: Json }[]> {
  const found = await tx.query<{ incident: number; outside: Json }>(
    `select p.incident, p.outside from projection p join incident i on i.tenant = p.tenant and i.number = p.incident
      where p.tenant = $1 and p.channel = $2 and p.outside ->> $3 is not null and i.status not in ('resolved', 'closed', 'merged')
      order by p.incident`,
    [tx.tenant, channel, key],
  )
  return found.rows
}
