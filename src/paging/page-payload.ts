import { plain } from '../cases/index.ts'
import { explanationOf, type Incident, type IncidentSeverity, type JsonObject } from '../core/model/index.ts'

/** PagerDuty's severities (PD-CEF: critical, error, warning, info). */
const severities: Readonly<Record<IncidentSeverity, string>> = {
  CRITICAL: 'critical',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'info',
}

/** The longest summary that PagerDuty takes. */
export const maxSummary = 1024

/** What a page says. Everything that came from alerts is one bounded line; a whole payload stays far below the 512 KB that are taken. */
export function pagePayload(incident: Incident, summary: string, policy: string): JsonObject {
  const { assessment } = incident
  return {
    summary: plain(summary, maxSummary) || `INC-${incident.number}`,
    source: 'gitsoc',
    severity: assessment === null ? 'warning' : severities[assessment.severity],
    component: `INC-${incident.number}`,
    group: plain(incident.sources.join(', '), 200),
    class: plain(incident.tactics.join(', '), 200),
    custom_details: {
      incident: `INC-${incident.number}`,
      title: plain(incident.title, 500),
      score: assessment?.score ?? null,
      severity: assessment?.severity ?? null,
      explanation: plain(assessment === null ? '' : explanationOf(assessment), 1500),
      recommendation: plain(assessment?.recommendation ?? '', 1000),
      involved: incident.observables.slice(0, 15).map((one) => plain(`${one.type} ${one.value} (${one.role})`, 200)),
      policy,
    },
  }
}
