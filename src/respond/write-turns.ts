import { storableJson } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** What a run was advanced with; `facts` null = those of its turn before. */
export interface TurnRow {
  readonly run: string
  readonly at: number
  readonly seen: number
  readonly started: readonly string[]
  readonly cancelled: string | null
  readonly next: readonly string[]
  readonly facts: JsonObject | null
}

/** Puts turns of runs on record, in this order; facts only where they differ from the last ones. */
export function writeTurns(tx: Tx, rows: readonly TurnRow[]): void {
  if (rows.length === 0) return
  void tx.write({ name: 'write-turns', text }, [tx.tenant, storableJson(rows.map((one, ord) => ({ ...one, ord })))])
}

const text = `insert into run_turn (tenant, run, n, at, seen, started, cancelled, next, facts)
  select $1, r.run, coalesce(last.n, 0) + row_number() over (partition by r.run order by r.ord), r.at, r.seen, r.started, r.cancelled, r.next,
    case when known.facts = r.facts then null else r.facts end
  from jsonb_to_recordset($2::jsonb) as r(ord int, run text, at bigint, seen int, started text[], cancelled text, next text[], facts jsonb)
    left join lateral (select n from run_turn t where t.tenant = $1 and t.run = r.run order by n desc limit 1) last on true
    left join lateral (select facts from run_turn t where t.tenant = $1 and t.run = r.run and facts is not null order by n desc limit 1) known on true`
