import type { Alert, Enrichment, Incident, JsonObject, Observable } from '../model/index.ts'
import { severityName } from '../model/index.ts'
import { underOneName } from './one-name.ts'

const none: readonly string[] = []

/** The values of some observables; most incidents have none of most kinds, and share one empty list. */
function values(observables: readonly Observable[], type: string, role?: string): readonly string[] {
  let found: string[] | undefined
  for (const one of observables) {
    if (one.type !== type || (role !== undefined && one.role !== role)) continue
    if (found === undefined) found = [one.value]
    else found.push(one.value)
  }
  return found ?? none
}

/** The facts of an incident that conditions and playbooks read: the one list of names there is. */
export function incidentFacts(incident: Incident): JsonObject {
  const { assessment, observables } = incident
  const named = underOneName(incident)
  const users = values(named, 'user')
  const keys = values(observables, 'access-key')
  const known = knownOf(incident.enrichments)
  return {
    number: incident.number,
    title: incident.title,
    status: incident.status,
    severity: assessment?.severity ?? null,
    score: assessment?.score ?? null,
    alertSeverity: severityName(incident.maxSeverity),
    alertSeverityId: incident.maxSeverity,
    alertCount: incident.alertCount,
    signalCount: incident.signalCount,
    sources: incident.sources,
    sourceCount: incident.sources.length,
    techniques: incident.techniques,
    tactics: incident.tactics,
    tacticCount: incident.tactics.length,
    durationMinutes: Math.round((incident.lastAt - incident.firstAt) / 60_000),
    attackerIps: values(observables, 'ip', 'attacker'),
    targetIps: values(observables, 'ip', 'target'),
    users,
    targetUsers: values(named, 'user', 'target'),
    hosts: values(observables, 'host'),
    /** Users that are people: known by a mail address. */
    people: users.length === 0 ? none : users.filter((one) => one.includes('@')),
    accessKeys: keys,
    /** IAM user keys, which live until somebody ends them; session keys start with ASIA. */
    longLivedKeys: keys.length === 0 ? none : keys.filter((one) => one.startsWith('AKIA')),
    resources: values(observables, 'resource'),
    domains: values(observables, 'domain'),
    maliciousCount: known.malicious,
    benignCount: known.benign,
    assetCriticality: known.criticality,
    countries: known.countries,
    corroborated: incident.sources.length > 1,
    /** Several sources and something known to be malicious: high; one of both: medium; neither: low. */
    confidence:
      ['low', 'medium', 'high'][(incident.sources.length > 1 ? 1 : 0) + (known.malicious > 0 ? 1 : 0)] ?? 'low',
    escalations: incident.escalations,
    owner: incident.owner,
  }
}

/** What enrichments come to; asked for several times for each alert, and they change with few. */
interface KnownFacts {
  readonly malicious: number
  readonly benign: number
  readonly criticality: string | null
  readonly countries: readonly string[]
}

const summaries = new WeakMap<readonly Enrichment[], KnownFacts>()

function knownOf(enrichments: readonly Enrichment[]): KnownFacts {
  const before = summaries.get(enrichments)
  if (before !== undefined) return before
  const of = (provider: string) => enrichments.filter((one) => one.provider === provider)
  const summary = {
    malicious: enrichments.filter((one) => one.verdict === 'malicious').length,
    benign: enrichments.filter((one) => one.verdict === 'benign').length,
    criticality: highest(of('inventory').map((one) => String(one.data.criticality ?? ''))),
    countries: [...new Set(of('geoip').map((one) => String(one.data.country ?? '')))].sort(),
  }
  summaries.set(enrichments, summary)
  return summary
}

const grades = ['critical', 'high', 'medium', 'low']
const highest = (seen: readonly string[]) => grades.find((grade) => seen.includes(grade)) ?? null

const example: Incident = {
  tenant: 'main' as Incident['tenant'],
  number: 0,
  title: '',
  status: 'new',
  times: { occurredAt: 0, detectedAt: 0, ingestedAt: 0, acknowledgedAt: null, containedAt: null, resolvedAt: null },
  firstAt: 0,
  lastAt: 0,
  alertCount: 0,
  signalCount: 0,
  maxSeverity: 0,
  sources: [],
  techniques: [],
  tactics: [],
  observables: [],
  decisions: [],
  escalations: [],
  playbooks: [],
  mergedInto: null,
  owner: null,
  milestone: null,
  verdict: null,
  assessment: null,
  enrichments: [],
}

/** The names of {@link incidentFacts}. */
export const incidentFactNames: ReadonlySet<string> = new Set(Object.keys(incidentFacts(example)))

type Described = Omit<Alert, 'rule'> & { readonly rule: { readonly id: string } }
type AlertFacts = Pick<
  Described,
  | 'source'
  | 'kind'
  | 'rule'
  | 'title'
  | 'description'
  | 'severity'
  | 'techniques'
  | 'tactics'
  | 'observables'
  | 'details'
>

/** Of the alert that was asked about last; a weak map of all would carry each into the old generation. */
let last: { readonly alert: AlertFacts; readonly record: JsonObject } | null = null

/** The flat view of an alert that selections of suppression and grouping rules read. */
export function alertRecord(alert: AlertFacts): JsonObject {
  if (last?.alert !== alert) last = { alert, record: recordOf(alert) }
  return last.record
}

function recordOf(alert: AlertFacts): JsonObject {
  const byRole: Record<string, string[]> = {}
  for (const one of alert.observables) {
    for (const key of [one.type, `${one.role}.${one.type}`]) byRole[key] = [...(byRole[key] ?? []), one.value]
  }
  return {
    ...byRole,
    source: alert.source,
    kind: alert.kind,
    rule: alert.rule.id,
    title: alert.title,
    description: alert.description,
    severity: severityName(alert.severity),
    severityId: alert.severity,
    techniques: alert.techniques,
    tactics: alert.tactics,
    details: alert.details,
  }
}
