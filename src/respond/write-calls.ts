import { storableText } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'
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
  const endOf = new Map(ends.map((one) => [keyOf(one), one]))
  if (calls.length > 0)
    void tx.write({ name: 'write-calls', text: begin }, [
      tx.tenant,
      calls.map((one) => one.effect),
      calls.map((one) => one.n),
      ...ended(calls.map((one) => endOf.get(keyOf(one)))),
      calls.map((one) => one.kind),
      calls.map((one) => one.at),
    ])
  for (const one of calls) endOf.delete(keyOf(one))
  const others = [...endOf.values()]
  if (others.length > 0)
    void tx.write({ name: 'write-call-ends', text: end }, [
      tx.tenant,
      others.map((one) => one.effect),
      others.map((one) => one.n),
      ...ended(others),
    ])
}

/** The columns of how calls ended; null where they have not. */
const ended = (ends: readonly (CallEnd | undefined)[]): readonly unknown[] => [
  ends.map((one) => one?.at ?? null),
  ends.map((one) => one?.verdict ?? null),
  ends.map((one) => one?.status ?? null),
  ends.map((one) => (one === undefined ? null : storableText(one.sentence).slice(0, 1000).toWellFormed())),
]

const keysAndEnds = ['$2::text[]', '$3::int[]', '$4::bigint[]', '$5::text[]', '$6::int[]', '$7::text[]']

const begin = `insert into effect_attempt (tenant, effect, n, ended_at, verdict, status, sentence, kind, at)
  select $1, * from unnest(${keysAndEnds.join(', ')}, $8::text[], $9::bigint[])`

const end = `update effect_attempt t set ended_at = r.ended_at, verdict = r.verdict, status = r.status, sentence = r.sentence
  from ${fewRows(...keysAndEnds)} as r(effect, n, ended_at, verdict, status, sentence)
  where t.tenant = $1 and t.effect = r.effect and t.n = r.n`
