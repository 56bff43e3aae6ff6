import type { JsonObject } from '../core/model/index.ts'
import type { Advance, RunRecord } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'
import type { Round } from './round.ts'

/** What one turn of a run saw and what it came to. */
export interface RecordedTurn {
  readonly at: number
  /** How many steps were on record before it. */
  readonly seen: number
  readonly facts: JsonObject
  readonly started: readonly string[]
  readonly cancelled: string | null
  /** Paths of what was to be done next. */
  readonly next: readonly string[]
}

/** Puts on record what a run was advanced with, so that it can be told again. */
export function recordTurn({ writes, at }: Round, run: string, record: RunRecord, advanced: Advance): void {
  if (advanced.results.length === 0 && advanced.end === null && record.results.length > 0) return
  const isFirst = !writes.turns.some((one) => one.run === run)
  writes.turns.push({
    run,
    at,
    seen: record.results.length,
    started: [...record.started],
    cancelled: record.cancelled,
    next: advanced.next.map((one) => one.path),
    facts: isFirst ? record.facts : null,
  })
}

/** The turns of a run, the first first. */
export async function readTurns(tx: Tx, run: string): Promise<readonly RecordedTurn[]> {
  const found = await tx.query<Omit<RecordedTurn, 'facts'> & { facts: JsonObject | null }>(
    'select at, seen, facts, started, cancelled, next from run_turn where tenant = $1 and run = $2 order by n',
    [tx.tenant, run],
  )
  let facts: JsonObject = {}
  return found.rows.map((one) => {
    facts = one.facts ?? facts
    return { ...one, facts }
  })
}
