import { type CaseFile, type Evidence, readCase, readEvidence } from '../cases/index.ts'
import type { EvidenceRecord, JudgedAlert } from '../core/closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import type { AlertGroup, IncidentNumber, Verdict } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'
import { recordsBehind } from './records-behind.ts'

/** All that is read of a closed incident before anything is decided about it. */
export interface ClosedIncident {
  readonly file: CaseFile
  readonly evidence: readonly Evidence[]
  readonly records: readonly EvidenceRecord[]
  /** Alerts of the time before the close, with what people made of their incidents. */
  readonly past: readonly JudgedAlert[]
}

const maxPast = 50_000

/** Reads a closed incident and the alerts from `since` on; null when there is none of that number. */
export async function readClosed(
  store: Store,
  bundle: Bundle,
  number: IncidentNumber,
  since: number,
): Promise<ClosedIncident | null> {
  return store.snapshot(async (tx) => {
    const file = await readCase(tx, number)
    if (file === null) return null
    const evidence = await readEvidence(tx, file.incident.number)
    const records = await recordsBehind(tx, bundle, file.incident, evidence)
    const rules = [...new Set(file.alerts.map(({ ruleId }) => ruleId))]
    const past = await tx.query<{ incident: number; doc: Omit<AlertGroup, 'incident'>; verdict: Verdict | null }>(
      `select a.incident, a.doc, i.verdict from alert a left join incident i on i.tenant = a.tenant and i.number = a.incident
        where a.tenant = $1 and a.last_at >= $2 and a.doc->>'ruleId' = any($3::text[]) order by a.last_at desc limit ${maxPast}`,
      [tx.tenant, since, rules],
    )
    return {
      file,
      evidence,
      records,
      past: past.rows.map(({ incident, doc, verdict }) => ({ alert: { ...doc, incident }, verdict })),
    }
  })
}
