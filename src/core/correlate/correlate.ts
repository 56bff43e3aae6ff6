import {
  type Alert,
  type AlertGroup,
  type Decision,
  formatPlace,
  type Incident,
  type IncidentNumber,
  type RuleRef,
  type SeverityId,
} from '../model/index.ts'
import { together } from './apart.ts'
import { type AlertBrief, keptKey } from './brief.ts'
import { alertRecord } from './facts.ts'
import { explainNear, nearIncidents } from './group.ts'
import { absorb, extend, mergeObservables, union } from './merge.ts'
import { nothingToRecall, type Recall, wholeAlert, wholeIncident } from './recall.ts'
import type { CorrelationRules } from './rules.ts'
import { type Correlated, settle } from './settle.ts'
import { type CorrelationState, isOpen, isRemembered, putAlert, resolve, withDecisions } from './state.ts'

/** Like alerts within this much event time of each other are one alert with a count. */
export const aggregationMs = 4 * 3_600_000
/** Severity from which an alert opens an incident of its own; lower ones join incidents, or are kept and counted. */
const opensFrom: SeverityId = 3
const maxObservables = 200

/** An incident that an alert belongs to, and why. */
interface Candidate {
  readonly incident: Incident
  readonly decision: Decision
}

const builtIn = (id: string, title: string): RuleRef => ({ kind: 'built-in', id, title })

/**
 * Correlates one alert of a tenant, in inbox order: duplicate, suppressed, counted with a like alert, or put into an
 * incident (which may join incidents that turn out to be one). Changes `state`; the answer depends on nothing else, since
 * `recall` only brings back what was in it. Rejects as `recall` does.
 */
export async function correlate(
  state: CorrelationState,
  alert: Alert,
  rules: CorrelationRules,
  recall: Recall = nothingToRecall,
): Promise<Correlated> {
  if (alert.occurredAt > state.watermark) state.watermark = alert.occurredAt
  const suppressed = suppress(alert, rules)
  if (suppressed !== null) return { outcome: 'suppressed', decision: suppressed }
  const like = state.alerts.get(keptKey(alert.key))
  if (like !== undefined && isLike(state, alert, like)) {
    if (like.id === alert.id)
      return {
        outcome: 'duplicate',
        decision: {
          answer: 'duplicate',
          rule: builtIn('dedupe', 'Same alert again'),
          facts: [{ name: 'alert', value: alert.id }],
          sentence: `"${alert.title}" was counted before`,
        },
      }
    return aggregate(state, alert, await wholeAlert(state, like.id, recall), rules, recall)
  }
  const candidates = await candidatesOf(state, alert, rules, recall)
  if (candidates.length > 0) return join(state, alert, groupOf(alert, 0), candidates, rules, recall, 'extended')
  if (alert.severity < opensFrom) return keep(state, groupOf(alert, 0), true)
  return open(state, alert, groupOf(alert, 0), rules, 'opened')
}

async function candidatesOf(
  state: CorrelationState,
  alert: Alert,
  rules: CorrelationRules,
  recall: Recall,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  for (const near of nearIncidents(state, alert, rules.grouping))
    candidates.push({
      incident: await wholeIncident(state, near.brief.number, recall),
      decision: explainNear(near, alert),
    })
  return candidates
}

/** Whether the alert is one more of the stored one. */
function isLike(state: CorrelationState, alert: Alert, like: AlertBrief): boolean {
  if (!isRemembered(state, like.lastAt) || Math.abs(alert.occurredAt - like.lastAt) > aggregationMs) return false
  const incident = state.briefs.get(resolve(state, like.incident))
  return like.incident === 0 || (incident !== undefined && isOpen(incident))
}

function keep(state: CorrelationState, group: AlertGroup, isNew: boolean): Correlated {
  putAlert(state, group)
  const decision: Decision = {
    answer: 'kept',
    rule: builtIn('keep', 'Too low to open an incident'),
    facts: [{ name: 'severity', value: group.severity }],
    sentence: `"${group.title}" is kept without an incident: its severity is below medium and no open incident shares an entity with it`,
  }
  return {
    outcome: 'alerted',
    alert: group,
    isNew,
    incident: null,
    change: isNew ? 'kept' : 'aggregated',
    merged: [],
    decisions: [decision],
    escalations: [],
  }
}

function suppress(alert: Alert, rules: CorrelationRules): Decision | null {
  const record = rules.suppression.length > 0 ? alertRecord(alert) : {}
  for (const rule of rules.suppression) {
    if (alert.ingestedAt >= rule.expiresAt || !rule.match.test(record)) continue
    const labels = rule.match.holding(record)
    const place = rule.ref.place === undefined ? '' : `, ${formatPlace(rule.ref.place)}`
    return {
      answer: 'suppressed',
      rule: rule.ref,
      facts: labels.map((name) => ({ name, value: alert.title })),
      sentence: `"${alert.title}" was suppressed by "${rule.ref.title}" of ${rule.owner}: ${rule.reason} (${rule.ref.id}${place})`,
    }
  }
  return null
}

