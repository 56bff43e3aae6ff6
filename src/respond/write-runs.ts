import { storableJson } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** How a run stands after its turn: it goes on, it waits until something happens or a time comes, or it is over. */
export interface RunState {
  readonly status: string
  readonly wakeAt: number | null
  readonly ended: { readonly sentence: string; readonly outputs: JsonObject } | null
}

/** Writes how runs stand. Of those that are over questions are void and waits forgotten. */
export function writeRuns(tx: Tx, at: number, states: ReadonlyMap<string, RunState>): void {
  if (states.size === 0) return
  const rows = [...states].map(([id, { status, wakeAt, ended }]) => ({
    id,
    status,
    wakeAt,
    endedAt: ended === null ? null : at,
    ...ended,
  }))
  void tx.write({ name: 'write-runs', text: change }, [tx.tenant, storableJson(rows)])
  const over = rows.filter((one) => one.endedAt !== null).map((one) => one.id)
  if (over.length > 0) void tx.write({ name: 'write-over', text: forget }, [tx.tenant, over, at])
}

const change = `update run set status = r.status, wake_at = r."wakeAt", ended_at = r."endedAt", sentence = r.sentence, outputs = r.outputs
  from jsonb_to_recordset($2::jsonb) as r(id text, status text, "wakeAt" bigint, "endedAt" bigint, sentence text, outputs jsonb)
  where run.tenant = $1 and run.id = r.id`

const forget = `with waits as (delete from run_wait where tenant = $1 and run = any($2::text[]))
  update approval set status = 'void', settled_at = $3 where tenant = $1 and run = any($2::text[]) and status = 'pending' and kind <> 'break-glass'`
