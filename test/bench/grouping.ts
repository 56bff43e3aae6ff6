import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { correlate, createState, putIncident, takeChanges } from '../../src/core/correlate/index.ts'
import {
  type Alert,
  alertId,
  type EventId,
  isObject,
  type Json,
  type JsonObject,
  type Observable,
  own,
  severityId,
  tenantId,
} from '../../src/core/model/index.ts'
import { ownBundle } from '../support/content.ts'

/**
 * How well the repository's grouping rules put labelled alerts together: pairwise precision, recall and F1 on the 88
 * alerts of 4 incidents, as they are and with all incidents shifted onto one start. Labels are read only to score.
 */
const directory = join(process.env.GITSOC_SHARED_DATA ?? '../shared/data', 'incident-grouping')
const tenant = tenantId('main')
const objects = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
const textOf = (object: JsonObject, key: string): string => String(own(object, key) ?? '')
const timeOf = (text: string): number => Date.parse(text.replace(' ', 'T'))

function observableOf(entity: JsonObject): readonly Observable[] {
  const made = (type: Observable['type'], value: string): readonly Observable[] =>
    value === '' ? [] : [{ type, value: value.toLowerCase(), role: 'related' }]
  switch (own(entity, 'Type')) {
    case 'account':
      return made('user', textOf(entity, 'Name'))
    case 'host':
      return made('host', textOf(entity, 'HostName'))
    case 'ip':
      return made('ip', textOf(entity, 'Address'))
    case 'url':
      return made('url', textOf(entity, 'Url'))
    case 'mailbox':
      return made('email', textOf(entity, 'MailboxPrimaryAddress'))
    default:
      return []
  }
}

function alertOf(raw: JsonObject, shiftMs: number): Alert {
  const at = timeOf(textOf(raw, 'StartTime')) + shiftMs
  const named = { informational: 1, low: 2, medium: 3, high: 4 } as const
  const name = textOf(raw, 'AlertSeverity').toLowerCase()
  const severity = name in named ? named[name as keyof typeof named] : severityId('medium')
  const id = textOf(raw, 'SystemAlertId')
  const tactics = textOf(raw, 'Tactics')
    .split(',')
    .map((one) =>
      one
        .trim()
        .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
        .toLowerCase(),
    )
    .filter((one) => one !== '' && one !== 'unknown')
  const observables = new Map(
    objects(own(raw, 'Entities'))
      .flatMap(observableOf)
      .map((one) => [`${one.type}:${one.value}`, one]),
  )
  return {
    id: alertId(tenant, 'sentinel', id),
    tenant,
    kind: 'vendor',
    source: textOf(raw, 'ProviderName'),
    rule: { kind: 'built-in', id: 'bench', title: 'bench' },
    title: textOf(raw, 'AlertName'),
    description: '',
    severity,
    confidence: null,
    occurredAt: at,
    detectedAt: at,
    ingestedAt: at,
    techniques: [],
    tactics,
    observables: [...observables.values()].slice(0, 100),
    // Each alert stands for itself, so that pairs of labels can be compared.
    key: id,
    updateOf: null,
    eventIds: [id as EventId],
    url: null,
    details: {},
  }
}

async function measure(alerts: readonly Alert[], labels: ReadonlyMap<string, number>) {
  const { correlation } = await ownBundle()
  const state = createState()
  const into = new Map<number, number>()
  const found: { label: number; incident: number }[] = []
  let unattached = 0
  for (const alert of alerts.toSorted((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1))) {
    const done = await correlate(state, alert, correlation)
    if (done.outcome !== 'alerted') continue
    for (const one of done.merged) into.set(one.from, one.into)
    const incident = done.incident?.number ?? --unattached
    if (done.incident !== null) putIncident(state, done.incident)
    found.push({ label: labels.get(alert.key) ?? -1, incident })
    takeChanges(state)
  }
  const standing = (number: number): number => {
    const next = into.get(number)
    return next === undefined ? number : standing(next)
  }
  let both = 0
  let labelled = 0
  let grouped = 0
  for (const [index, a] of found.entries())
    for (const b of found.slice(index + 1)) {
      const same = a.label === b.label
      const together = standing(a.incident) === standing(b.incident)
      if (same) labelled++
      if (together) grouped++
      if (same && together) both++
    }
  const precision = grouped === 0 ? 0 : both / grouped
  const recall = labelled === 0 ? 0 : both / labelled
  const f1 = both === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  const incidents = new Set(found.map((one) => standing(one.incident)).filter((one) => one > 0)).size
  return { alerts: found.length, incidents, unattached: -unattached, precision, recall, f1 }
}

let rows: readonly JsonObject[]
let incidents: readonly JsonObject[]
try {
  rows = readFileSync(join(directory, 'alerts.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject)
  incidents = objects(JSON.parse(readFileSync(join(directory, 'incidents.json'), 'utf8')) as Json)
} catch {
  console.log(`skipped: no labelled alerts in ${directory} (set GITSOC_SHARED_DATA)`)
  process.exit(0)
}
const labels = new Map<string, number>()
for (const [index, incident] of incidents.entries()) {
  const ids = own(incident, 'AlertIds')
  if (Array.isArray(ids)) for (const id of ids as readonly Json[]) labels.set(String(id), index)
}
const known = rows.filter((row) => labels.has(textOf(row, 'SystemAlertId')))
const starts = new Map<number, number>()
for (const row of known) {
  const label = labels.get(textOf(row, 'SystemAlertId')) ?? -1
  starts.set(label, Math.min(starts.get(label) ?? Number.POSITIVE_INFINITY, timeOf(textOf(row, 'StartTime'))))
}
const base = Math.min(...starts.values())
const shiftOf = (row: JsonObject): number => base - (starts.get(labels.get(textOf(row, 'SystemAlertId')) ?? -1) ?? base)
const report = { alone: known.map((row) => alertOf(row, 0)), shifted: known.map((row) => alertOf(row, shiftOf(row))) }
for (const [name, alerts] of Object.entries(report)) {
  const { precision, recall, f1, ...counts } = await measure(alerts, labels)
  console.log(
    `${name}: F1 ${f1.toFixed(3)}, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, ${counts.alerts} alerts in ${counts.incidents} incidents (4 labelled), ${counts.unattached} without one`,
  )
}
