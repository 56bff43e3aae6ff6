import type { CaseFile } from '../cases/index.ts'
import { formatPlace, gradedBy, type Json } from '../core/model/index.ts'
import type { Replayed, ReplayedIncident } from '../core/replay/index.ts'

/** How an event ended when it was decided. */
export interface StoredEvent {
  readonly seq: number
  readonly index: number
  readonly outcome: string
}

/** A decision that is another in the replay. */
export interface StoredDifference {
  readonly what: string
  readonly stored: Json
  readonly replayed: Json
}

/** Compares a stored incident with what a replay made of the same deliveries; empty = every decision is identical. */
export function compareStored(
  { incident, alerts }: CaseFile,
  events: readonly StoredEvent[],
  replayed: Replayed,
  same: ReplayedIncident | null,
): readonly StoredDifference[] {
  const differences: StoredDifference[] = []
  const differ = (what: string, stored: Json, now: Json) => {
    if (JSON.stringify(stored) !== JSON.stringify(now)) differences.push({ what, stored, replayed: now })
  }
  const places = new Map(replayed.rules.map(({ id, place }) => [id, place === null ? id : formatPlace(place)]))
  const groups = groupsOf(replayed)
  for (const { id, ruleId, title, count, severity } of alerts) {
    const found = groups.get(id)
    const name = `the alert "${title}" of ${places.get(ruleId) ?? ruleId}`
    if (found === undefined) differ(name, 'raised', 'not raised')
    else {
      differ(`how often ${name} counts`, count, found.count)
      differ(`the severity of ${name}`, severity, found.severity)
    }
  }
  if (same === null) differ('the incident', `INC-${incident.number}`, null)
  else {
    const stored = new Set<string>(alerts.map(({ id }) => id))
    for (const one of replayed.alerts)
      if (one.isNew && one.incident === same.number && !stored.has(one.group))
        differ(
          `the alert "${one.title}" of ${places.get(one.rule) ?? one.rule}`,
          'not in the incident',
          'in the incident',
        )
    const { assessment } = incident
    differ('the number of the incident', incident.number, same.number)
    differ('the severity', assessment === null ? 'LOW' : gradedBy(assessment, null).severity, same.severity)
    differ('the score', assessment?.score ?? 0, same.score)
    differ('the parts of the score', pointsOf(assessment?.contributions ?? []), pointsOf(same.contributions))
    differ('the techniques', incident.techniques, same.techniques)
    differ('the escalations', incident.escalations, same.escalations)
    differ('the playbooks', incident.playbooks, same.playbooks)
  }
  const ended = new Map(replayed.alerts.map(({ event, outcome }) => [event.join('.'), outcome]))
  for (const { seq, index, outcome } of events) {
    const now = ended.get(`${seq}.${index}`)
    const name = now === 'incident' || now === 'kept' ? 'alerted' : (now ?? 'noMatch')
    differ(`how event ${index} of delivery ${seq} ended`, outcome, name)
  }
  return differences
}

function groupsOf({ alerts }: Replayed): ReadonlyMap<string, { count: number; severity: number }> {
  const groups = new Map<string, { count: number; severity: number }>()
  for (const { group, severity } of alerts) {
    if (group === '') continue
    const known = groups.get(group) ?? { count: 0, severity: 0 }
    groups.set(group, { count: known.count + 1, severity: Math.max(known.severity, severity) })
  }
  return groups
}

const pointsOf = (parts: readonly { readonly name: string; readonly points: number }[]) =>
  parts.map(({ name, points }) => `${name} ${points}`)
