import type { Tx } from '../store/index.ts'
import type { Channel } from './channel.ts'
import type { ChannelState } from './state.ts'

/** How a channel stands, for whoever runs the server. */
export interface ChannelHealth {
  /** `away`: it does not answer, and what is to be told waits. `barred`: it answers, but lets us do nothing. `paused`: it wants to be left alone for now. */
  readonly state: 'there' | 'away' | 'barred' | 'paused'
  /** Of a channel that is barred: what it said, and what a person has to change. */
  readonly why?: string
  readonly todo?: string
  /** Since when it is away or barred, epoch milliseconds. */
  readonly since: number | null
  readonly waiting: number
  /** Put aside until a person has them tried again. */
  readonly dead: number
}

/** Reads how a channel stands. */
export async function channelHealth(tx: Tx, channel: Channel): Promise<ChannelHealth> {
  const states = await tx.query<{ doc: ChannelState; now: number }>(
    'select doc, (extract(epoch from clock_timestamp()) * 1000)::bigint as now from projection_state where tenant = $1 and channel = $2',
    [tx.tenant, channel],
  )
  const counts = await tx.query<{ waiting: number; dead: number }>(
    `select count(*) filter (where dead_at is null and wanted > written) as waiting, count(*) filter (where dead_at is not null) as dead
      from projection where tenant = $1 and channel = $2`,
    [tx.tenant, channel],
  )
  const [row] = states.rows
  const health = row?.doc.health
  const since = health?.awaySince ?? null
  const isPaused = row !== undefined && row.doc.health.pausedUntil > row.now
  return {
    state: since !== null ? (health?.barred === undefined ? 'away' : 'barred') : isPaused ? 'paused' : 'there',
    ...health?.barred,
    since,
    waiting: counts.rows[0]?.waiting ?? 0,
    dead: counts.rows[0]?.dead ?? 0,
  }
}