async function aggregate(
  state: CorrelationState,
  alert: Alert,
  like: AlertGroup,
  rules: CorrelationRules,
  recall: Recall,
): Promise<Correlated> {
  const number = resolve(state, like.incident)
  const group: AlertGroup = {
    ...like,
    incident: number,
    title: alert.updateOf === null ? like.title : alert.title,
    severity: Math.max(like.severity, alert.severity) as SeverityId,
    firstAt: Math.min(like.firstAt, alert.occurredAt),
    lastAt: Math.max(like.lastAt, alert.occurredAt),
    count: like.count + 1,
    techniques: union(like.techniques, alert.techniques),
    tactics: union(like.tactics, alert.tactics),
    observables: mergeObservables(like.observables, alert.observables),
  }
  if (!state.briefs.has(number)) {
    const candidates = await candidatesOf(state, alert, rules, recall)
    if (candidates.length > 0) return join(state, alert, group, candidates, rules, recall, 'extended')
    return group.severity < opensFrom ? keep(state, group, false) : open(state, alert, group, rules, 'opened')
  }
  const incident = await wholeIncident(state, number, recall)
  const others =
    group.observables === like.observables
      ? []
      : (await candidatesOf(state, alert, rules, recall)).filter((one) => one.incident.number !== number)
  const self: Candidate = {
    incident,
    decision: {
      answer: 'aggregated',
      rule: builtIn('aggregate', 'One more of the same'),
      facts: [{ name: 'count', value: group.count }],
      sentence: `one more "${alert.title}" (${group.count})`,
    },
  }
  return join(state, alert, group, [self, ...others], rules, recall, 'aggregated')
}

async function open(
  state: CorrelationState,
  alert: Alert,
  like: AlertGroup,
  rules: CorrelationRules,
  change: 'opened',
): Promise<Correlated> {
  const number = state.nextNumber++
  const decision: Decision = {
    answer: 'opened',
    rule: builtIn('open', 'No open incident shares an entity with the alert'),
    facts: [{ name: 'alert', value: alert.title }],
    sentence: `"${alert.title}" opened incident ${number}: no open incident shares an entity with it in the windows of the grouping rules`,
  }
  const incident: Incident = {
    tenant: alert.tenant,
    number,
    title: alert.title,
    status: 'new',
    times: {
      occurredAt: like.firstAt,
      detectedAt: alert.detectedAt,
      ingestedAt: alert.ingestedAt,
      acknowledgedAt: null,
      containedAt: null,
      resolvedAt: null,
    },
    firstAt: like.firstAt,
    lastAt: like.lastAt,
    alertCount: 1,
    signalCount: like.count,
    maxSeverity: like.severity,
    sources: [alert.source],
    techniques: like.techniques,
    tactics: like.tactics,
    observables: like.observables.slice(0, maxObservables),
    decisions: [decision],
    escalations: [],
    playbooks: [],
    mergedInto: null,
    owner: null,
    milestone: null,
    verdict: null,
    assessment: null,
    enrichments: [],
  }
  const group = { ...like, incident: number }
  putAlert(state, group)
  return settle(state, incident, group, alert, rules, {
    isNew: like.count === 1,
    change,
    merged: [],
    decisions: [decision],
  })
}

async function join(
  state: CorrelationState,
  alert: Alert,
  like: AlertGroup,
  candidates: readonly Candidate[],
  rules: CorrelationRules,
  recall: Recall,
  change: 'extended' | 'aggregated',
): Promise<Correlated> {
  const own = candidates.find((one) => one.decision.answer === 'aggregated')?.incident.number ?? null
  const joined = together(
    state,
    alert,
    candidates.map((one) => one.incident.number),
    own,
  )
  const ordered = candidates
    .filter((one) => joined.includes(one.incident.number))
    .toSorted((a, b) => a.incident.number - b.incident.number)
  const [first, ...others] = ordered as [Candidate, ...Candidate[]]
  const number = first.incident.number
  let incident = first.incident
  const decisions: Decision[] = first.decision.answer === 'aggregated' ? [] : [first.decision]
  for (const other of others) {
    decisions.push({
      ...other.decision,
      answer: 'merged',
      sentence: `incident ${other.incident.number} was merged into ${number}: ${other.decision.sentence}`,
    })
    incident = await absorb(state, incident, other.incident, recall)
  }
  const isNew = like.incident === 0
  incident = extend(withDecisions(state, incident, decisions), alert, isNew)
  const group = { ...like, incident: number }
  putAlert(state, group)
  const merged = others.map((other) => ({ from: other.incident.number, into: number }))
  return settle(state, incident, group, alert, rules, { isNew: like.count === 1, change, merged, decisions })
}

function groupOf(alert: Alert, incident: IncidentNumber): AlertGroup {
  const { id, source, kind, rule, title, severity, key, techniques, tactics, observables } = alert
  return {
    id,
    incident,
    source,
    kind,
    ruleId: rule.id,
    title,
    severity,
    key,
    firstAt: alert.occurredAt,
    lastAt: alert.occurredAt,
    count: 1,
    techniques,
    tactics,
    observables,
    ...(alert.finding === undefined ? {} : { finding: alert.finding }),
  }
}
