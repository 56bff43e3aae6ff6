import { stringify } from 'yaml'
import type { AlertGroup, Incident, JsonObject } from '../model/index.ts'
import type { Redactor } from './redact.ts'

/** A record of an event behind an incident, in the order of the inbox. */
export interface EvidenceRecord {
  readonly source: string
  readonly receivedAt: number
  readonly record: JsonObject
}

/** A recording and what it must lead to, by path in the repository. */
export interface Regression {
  readonly folder: string
  readonly recording: string
  readonly expected: string
}

/** Where the regression of an incident lies. */
export const regressionFolder = (number: number) => `test/scenarios/incident-${number}`

/**
 * The events behind a confirmed incident as a recording that stays in the repository: who, where and which account are
 * replaced. It joins the history that `gitsoc plan` replays; `expected.yaml` says what must go on being found.
 */
export function regressionOf(
  incident: Incident,
  alerts: readonly AlertGroup[],
  records: readonly EvidenceRecord[],
  redactor: Redactor,
): Regression {
  const lines = records.map(({ source, receivedAt, record }) =>
    JSON.stringify({ at: receivedAt, source, body: redactor.json(record) }),
  )
  const document = {
    title: redactor.text(incident.title),
    incident: incident.number,
    verdict: incident.verdict,
    rules: [...new Set(alerts.map(({ ruleId }) => ruleId))].sort(),
    techniques: [...incident.techniques],
  }
  return {
    folder: regressionFolder(incident.number),
    recording: `${lines.join('\n')}\n`,
    expected: stringify(document, { lineWidth: 0 }),
  }
}
