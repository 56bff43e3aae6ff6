import { type Alert, gradedBy, type Incident, type Observable, observableKey, type SeverityId } from '../model/index.ts'
import { allDecisions, type Recall } from './recall.ts'
import { type CorrelationState, putIncident, withDecisions } from './state.ts'

const maxObservables = 200

/** The incident with the alert in it. */
export function extend(incident: Incident, alert: Alert, isNew: boolean): Incident {
  const { times } = incident
  return {
    ...incident,
    times: {
      ...times,
      occurredAt: Math.min(times.occurredAt, alert.occurredAt),
      detectedAt: Math.min(times.detectedAt, alert.detectedAt),
      ingestedAt: Math.min(times.ingestedAt, alert.ingestedAt),
    },
    firstAt: Math.min(incident.firstAt, alert.occurredAt),
    lastAt: Math.max(incident.lastAt, alert.occurredAt),
    alertCount: incident.alertCount + (isNew ? 1 : 0),
    signalCount: incident.signalCount + 1,
    maxSeverity: Math.max(alert.severity, incident.maxSeverity) as SeverityId,
    sources: union(incident.sources, [alert.source]),
    techniques: union(incident.techniques, alert.techniques),
    tactics: union(incident.tactics, alert.tactics),
    observables: mergeObservables(incident.observables, alert.observables),
  }
}

/** Puts everything of `other` into `incident`; the other one stays as a signpost, by which its alerts find the way. */
export async function absorb(
  state: CorrelationState,
  incident: Incident,
  other: Incident,
  recall: Recall,
): Promise<Incident> {
  const decisions = await allDecisions(state, other, recall)
  putIncident(state, { ...other, status: 'merged', mergedInto: incident.number })
  return {
    ...withDecisions(state, incident, decisions),
    times: {
      ...incident.times,
      occurredAt: Math.min(incident.times.occurredAt, other.times.occurredAt),
      detectedAt: Math.min(incident.times.detectedAt, other.times.detectedAt),
      ingestedAt: Math.min(incident.times.ingestedAt, other.times.ingestedAt),
      acknowledgedAt: incident.times.acknowledgedAt ?? other.times.acknowledgedAt,
    },
    firstAt: Math.min(incident.firstAt, other.firstAt),
    lastAt: Math.max(incident.lastAt, other.lastAt),
    alertCount: incident.alertCount + other.alertCount,
    signalCount: incident.signalCount + other.signalCount,
    maxSeverity: Math.max(incident.maxSeverity, other.maxSeverity) as SeverityId,
    sources: union(incident.sources, other.sources),
    techniques: union(incident.techniques, other.techniques),
    tactics: union(incident.tactics, other.tactics),
    observables: mergeObservables(incident.observables, other.observables),
    escalations: union(incident.escalations, other.escalations),
    playbooks: union(incident.playbooks, other.playbooks),
    enrichments: [
      ...new Map(
        [...incident.enrichments, ...other.enrichments].map((one) => [`${one.provider}|${one.observable}`, one]),
      ).values(),
    ],
    owner: incident.owner ?? other.owner,
    milestone: incident.milestone ?? other.milestone,
    ...(incident.apartFrom === undefined && other.apartFrom === undefined
      ? {}
      : { apartFrom: [...new Set([...(incident.apartFrom ?? []), ...(other.apartFrom ?? [])])].sort((a, b) => a - b) }),
    assessment:
      incident.assessment === null
        ? other.assessment
        : gradedBy(incident.assessment, incident.assessment.said ?? other.assessment?.said ?? null),
  }
}

const roleRank = { attacker: 0, target: 1, related: 2 } as const

export function mergeObservables(known: readonly Observable[], more: readonly Observable[]): readonly Observable[] {
  const missing = more.filter(
    (one) =>
      !known.some(
        (other) => other.type === one.type && other.value === one.value && roleRank[other.role] <= roleRank[one.role],
      ),
  )
  if (missing.length === 0) return known
  const merged = new Map(known.map((one) => [observableKey(one), one]))
  for (const one of missing)
    if (merged.size < maxObservables || merged.has(observableKey(one))) merged.set(observableKey(one), one)
  return [...merged.values()]
}

export function union(known: readonly string[], more: readonly string[]): readonly string[] {
  return more.every((one) => known.includes(one)) ? known : [...new Set([...known, ...more])].sort()
}
