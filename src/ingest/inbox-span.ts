import type { Tx } from '../store/index.ts'

/** A stretch of the inbox by the numbers of its deliveries, both ends included, and how many events it held. */
export interface InboxSpan {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly events: number
  /** Events of that time before `firstSeq`, left out because there are too many. */
  readonly omitted: number
}

/**
 * What was received from `since` (epoch milliseconds) on and is decided: the newest deliveries that together held at most
 * `maxEvents` events. Null when there is none. Numbers follow the time of receipt, so that it is found without reading all.
 */
export async function inboxSince(tx: Tx, since: number, maxEvents: number): Promise<InboxSpan | null> {
  const ends = await tx.query<{ first: number | null; last: number | null }>(
    'select min(seq)::bigint as first, max(seq)::bigint as last from delivery_count where tenant = $1',
    [tx.tenant],
  )
  const { first = null, last = null } = ends.rows[0] ?? {}
  if (first === null || last === null) return null
  const begin = await firstSince(tx, since, first, last)
  if (begin === null) return null
  const counted = await tx.query<{ seq: number; total: number; whole: number }>(
    `select seq, total::bigint as total, whole::bigint as whole from (
        select seq, sum(events) over (order by seq desc) as total, sum(events) over () as whole
        from delivery_count where tenant = $1 and seq between $2 and $3
      ) summed where total <= $4 order by seq limit 1`,
    [tx.tenant, begin, last, maxEvents],
  )
  const [row] = counted.rows
  return row === undefined
    ? null
    : { firstSeq: row.seq, lastSeq: last, events: row.total, omitted: row.whole - row.total }
}

/** The first delivery received at that time or later, by halving. */
async function firstSince(tx: Tx, since: number, first: number, last: number): Promise<number | null> {
  const receivedAt = async (seq: number) => {
    const found = await tx.query<{ received_at: number }>(
      'select received_at from delivery where tenant = $1 and seq >= $2 order by seq limit 1',
      [tx.tenant, seq],
    )
    return found.rows[0]?.received_at ?? Number.POSITIVE_INFINITY
  }
  let [low, high] = [first, last + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await receivedAt(middle)) >= since) high = middle
    else low = middle + 1
  }
  return low > last ? null : low
}
