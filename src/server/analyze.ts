import { listIncidents } from '../cases/index.ts'
import { explanationOf, type JsonObject } from '../core/model/index.ts'
import { listApprovals } from '../respond/index.ts'
import type { Runtime } from './runtime.ts'

/**
 * Works off the inbox and tells what there is: incidents with their scores, what the playbooks did, what waits for a
 * person. With `autoRespond` the runs go on as far as they may without one.
 */
export async function analyze(runtime: Runtime, wish: { readonly autoRespond: boolean }): Promise<JsonObject> {
  await runtime.pipeline.drain()
  if (wish.autoRespond) await runtime.responder.drain()
  return runtime.store.snapshot(async (tx) => {
    const incidents = await listIncidents(tx, { limit: 100 })
    const approvals = await listApprovals(tx, { pendingOnly: true })
    const actions = await tx.query<{
      incident: number
      action: string
      target: string
      outcome: string | null
      mode: string
    }>(
      'select incident, action, target, outcome, mode from effect where tenant = $1 order by intended_at desc, path limit 100',
      [tx.tenant],
    )
    return {
      incidents: incidents.map((one) => ({
        number: one.number,
        title: one.title,
        severity: one.assessment?.severity ?? 'LOW',
        score: one.assessment?.score ?? 0,
        explanation: one.assessment === null ? '' : explanationOf(one.assessment),
        recommendation: one.assessment?.recommendation ?? '',
        alerts: one.alertCount,
        techniques: one.techniques,
      })),
      actions: actions.rows,
      approvals: approvals.map(({ id, incident, action, target }) => ({ id, incident, action, target })),
    }
  })
}
