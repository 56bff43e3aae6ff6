import { storableJson } from '../cases/index.ts'
import type { Tx } from '../store/index.ts'

/** A wait begins, ends, or takes a signal. */
export type WaitChange =
  | {
      readonly kind: 'begin'
      readonly run: string
      readonly path: string
      readonly signal: string | null
      readonly until: number
    }
  | { readonly kind: 'end'; readonly run: string; readonly path: string }
  | { readonly kind: 'take'; readonly run: string; readonly path: string; readonly n: number }

/** Writes changes of waits, in three statements. */
export function writeWaits(tx: Tx, changes: readonly WaitChange[]): void {
  const write = (kind: WaitChange['kind'], text: string) => {
    const rows = changes.filter((one) => one.kind === kind)
    if (rows.length > 0) void tx.write({ name: `${kind}-waits`, text }, [tx.tenant, storableJson(rows)])
  }
  write('begin', begin)
  write('take', take)
  write('end', end)
}

const rows = 'jsonb_to_recordset($2::jsonb) as r(run text, path text, signal text, until bigint, n int)'
const begin = `insert into run_wait (tenant, run, path, signal, until) select $1, run, path, signal, until from ${rows} on conflict do nothing`
const take = `update run_signal s set taken_by = r.path from ${rows} where s.tenant = $1 and s.run = r.run and s.n = r.n`
const end = `delete from run_wait w using ${rows} where w.tenant = $1 and w.run = r.run and w.path = r.path`
