import { appendTimeline, storableJson, storableText } from '../cases/index.ts'
import type { IncidentNumber, JsonObject } from '../core/model/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Tx } from '../store/index.ts'

/** A step's end as it is recorded; `denied` is what a denied one would have done. */
export type RecordedStep = StepResult & { readonly denied?: JsonObject }

/** Records how steps ended, in this order, and tells the incident's timeline. A step that has ended already stays as it was. */
export async function recordSteps(
  tx: Tx,
  run: { readonly id: string; readonly playbook: string },
  incident: IncidentNumber,
  results: readonly RecordedStep[],
  at: number,
): Promise<void> {
  if (results.length === 0) return
  const inserted = await tx.query<{ path: string }>(
    {
      name: 'record-steps',
      text: `insert into run_step (tenant, run, n, path, status, output, sentence, denied, at)
        select $1, $2, (select coalesce(max(n), 0) from run_step where tenant = $1 and run = $2) + ord, path, status, output, sentence, denied, $8
        from unnest($3::text[], $4::text[], $5::jsonb[], $6::text[], $7::jsonb[])
          with ordinality as s(path, status, output, sentence, denied, ord)
        on conflict do nothing returning path`,
    },
    [
      tx.tenant,
      run.id,
      results.map((one) => one.path),
      results.map((one) => one.status),
      results.map((one) => storableJson(one.output)),
      results.map((one) => storableText(one.sentence)),
      results.map((one) => (one.denied === undefined ? null : storableJson(one.denied))),
      at,
    ],
  )
  const fresh = new Set(inserted.rows.map((one) => one.path))
  await appendTimeline(
    tx,
    results
      .filter((one) => one.status !== 'decided' && fresh.has(one.path))
      .map(({ sentence }) => ({ incident, at, kind: 'action' as const, actor: run.playbook, sentence })),
  )
}
