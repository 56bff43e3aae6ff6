import { storableJson, storableText } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'
import type { RecordedStep } from './record-steps.ts'

/** How a step of a run ended. */
export type StepRow = RecordedStep & { readonly run: string; readonly at: number }

/** Writes how steps ended, in this order. */
export function writeSteps(tx: Tx, rows: readonly StepRow[]): void {
  if (rows.length === 0) return
  void tx.write({ name: 'write-steps', text }, [
    tx.tenant,
    rows.map((one) => one.run),
    rows.map((one) => one.at),
    rows.map((one) => storableText(one.path)),
    rows.map((one) => one.status),
    rows.map((one) => storableJson(one.output ?? null)),
    rows.map((one) => storableText(one.sentence)),
    rows.map((one) => (one.denied === undefined ? null : storableJson(one.denied))),
  ])
}

const text = `insert into run_step (tenant, run, n, path, status, output, sentence, denied, at)
  select $1, r.run, coalesce(last.n, 0) + row_number() over (partition by r.run order by r.ord), r.path, r.status, r.output, r.sentence, r.denied, r.at
  from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[])
      with ordinality as r(run, at, path, status, output, sentence, denied, ord)
    left join lateral (select max(n) as n from run_step s where s.tenant = $1 and s.run = r.run) last on true
  on conflict do nothing`
