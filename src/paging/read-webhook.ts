import { isObject, type Json, type JsonObject } from '../core/model/index.ts'

/** What somebody did in PagerDuty, as far as it is anything to us. */
export interface PagerNews {
  /** PagerDuty's id of the event: redeliveries have the same. */
  readonly id: string
  readonly at: number
  readonly kind: 'acknowledged' | 'resolved' | 'reassigned' | 'annotated' | 'other'
  /** The id of the user; null when no person did it, such as after our own events. */
  readonly user: string | null
  /** PagerDuty's id of the incident. */
  readonly outside: string | null
  /** Our dedup key, where the event has it. */
  readonly key: string | null
  /** To whom it was reassigned. */
  readonly assignee: string | null
  /** What was noted. */
  readonly text: string
}

const kinds: Readonly<Record<string, PagerNews['kind']>> = {
  'incident.acknowledged': 'acknowledged',
  'incident.resolved': 'resolved',
  'incident.reassigned': 'reassigned',
  'incident.annotated': 'annotated',
}

/** The event of a webhook v3 body; null when the body is none. */
export function readWebhook(body: Buffer): PagerNews | null {
  let value: Json
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Json
  } catch {
    return null
  }
  const event = isObject(value) ? value.event : null
  if (!isObject(event)) return null
  const { id, event_type: type, occurred_at: occurred, agent, data } = event
  const at = typeof occurred === 'string' ? Date.parse(occurred) : Number.NaN
  if (typeof id !== 'string' || id === '' || id.length > 200 || typeof type !== 'string' || Number.isNaN(at))
    return null
  const about = isObject(data) ? data : {}
  const incident = isObject(about.incident) ? about.incident : about
  const assignees = Array.isArray(about.assignees) ? (about.assignees as readonly Json[]) : []
  return {
    id,
    at,
    kind: Object.hasOwn(kinds, type) ? (kinds[type] ?? 'other') : 'other',
    user: isObject(agent) && agent.type === 'user_reference' ? textOf(agent, 'id') : null,
    outside: textOf(incident, 'id'),
    key: textOf(about, 'incident_key'),
    assignee: assignees.map((one) => (isObject(one) ? textOf(one, 'id') : null)).find((one) => one !== null) ?? null,
    text: textOf(about, 'content') ?? '',
  }
}

const textOf = (object: JsonObject, key: string): string | null =>
  typeof object[key] === 'string' ? (object[key] as string).slice(0, 10_000) : null
