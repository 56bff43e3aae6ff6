import {
  type AlertGroup,
  type AlertId,
  type Decision,
  type Incident,
  type IncidentNumber,
  observableKey,
  type SeverityId,
} from '../model/index.ts'
import { entityKeys, entityOf, removeFromIndex } from './entity-index.ts'
import { type Escalated, escalate } from './escalate.ts'
import { absorb, mergeObservables, union } from './merge.ts'
import { type Recall, wholeIncident } from './recall.ts'
import type { CorrelationRules } from './rules.ts'
import { type CorrelationState, isOpen, isRemembered, putAlert, putIncident, withDecisions } from './state.ts'
import { titleOf } from './title.ts'

/** What a person decided about which alerts are one incident. `alerts` are the ones that leave `incident`. */
export type ByHand =
  | { readonly kind: 'merge'; readonly incident: IncidentNumber; readonly other: IncidentNumber }
  | { readonly kind: 'split'; readonly incident: IncidentNumber; readonly alerts: readonly AlertId[] }

/** Who decided, and why. */
export interface Because {
  readonly actor: string
  readonly reason: string
}

/** What it came to: the incidents that are otherwise now, the one that goes on first. A refused one changed nothing. */
export type DoneByHand =
  | {
      readonly ok: true
      readonly incidents: readonly Incident[]
      readonly decision: Decision
      readonly escalations: readonly { readonly incident: IncidentNumber; readonly escalated: Escalated }[]
    }
  | { readonly ok: false; readonly why: string }

interface Parts {
  readonly state: CorrelationState
  readonly rules: CorrelationRules
  readonly recall: Recall
  /** All alerts of an incident, in any order. */
  readonly alertsOf: (incident: IncidentNumber) => Promise<readonly AlertGroup[]>
}

/**
 * Applies a person's decision at this place in the order of the tenant. It depends on nothing but the state and the decision, so that a
 * replay that applies it at the same place comes to the same incidents. Incidents that are over, or whose last event is
 * out of reach of all grouping, stay as they are.
 */
export async function applyByHand(parts: Parts, wish: ByHand, because: Because): Promise<DoneByHand> {
  return wish.kind === 'merge'
    ? merge(parts, Math.min(wish.incident, wish.other), Math.max(wish.incident, wish.other), because)
    : split(parts, wish.incident, wish.alerts, because)
}

const refused = (why: string): DoneByHand => ({ ok: false, why })

function decisionOf(
  answer: 'merged' | 'split',
  because: Because,
  sentence: string,
  alerts: readonly string[],
): Decision {
  return {
    answer,
    rule: { kind: 'built-in', id: 'by-hand', title: 'A person decided it' },
    facts: [
      { name: 'by', value: because.actor },
      { name: 'reason', value: because.reason },
      ...(alerts.length === 0 ? [] : [{ name: 'alerts', value: alerts }]),
    ],
    sentence: `${sentence} by ${because.actor}${because.reason === '' ? '' : `: ${because.reason}`}`,
  }
}

/** Why an incident cannot be worked on by hand, or null. */
function fault(state: CorrelationState, number: IncidentNumber): string | null {
  const brief = state.briefs.get(number)
  if (brief === undefined || !isRemembered(state, brief.lastAt))
    return `incident ${number} is not there, or its last event is more than three days older than the newest one: it groups with nothing any more`
  if (brief.mergedInto !== null) return `incident ${number} was merged into ${brief.mergedInto}`
  return isOpen(brief) ? null : `incident ${number} is ${brief.status}: acknowledge it first, which opens it again`
}

async function merge(
  { state, rules, recall }: Parts,
  into: IncidentNumber,
  from: IncidentNumber,
  because: Because,
): Promise<DoneByHand> {
  if (into === from) return refused('an incident cannot be merged into itself')
  const why = fault(state, into) ?? fault(state, from)
  if (why !== null) return refused(why)
  const decision = decisionOf('merged', because, `incident ${from} was merged into ${into}`, [])
  const taken = await absorb(
    state,
    await wholeIncident(state, into, recall),
    await wholeIncident(state, from, recall),
    recall,
  )
  const apartFrom = (taken.apartFrom ?? []).filter((one) => one !== into && one !== from)
  const merged = withDecisions(state, { ...taken, ...(taken.apartFrom === undefined ? {} : { apartFrom }) }, [decision])
  const { incident, escalated } = await escalate(state, { ...merged, title: titleOf(merged, merged.title) }, rules)
  putIncident(state, incident)
  return { ok: true, incidents: [incident], decision, escalations: [{ incident: into, escalated }] }
}

