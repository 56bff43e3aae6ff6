import { storableJson } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'
import type { RecordedStep } from './record-steps.ts'

/** How a step of a run ended. */
export type StepRow = RecordedStep & { readonly run: string; readonly at: number }

/** Writes how steps ended, in this order. */
export function writeSteps(tx: Tx, rows: readonly StepRow[]): void {
  if (rows.length === 0) return
  void tx.write({ name: 'write-steps', text }, [tx.tenant, storableJson(rows.map((one, ord) => ({ ...one, ord })))])
}

// A JSON null that is missing is no denial; one that is there is an output.
const text = `insert into run_step (tenant, run, n, path, status, output, sentence, denied, at)
  select $1, r.run, coalesce(last.n, 0) + row_number() over (partition by r.run order by r.ord), r.path, r.status, coalesce(r.output, 'null'), r.sentence, r.denied, r.at
  from jsonb_to_recordset($2::jsonb) as r(ord int, run text, at bigint, path text, status text, output jsonb, sentence text, denied jsonb)
    left join lateral (select max(n) as n from run_step s where s.tenant = $1 and s.run = r.run) last on true
  on conflict do nothing`
