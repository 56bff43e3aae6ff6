import {
  type Alert,
  type Event,
  type Json,
  type JsonObject,
  type Observable,
  type SeverityId,
  severityName,
} from '../model/index.ts'

const version = '1.8.0'

/** `observable.type_id` and its caption. OCSF has no id for a domain of its own: names of hosts are Hostname. */
const observableTypes: Readonly<Record<Observable['type'], readonly [id: number, caption: string]>> = {
  host: [1, 'Hostname'],
  domain: [1, 'Hostname'],
  ip: [2, 'IP Address'],
  user: [4, 'User Name'],
  email: [5, 'Email Address'],
  url: [6, 'URL String'],
  file: [7, 'File Name'],
  hash: [8, 'Hash'],
  process: [9, 'Process Name'],
  resource: [10, 'Resource UID'],
  'access-key': [19, 'User Credential ID'],
}
const filePath = [45, 'File Path'] as const

/** What an OCSF finding says happened to it, `activity_id` of the class Finding. */
const activities = { create: [1, 'Create'], update: [2, 'Update'], close: [3, 'Close'] } as const
export type FindingActivity = keyof typeof activities

/**
 * An alert as an OCSF 1.8.0 Detection Finding (class 2004 of category 2). Values with the parts they played stand in
 * `evidences[].data`, and every observable points there.
 *
 * Ids and captions are those of the tag 1.8.0 of https://github.com/ocsf/ocsf-schema: `dictionary.json` (severity_id,
 * observable types), `events/findings/finding.json` (activity_id, status_id), `objects/analytic.json`.
 */
export function toOcsf(alert: Alert, activity: FindingActivity = 'create'): JsonObject {
  const [activityId, activityName] = activities[activity]
  const { grouped, observables } = observablesOf(alert.observables, (role) => `evidences[${role}].data`)
  return {
    activity_id: activityId,
    activity_name: activityName,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2004,
    class_name: 'Detection Finding',
    type_uid: 200_400 + activityId,
    ...severityOf(alert.severity),
    time: alert.occurredAt,
    message: alert.title,
    is_alert: activity !== 'close',
    metadata: {
      version,
      uid: alert.id,
      product: { name: 'gitsoc', vendor_name: 'gitsoc' },
      log_provider: alert.source,
      tenant_uid: alert.tenant,
      logged_time: alert.ingestedAt,
    },
    finding_info: {
      uid: alert.updateOf ?? alert.id,
      title: alert.title,
      desc: alert.description,
      product: { name: alert.source },
      created_time: alert.detectedAt,
      first_seen_time: alert.occurredAt,
      ...(alert.kind === 'detection'
        ? { analytic: { uid: alert.rule.id, name: alert.rule.title, type_id: 1, type: 'Rule' } }
        : {}),
      attacks: [
        ...alert.techniques.map(attackOf),
        ...alert.tactics.map((name) => ({ tactic: { name: titled(name) } })),
      ],
      ...(alert.url === null ? {} : { src_url: alert.url }),
    },
    observables,
    evidences: grouped.map(([name, data]) => ({ name, data })),
    ...(alert.confidence === null ? {} : { confidence_score: Math.round(alert.confidence) }),
  }
}

/**
 * Telemetry as an OCSF 1.8.0 Base Event (class 0): what a record is about stands in its own words in `unmapped`, with
 * the values worth looking up by the part they played. Severity is Informational: telemetry judges nothing.
 */
export function eventToOcsf(event: Event): JsonObject {
  const { grouped, observables } = observablesOf(event.observables, (_index, role) => `unmapped.${role}`)
  return {
    activity_id: 0,
    activity_name: 'Unknown',
    category_uid: 0,
    category_name: 'Uncategorized',
    class_uid: 0,
    class_name: 'Base Event',
    type_uid: 0,
    ...severityOf(1),
    time: event.occurredAt,
    metadata: {
      version,
      uid: event.id,
      product: { name: 'gitsoc', vendor_name: 'gitsoc' },
      log_provider: event.source,
      log_name: event.inbound,
      tenant_uid: event.tenant,
      logged_time: event.receivedAt,
    },
    observables,
    unmapped: { ...Object.fromEntries(grouped), logsource: { ...event.logsource } },
  }
}

const titled = (name: string) =>
  name
    .split('-')
    .map((word) => (word === 'and' ? word : `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`))
    .join(' ')

const severityOf = (id: SeverityId) => ({ severity_id: id, severity: titled(severityName(id)) })

function attackOf(technique: string): JsonObject {
  const [main = technique] = technique.split('.')
  return { technique: { uid: main }, ...(main === technique ? {} : { sub_technique: { uid: technique } }) }
}

/** Observables by role and type, and the list of them in which each `name` points to its value. */
function observablesOf(found: readonly Observable[], pathOf: (index: number, role: string) => string) {
  const byRole = Map.groupBy(found, (one) => one.role)
  const grouped: [role: string, data: JsonObject][] = []
  const observables: Json[] = []
  for (const [role, list] of byRole) {
    const path = pathOf(grouped.length, role)
    const data = new Map<string, string[]>()
    for (const { type, value } of list) {
      const values = data.get(type) ?? []
      data.set(type, values)
      const [type_id, caption] = type === 'file' && /[\\/]/.test(value) ? filePath : observableTypes[type]
      observables.push({ name: `${path}.${type}[${values.length}]`, type_id, type: caption, value })
      values.push(value)
    }
    grouped.push([role, Object.fromEntries(data)])
  }
  return { grouped, observables }
}
