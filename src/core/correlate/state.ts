import type { AlertGroup, AlertId, Decision, Incident, IncidentNumber, Json, JsonObject } from '../model/index.ts'
import { isObject } from '../model/index.ts'
import { type AlertBrief, briefOfAlert, briefOfIncident, type IncidentBrief } from './brief.ts'
import { addToIndex, type EntityIndex, reduceIndex, removeFromIndex } from './entity-index.ts'

/**
 * What correlation remembers of one tenant: plain data, bounded by windows of event time. Of everything within reach it
 * keeps the little that grouping asks for; whole incidents and alerts are there while they are worked on, and are
 * recalled from the store when they are needed again.
 */
export interface CorrelationState {
  nextNumber: IncidentNumber
  /** Greatest event time seen. */
  watermark: number
  /** Watermark at the last sweep. */
  sweptAt: number
  /** All incidents within reach, merged ones as signposts. */
  readonly briefs: Map<IncidentNumber, IncidentBrief>
  /** The newest alert of each aggregation key (as {@link keptKey} shortens it). */
  readonly alerts: Map<string, AlertBrief>
  readonly index: EntityIndex
  /** Whole incidents that are in memory, the one that was used last at the end. */
  readonly incidents: Map<IncidentNumber, Incident>
  /** Whole alerts that are in memory, the one that was used last at the end. */
  readonly groups: Map<AlertId, AlertGroup>
  /** Of the incidents in memory: how many of their first decisions are in the store only. */
  readonly omittedDecisions: Map<IncidentNumber, number>
  /** Those among them that have decisions in memory, which {@link letGo} is to let go of. */
  readonly telling: Set<IncidentNumber>
  /** How much the incidents in memory are together, in about bytes. */
  weight: number
  /** Of the incidents in memory: how many of their decisions are stored. */
  readonly storedDecisions: Map<IncidentNumber, number>
  readonly dirtyAlerts: Set<AlertId>
  readonly dirtyIncidents: Set<IncidentNumber>
}

/** The longest window a grouping rule may have. */
export const maxWindowMs = 3 * 86_400_000
/** Event time after which nothing is grouped with anything any more. */
export const horizonMs = maxWindowMs + 4 * 3_600_000
const sweepEveryMs = 3_600_000

export function createState(): CorrelationState {
  return {
    nextNumber: 1,
    watermark: 0,
    sweptAt: 0,
    briefs: new Map(),
    alerts: new Map(),
    index: new Map(),
    incidents: new Map(),
    groups: new Map(),
    telling: new Set(),
    weight: 0,
    omittedDecisions: new Map(),
    storedDecisions: new Map(),
    dirtyAlerts: new Set(),
    dirtyIncidents: new Set(),
  }
}

/** An empty state with the numbers of a stored one; {@link rememberIncident} and {@link rememberAlert} fill it. */
export function stateOf(meta: Json): CorrelationState {
  const state = createState()
  if (isObject(meta)) {
    state.nextNumber = Number(meta.nextNumber ?? 1)
    state.watermark = Number(meta.watermark ?? 0)
  }
  return state
}

/** The state from what was stored: alerts and incidents not older than {@link horizonMs} before the watermark. */
export function restoreState(
  meta: Json,
  alerts: readonly AlertGroup[],
  incidents: readonly Incident[],
): CorrelationState {
  const state = stateOf(meta)
  for (const incident of [...incidents].sort((a, b) => a.number - b.number)) {
    rememberIncident(state, briefOfIncident(incident, undefined))
    holdIncident(state, incident)
  }
  for (const alert of alerts) {
    rememberAlert(state, briefOfAlert(alert))
    state.groups.set(alert.id, alert)
  }
  return state
}

/** Takes in what is stored of an incident; in ascending order of numbers. */
export function rememberIncident(state: CorrelationState, brief: IncidentBrief): void {
  state.briefs.set(brief.number, brief)
  if (brief.status !== 'merged') addToIndex(state.index, brief.number, brief.entities)
}

/** Takes in what is stored of an alert. Of two with one key the one with the later event time stands for the key, whatever their order of arrival. */
export function rememberAlert(state: CorrelationState, alert: AlertBrief): void {
  const known = state.alerts.get(alert.key)
  if (
    known === undefined ||
    known.id === alert.id ||
    known.lastAt < alert.lastAt ||
    (known.lastAt === alert.lastAt && known.id < alert.id)
  )
    state.alerts.set(alert.key, alert)
}

/** Has a stored incident in memory, but for the first `omitted` of its decisions. */
export function holdIncident(state: CorrelationState, incident: Incident, omitted = 0): void {
  const { number } = incident
  setIncident(state, incident)
  state.omittedDecisions.set(number, omitted)
  state.storedDecisions.set(number, omitted + incident.decisions.length)
}

/** The incident at the place that it has in the order of use, or as the one that was used last. */
export function setIncident(state: CorrelationState, incident: Incident): void {
  const { number } = incident
  const known = state.incidents.get(number)
  state.weight += weightOf(incident) - (known === undefined ? 0 : weightOf(known))
  state.incidents.set(number, incident)
  if (incident.decisions.length > 0) state.telling.add(number)
  else state.telling.delete(number)
}

function weightOf({ observables, enrichments, assessment }: Incident): number {
  return 2000 + observables.length * 150 + enrichments.length * 400 + (assessment?.contributions.length ?? 0) * 800
}

