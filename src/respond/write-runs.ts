import { storableJson, storableText } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import { fewRows } from './few-rows.ts'

/** How a run stands after its turn: it goes on, it waits until something happens or a time comes, or it is over. */
export interface RunState {
  readonly status: string
  readonly wakeAt: number | null
  readonly ended: { readonly sentence: string; readonly outputs: JsonObject } | null
}

/** Writes how runs stand. Of those that are over questions are void and waits forgotten. */
export function writeRuns(tx: Tx, at: number, states: ReadonlyMap<string, RunState>): void {
  if (states.size === 0) return
  const rows = [...states]
  void tx.write({ name: 'write-runs', text: change }, [
    tx.tenant,
    rows.map(([id]) => id),
    rows.map(([, one]) => one.status),
    rows.map(([, one]) => one.wakeAt),
    rows.map(([, one]) => (one.ended === null ? null : at)),
    rows.map(([, { ended }]) => (ended === null ? null : storableText(ended.sentence))),
    rows.map(([, { ended }]) => (ended === null ? null : storableJson(ended.outputs))),
  ])
  const over = rows.filter(([, one]) => one.ended !== null).map(([id]) => id)
  if (over.length > 0) void tx.write({ name: 'write-over', text: forget }, [tx.tenant, over, at])
}

const change = `update run set status = r.status, wake_at = r.wake_at, ended_at = r.ended_at, sentence = r.sentence, outputs = r.outputs
  from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::jsonb[])
    as r(id, status, wake_at, ended_at, sentence, outputs)
  where run.tenant = $1 and run.id = any($2::text[]) and run.id = r.id`

const forget = `with over as (select * from ${fewRows('$2::text[]')} as o(run)),
    waits as (delete from run_wait w using over where w.tenant = $1 and w.run = over.run)
  update approval a set status = 'void', settled_at = $3 from over
  where a.tenant = $1 and a.run = over.run and a.status = 'pending' and a.kind <> 'break-glass'`