async function split(
  { state, rules, recall, alertsOf }: Parts,
  number: IncidentNumber,
  ids: readonly AlertId[],
  because: Because,
): Promise<DoneByHand> {
  const why = fault(state, number)
  if (why !== null) return refused(why)
  const all = (await alertsOf(number)).toSorted((a, b) => a.firstAt - b.firstAt || (a.id < b.id ? -1 : 1))
  const leaving = all.filter((one) => ids.includes(one.id))
  const staying = all.filter((one) => !ids.includes(one.id))
  const unknown = ids.find((id) => !all.some((one) => one.id === id))
  if (unknown !== undefined) return refused(`incident ${number} has no alert ${unknown}`)
  if (leaving.length === 0) return refused('no alert is named')
  if (staying.length === 0) return refused(`these are all alerts of incident ${number}: there is nothing to split`)
  const old = await wholeIncident(state, number, recall)
  const fresh = state.nextNumber++
  const names = leaving.map((one) => one.id)
  const decision = decisionOf(
    'split',
    because,
    `${leaving.length} of ${all.length} alerts of incident ${number} became incident ${fresh}`,
    names,
  )
  const kept = withDecisions(state, { ...rebuilt(old, staying, rules), apartFrom: withNumber(old.apartFrom, fresh) }, [
    decision,
  ])
  const begun: Incident = {
    ...rebuilt({ ...old, escalations: [] }, leaving, rules),
    number: fresh,
    status: 'new',
    times: { ...rebuilt(old, leaving, rules).times, acknowledgedAt: null, containedAt: null, resolvedAt: null },
    decisions: [decision],
    playbooks: [],
    owner: null,
    milestone: null,
    verdict: null,
    assessment: null,
    apartFrom: withNumber(old.apartFrom, number),
  }
  const [first, second] = [await escalate(state, kept, rules), await escalate(state, begun, rules)]
  forget(state, first.incident)
  putIncident(state, first.incident)
  putIncident(state, second.incident)
  for (const one of leaving) putAlert(state, { ...one, incident: fresh })
  return {
    ok: true,
    incidents: [first.incident, second.incident],
    decision,
    escalations: [
      { incident: number, escalated: first.escalated },
      { incident: fresh, escalated: second.escalated },
    ],
  }
}

const withNumber = (known: readonly IncidentNumber[] | undefined, more: IncidentNumber) =>
  [...new Set([...(known ?? []), more])].sort((a, b) => a - b)

/** Takes an incident away from values that it has no longer. */
function forget(state: CorrelationState, incident: Incident): void {
  const has = new Set(entityKeys(incident.observables).map(entityOf))
  const gone = (state.briefs.get(incident.number)?.entities ?? []).filter((one) => !has.has(one))
  removeFromIndex(state.index, incident.number, gone)
}

/**
 * An incident of exactly these alerts, which are in order. When each was detected is not kept of single alerts: the times are those of the whole
 * incident, or of the first event where that is later. What escalation rules raised stays raised.
 */
function rebuilt(old: Incident, alerts: readonly AlertGroup[], rules: CorrelationRules): Incident {
  const observables = alerts.reduce<Incident['observables']>((all, one) => mergeObservables(all, one.observables), [])
  const keys = new Set(observables.map(observableKey))
  const merged = (pick: (one: AlertGroup) => readonly string[]) =>
    alerts.reduce<readonly string[]>((all, one) => union(all, pick(one)), [])
  const firstAt = Math.min(...alerts.map((one) => one.firstAt))
  const raised = rules.escalation.filter((one) => old.escalations.includes(one.ref.id)).map((one) => one.severity ?? 0)
  const parts = {
    alertCount: alerts.length,
    sources: merged((one) => [one.source]),
    tactics: merged((one) => one.tactics),
    observables,
  }
  return {
    ...old,
    ...parts,
    title: titleOf(
      { ...old, ...parts, enrichments: old.enrichments.filter((one) => keys.has(one.observable)) },
      alerts[0]?.title ?? old.title,
    ),
    times: {
      ...old.times,
      occurredAt: firstAt,
      detectedAt: Math.max(old.times.detectedAt, firstAt),
      ingestedAt: Math.max(old.times.ingestedAt, firstAt),
    },
    firstAt,
    lastAt: Math.max(...alerts.map((one) => one.lastAt)),
    signalCount: alerts.reduce((sum, one) => sum + one.count, 0),
    maxSeverity: Math.max(...alerts.map((one) => one.severity), ...raised) as SeverityId,
    techniques: merged((one) => one.techniques),
    enrichments: old.enrichments.filter((one) => keys.has(one.observable)),
  }
}
