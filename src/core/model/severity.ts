/** OCSF 1.8.0 `severity_id`: 0 unknown, 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal. */
export type SeverityId = 0 | 1 | 2 | 3 | 4 | 5 | 6

/** The words manifests and rules use. */
export const severityNames = ['unknown', 'informational', 'low', 'medium', 'high', 'critical', 'fatal'] as const
export type SeverityName = (typeof severityNames)[number]

/** The four grades an incident can have. */
export type IncidentSeverity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'

export function severityName(id: SeverityId): SeverityName {
  return severityNames[id] as SeverityName
}

export function severityId(name: SeverityName): SeverityId {
  return severityNames.indexOf(name) as SeverityId
}

const bands: readonly (readonly [from: number, severity: IncidentSeverity])[] = [
  [0, 'LOW'],
  [25, 'MEDIUM'],
  [50, 'HIGH'],
  [75, 'CRITICAL'],
]

/** The grade that a score of 0-100 stands for. */
export function severityOfScore(score: number): IncidentSeverity {
  return bands.findLast(([from]) => score >= from)?.[1] ?? 'LOW'
}