/** Has it no longer. */
export function dropIncident(state: CorrelationState, number: IncidentNumber): void {
  const known = state.incidents.get(number)
  if (known !== undefined) state.weight -= weightOf(known)
  state.incidents.delete(number)
  state.telling.delete(number)
  state.omittedDecisions.delete(number)
  state.storedDecisions.delete(number)
}

/** Why alerts were put together is told for so many steps of an incident. */
const maxDecisions = 60

/** The decisions of an incident in memory with more behind them, as far as there is room. */
export function withDecisions(state: CorrelationState, incident: Incident, more: readonly Decision[]): Incident {
  if (more.length === 0) return incident
  const room = maxDecisions - (state.omittedDecisions.get(incident.number) ?? 0)
  return { ...incident, decisions: [...incident.decisions, ...more].slice(0, Math.max(0, room)) }
}

/** What {@link restoreState} needs beside the rows. */
export function metaOf(state: CorrelationState): JsonObject {
  return { nextNumber: state.nextNumber, watermark: state.watermark }
}

/** A decision of an incident; `n` counts them from 1. */
export interface NumberedDecision {
  readonly incident: IncidentNumber
  readonly n: number
  readonly decision: Decision
}

/** What is to be stored. Decisions are only ever added: of the incidents' own lists those that are stored may be missing. */
export interface Changes {
  readonly alerts: readonly AlertGroup[]
  readonly incidents: readonly Incident[]
  readonly decisions: readonly NumberedDecision[]
}

/** Alerts and incidents that changed since the last call. */
export function takeChanges(state: CorrelationState): Changes {
  const alerts = [...state.dirtyAlerts].flatMap((id) => {
    const alert = state.groups.get(id)
    return alert === undefined ? [] : [alert]
  })
  const incidents = [...state.dirtyIncidents]
    .sort((a, b) => a - b)
    .map((number) => state.incidents.get(number))
    .filter((one) => one !== undefined)
  const decisions: NumberedDecision[] = []
  for (const one of incidents) {
    const omitted = state.omittedDecisions.get(one.number) ?? 0
    const stored = state.storedDecisions.get(one.number) ?? 0
    for (const [index, decision] of one.decisions.entries())
      if (omitted + index >= stored) decisions.push({ incident: one.number, n: omitted + index + 1, decision })
    state.storedDecisions.set(one.number, omitted + one.decisions.length)
  }
  state.dirtyAlerts.clear()
  state.dirtyIncidents.clear()
  if (state.watermark >= state.sweptAt + sweepEveryMs) sweep(state)
  return {
    // An incident that was merged after an alert had been put into it has given the alert away.
    alerts: alerts.map((one) => ({ ...one, incident: resolve(state, one.incident) })),
    incidents,
    decisions,
  }
}

/** Incidents that alerts may still join. */
export function isOpen(incident: Pick<Incident, 'status'>): boolean {
  return incident.status === 'new' || incident.status === 'acknowledged' || incident.status === 'contained'
}

/** Replaces an incident; what people or `assess` changed counts as changed too. */
export function putIncident(state: CorrelationState, incident: Incident): void {
  const { number } = incident
  const known = state.briefs.get(number)
  const before = state.incidents.get(number)
  const brief = briefOfIncident(incident, before?.observables === incident.observables ? known : undefined)
  if (brief.status === 'merged') removeFromIndex(state.index, number, known?.entities ?? [])
  else if (known === undefined) addToIndex(state.index, number, brief.entities)
  else if (known.entities !== brief.entities) {
    const indexed = new Set(known.entities)
    addToIndex(
      state.index,
      number,
      brief.entities.filter((one) => !indexed.has(one)),
    )
  }
  state.briefs.set(number, brief)
  if (before !== undefined) state.weight -= weightOf(before)
  state.incidents.delete(number)
  setIncident(state, incident)
  state.dirtyIncidents.add(number)
}

/** Keeps an alert that is new or changed. */
export function putAlert(state: CorrelationState, alert: AlertGroup): void {
  rememberAlert(state, briefOfAlert(alert))
  state.groups.delete(alert.id)
  state.groups.set(alert.id, alert)
  state.dirtyAlerts.add(alert.id)
}

/** The incident into which one has been merged, directly or through others; itself when it has not. */
export function resolve(state: CorrelationState, number: IncidentNumber): IncidentNumber {
  for (let at = number; ; ) {
    const into = state.briefs.get(at)?.mergedInto ?? null
    if (into === null) return at
    at = into
  }
}

/** Whether something of that event time is still within reach: what is not may have been forgotten already. */
export function isRemembered(state: CorrelationState, lastAt: number): boolean {
  return lastAt >= state.watermark - horizonMs
}

/** Forgets what the explicit window checks would refuse anyway. */
function sweep(state: CorrelationState): void {
  state.sweptAt = state.watermark
  for (const [key, alert] of state.alerts) {
    if (isRemembered(state, alert.lastAt)) continue
    state.alerts.delete(key)
    state.groups.delete(alert.id)
  }
  for (const [number, brief] of state.briefs) {
    if (isRemembered(state, brief.lastAt)) continue
    state.briefs.delete(number)
    dropIncident(state, number)
  }
  reduceIndex(state.index, state.briefs)
}
