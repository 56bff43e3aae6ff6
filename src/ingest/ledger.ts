import { type EventOutcome, outcomes } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'

/** Counts of one source or of all: what came in, and where each ended. */
export type LedgerLine = { readonly received: number } & Readonly<Record<EventOutcome, number>>

/** Where every received event ended. `received` counts what the deliveries held, the outcomes what became of each: the two must agree. */
export interface Ledger {
  readonly total: LedgerLine
  readonly bySource: Readonly<Record<string, Readonly<Record<EventOutcome, number>>>>
  /** Deliveries on disk that the pipeline has not looked at yet. */
  readonly waiting: number
  readonly balanced: boolean
  /** What does not agree, for people. */
  readonly faults: readonly string[]
}

const zero = (): Record<EventOutcome, number> =>
  Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<EventOutcome, number>

/**
 * Reads the ledger in one snapshot. With `recount` the outcomes are also counted anew from the rows of events and dead
 * letters, which takes time in a large store.
 */
export async function readLedger(store: Store, options: { recount?: boolean } = {}): Promise<Ledger> {
  return store.snapshot(async (tx) => {
    const counts = await tx.query<{ source: string; outcome: EventOutcome; count: number }>(
      'select source, outcome, count from ledger where tenant = $1 order by source, outcome',
      [tx.tenant],
    )
    const head = await tx.query<{ received: number; waiting: number }>(
      `select coalesce((select received from inbox_done where tenant = $1), 0) as received,
        coalesce((select next_seq from inbox_head where tenant = $1), 1) - 1
          - coalesce((select done_seq from inbox_done where tenant = $1), 0) as waiting`,
      [tx.tenant],
    )
    const bySource: Record<string, Record<EventOutcome, number>> = {}
    const total = zero()
    for (const { source, outcome, count } of counts.rows) {
      const line = bySource[source] ?? zero()
      bySource[source] = line
      line[outcome] += count
      total[outcome] += count
    }
    const sum = outcomes.reduce((all, one) => all + total[one], 0)
    const first = head.rows[0] ?? { received: 0, waiting: 0 }
    const faults = first.received === sum ? [] : [`received ${first.received}, but ${sum} ended somewhere`]
    if (options.recount) {
      const deliveries = await tx.query<{ events: number }>(
        'select coalesce(sum(events), 0)::bigint as events from delivery_count where tenant = $1',
        [tx.tenant],
      )
      if (deliveries.rows[0]?.events !== first.received)
        faults.push(
          `received: the ledger says ${first.received}, the deliveries held ${deliveries.rows[0]?.events ?? 0}`,
        )
      const rows = await tx.query<{ outcome: EventOutcome; count: number }>(
        'select outcome, count(*)::bigint as count from event where tenant = $1 group by outcome',
        [tx.tenant],
      )
      const dead = await tx.query<{ count: number }>(
        'select coalesce(sum(records), 0)::bigint as count from dead_letter where tenant = $1',
        [tx.tenant],
      )
      const counted = new Map<EventOutcome, number>([
        ...rows.rows.map((row) => [row.outcome, row.count] as const),
        ['deadLettered', dead.rows[0]?.count ?? 0],
      ])
      for (const outcome of ['alerted', 'noMatch', 'suppressed', 'deadLettered'] as const) {
        const rowsSeen = counted.get(outcome) ?? 0
        if (rowsSeen !== total[outcome])
          faults.push(`${outcome}: the ledger says ${total[outcome]}, the rows stand for ${rowsSeen}`)
      }
    }
    return {
      total: { received: first.received, ...total },
      bySource,
      waiting: first.waiting,
      balanced: faults.length === 0,
      faults,
    }
  })
}
