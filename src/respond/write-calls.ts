import { storableJson } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'
import type { Verdict } from './next-call.ts'

/** A call that is about to be made. */
export interface CallRow {
  readonly effect: string
  readonly n: number
  readonly kind: 'call' | 'confirm'
  readonly at: number
}

/** What a call came to. */
export interface CallEnd {
  readonly effect: string
  readonly n: number
  readonly at: number
  readonly verdict: Verdict
  readonly status: number | null
  readonly sentence: string
}

/** Puts calls on record before they are made. */
export async function writeCalls(tx: Tx, rows: readonly CallRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    {
      name: 'write-calls',
      text: `insert into effect_attempt (tenant, effect, n, kind, at) select $1, effect, n, kind, at
        from jsonb_to_recordset($2::jsonb) as r(effect text, n int, kind text, at bigint)`,
    },
    [tx.tenant, storableJson(rows)],
  )
}

/** Puts on record what calls came to. */
export async function writeCallEnds(tx: Tx, rows: readonly CallEnd[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    {
      name: 'write-call-ends',
      text: `update effect_attempt t set ended_at = r.at, verdict = r.verdict, status = r.status, sentence = r.sentence
        from jsonb_to_recordset($2::jsonb) as r(effect text, n int, at bigint, verdict text, status int, sentence text)
        where t.tenant = $1 and t.effect = r.effect and t.n = r.n`,
    },
    [tx.tenant, storableJson(rows.map((one) => ({ ...one, sentence: one.sentence.slice(0, 1000) })))],
  )
}
