import { appendTimeline } from '../cases/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import { appendAudit, type Tx } from '../store/index.ts'
import { type CallReport, reportText } from './tell.ts'

/** Puts on record who was told and who was not: in the audit chain and in the timeline. */
export async function record(
  tx: Tx,
  action: string,
  incident: number,
  what: string,
  report: CallReport,
  at: number,
  details: JsonObject,
): Promise<void> {
  await appendAudit(tx, {
    at,
    actor: 'gitsoc',
    action,
    subject: `incident/${incident}`,
    details: { ...details, told: report.told, missed: report.missed },
  })
  await appendTimeline(tx, [
    { incident, at, kind: 'decision', actor: 'gitsoc', sentence: `${what}: ${reportText(report)}` },
  ])
}
