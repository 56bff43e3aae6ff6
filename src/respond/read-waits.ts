import type { Json } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** A signal that no step has taken. */
export interface Signal {
  readonly run: string
  readonly n: number
  readonly name: string
  readonly payload: Json
  readonly actor: string
}

/** What waits of runs there are, and what they wait for. */
export interface KnownWaits {
  /** When each wait ends, epoch milliseconds, by {@link waitKey}. */
  readonly until: Map<string, number>
  /** Oldest first. */
  readonly signals: Signal[]
}

export const waitKey = (run: string, path: string) => `${run} ${path}`

export async function readWaits(tx: Tx, runs: readonly string[]): Promise<KnownWaits> {
  const waits = await tx.query<{ run: string; path: string; until: number }>(
    { name: 'waits-of', text: 'select run, path, until from run_wait where tenant = $1 and run = any($2::text[])' },
    [tx.tenant, runs],
  )
  const signals = await tx.query<Signal>(
    {
      name: 'signals-of',
      text: 'select run, n, name, payload, actor from run_signal where tenant = $1 and run = any($2::text[]) and taken_by is null order by run, n',
    },
    [tx.tenant, runs],
  )
  return {
    until: new Map(waits.rows.map((one) => [waitKey(one.run, one.path), one.until])),
    signals: [...signals.rows],
  }
}
