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

/** Puts calls on record before they are made, and what others, or they, came to. */
export function writeCalls(tx: Tx, calls: readonly CallRow[], ends: readonly CallEnd[]): void {
  const keyOf = ({ effect, n }: Pick<CallRow, 'effect' | 'n'>) => `${n} ${effect}`
  const endOf = new Map(
    ends.map(({ at: endedAt, ...end }) => [keyOf(end), { ...end, endedAt, sentence: end.sentence.slice(0, 1000) }]),
  )
  const begun = calls.map((one) => ({ ...endOf.get(keyOf(one)), ...one }))
  if (begun.length > 0) void tx.write({ name: 'write-calls', text: begin }, [tx.tenant, storableJson(begun)])
  for (const one of calls) endOf.delete(keyOf(one))
  if (endOf.size > 0)
    void tx.write({ name: 'write-call-ends', text: end }, [tx.tenant, storableJson([...endOf.values()])])
}

const begin = `insert into effect_attempt (tenant, effect, n, kind, at, ended_at, verdict, status, sentence)
  select $1, effect, n, kind, at, "endedAt", verdict, status, sentence
  from jsonb_to_recordset($2::jsonb) as r(effect text, n int, kind text, at bigint, "endedAt" bigint, verdict text, status int, sentence text)`

const end = `update effect_attempt t set ended_at = r."endedAt", verdict = r.verdict, status = r.status, sentence = r.sentence
  from jsonb_to_recordset($2::jsonb) as r(effect text, n int, "endedAt" bigint, verdict text, status int, sentence text)
  where t.tenant = $1 and t.effect = r.effect and t.n = r.n`
