import { storableJson } from '../cases/index.ts'
import { canonicalJson, type JsonObject } from '../core/model/index.ts'
import type { Advance, RunRecord } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

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

/** Puts on record what a run was advanced with, so that it can be told again; facts only where they changed. */
export async function recordTurn(tx: Tx, run: string, record: RunRecord, advanced: Advance, at: number): Promise<void> {
  if (advanced.results.length === 0 && advanced.end === null && record.results.length > 0) return
  const facts = canonicalJson(JSON.parse(storableJson(record.facts)) as JsonObject)
  await tx.query(
    {
      name: 'record-turn',
      text: `with last as (select n from run_turn where tenant = $1 and run = $2 order by n desc limit 1),
          known as (select facts from run_turn where tenant = $1 and run = $2 and facts is not null order by n desc limit 1)
        insert into run_turn (tenant, run, n, at, seen, started, cancelled, next, facts)
        select $1, $2, coalesce((select n from last), 0) + 1, $3, $4, $5, $6, $7,
          case when (select facts from known) = $8::jsonb then null else $8::jsonb end`,
    },
    [
      tx.tenant,
      run,
      at,
      record.results.length,
      [...record.started],
      record.cancelled,
      advanced.next.map((one) => one.path),
      facts,
    ],
  )
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
