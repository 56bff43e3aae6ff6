import type { Alert, Incident, JsonObject } from '../model/index.ts'
import { severityName } from '../model/index.ts'
import { underOneName } from './one-name.ts'

const values = (incident: Pick<Incident, 'observables'>, type: string, role?: string): string[] =>
  incident.observables
    .filter((one) => one.type === type && (role === undefined || one.role === role))
    .map((one) => one.value)

/** The facts of an incident that conditions and playbooks read: the one list of names there is. */
export function incidentFacts(incident: Incident): JsonObject {
  const { assessment } = incident
  const named = { observables: underOneName(incident) }
  const enriched = (provider: string) => incident.enrichments.filter((one) => one.provider === provider)
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
    attackerIps: values(incident, 'ip', 'attacker'),
    targetIps: values(incident, 'ip', 'target'),
    users: values(named, 'user'),
    targetUsers: values(named, 'user', 'target'),
    hosts: values(incident, 'host'),
    /** Users that are people: known by a mail address. */
    people: values(named, 'user').filter((one) => one.includes('@')),
    accessKeys: values(incident, 'access-key'),
    /** IAM user keys, which live until somebody ends them; session keys start with ASIA. */
    longLivedKeys: values(incident, 'access-key').filter((one) => one.startsWith('AKIA')),
    resources: values(incident, 'resource'),
    domains: values(incident, 'domain'),
    maliciousCount: incident.enrichments.filter((one) => one.verdict === 'malicious').length,
    benignCount: incident.enrichments.filter((one) => one.verdict === 'benign').length,
    assetCriticality: highest(enriched('inventory').map((one) => String(one.data.criticality ?? ''))),
    countries: [...new Set(enriched('geoip').map((one) => String(one.data.country ?? '')))].sort(),
    corroborated: incident.sources.length > 1,
    /** Several sources and something known to be malicious: high; one of both: medium; neither: low. */
    confidence: confidenceOf(incident),
    escalations: incident.escalations,
    owner: incident.owner,
  }
}

function confidenceOf({ sources, enrichments }: Incident): string {
  const signs = [sources.length > 1, enrichments.some((one) => one.verdict === 'malicious')].filter(Boolean).length
  return ['low', 'medium', 'high'][signs] ?? 'low'
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

/** The flat view of an alert that selections of suppression and grouping rules read. */
export function alertRecord(alert: AlertFacts): JsonObject {
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
