import type { Alert, AlertGroup, AlertId, Incident, IncidentNumber, Json, JsonObject } from '../model/index.ts'
import { isObject } from '../model/index.ts'

/** What correlation remembers of one tenant: plain data, bounded by windows of event time. */
export interface CorrelationState {
  nextNumber: IncidentNumber
  /** Greatest event time seen. */
  watermark: number
  /** Watermark at the last sweep. */
  sweptAt: number
  readonly incidents: Map<IncidentNumber, Incident>
  /** Stored alerts by their aggregation key. */
  readonly alerts: Map<string, AlertGroup>
  /** Observable key -> incidents that hold it, for those still open to grouping. */
  readonly index: Map<string, Set<IncidentNumber>>
  readonly dirtyAlerts: Map<AlertId, AlertGroup>
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
    incidents: new Map(),
    alerts: new Map(),
    index: new Map(),
    dirtyAlerts: new Map(),
    dirtyIncidents: new Set(),
  }
}

/** The state from what was stored: alerts and incidents not older than {@link horizonMs} before the watermark. */
export function restoreState(
  meta: Json,
  alerts: readonly AlertGroup[],
  incidents: readonly Incident[],
): CorrelationState {
  const state = createState()
  if (isObject(meta)) {
    state.nextNumber = Number(meta.nextNumber ?? 1)
    state.watermark = Number(meta.watermark ?? 0)
  }
  for (const incident of [...incidents].sort((a, b) => a.number - b.number)) {
    state.incidents.set(incident.number, incident)
    if (isOpen(incident)) indexIncident(state, incident)
  }
  for (const alert of alerts) {
    const known = state.alerts.get(alert.key)
    if (known === undefined || known.lastAt < alert.lastAt || (known.lastAt === alert.lastAt && known.id < alert.id))
      state.alerts.set(alert.key, alert)
  }
  return state
}

/** What {@link restoreState} needs beside the rows. */
export function metaOf(state: CorrelationState): JsonObject {
  return { nextNumber: state.nextNumber, watermark: state.watermark }
}

/** Alerts and incidents that changed since the last call. */
export function takeChanges(state: CorrelationState): {
  alerts: readonly AlertGroup[]
  incidents: readonly Incident[]
} {
  const alerts = [...state.dirtyAlerts.values()]
  const incidents = [...state.dirtyIncidents]
    .sort((a, b) => a - b)
    .map((number) => state.incidents.get(number))
    .filter((one) => one !== undefined)
  state.dirtyAlerts.clear()
  state.dirtyIncidents.clear()
  if (state.watermark >= state.sweptAt + sweepEveryMs) sweep(state)
  return { alerts, incidents }
}

/** Incidents that alerts may still join. */
export function isOpen(incident: Incident): boolean {
  return incident.status === 'new' || incident.status === 'acknowledged' || incident.status === 'contained'
}

/** Replaces an incident; what people or `assess` changed counts as changed too. */
export function putIncident(state: CorrelationState, incident: Incident): void {
  state.incidents.set(incident.number, incident)
  state.dirtyIncidents.add(incident.number)
}

/** Keeps an alert. Of two with one key the one with the later event time stands for the key, whatever their order of arrival. */
export function putAlert(state: CorrelationState, alert: AlertGroup): void {
  if (isNewest(state, alert)) state.alerts.set(alert.key, alert)
  state.dirtyAlerts.set(alert.id, alert)
}

function isNewest(state: CorrelationState, alert: AlertGroup): boolean {
  const known = state.alerts.get(alert.key)
  return (
    known === undefined ||
    known.id === alert.id ||
    known.lastAt < alert.lastAt ||
    (known.lastAt === alert.lastAt && known.id < alert.id)
  )
}

/** Whether something of that event time is still within reach: what is not may have been forgotten already. */
export function isRemembered(state: CorrelationState, lastAt: number): boolean {
  return lastAt >= state.watermark - horizonMs
}

export function indexIncident(state: CorrelationState, incident: Incident): void {
  for (const key of entityKeys(incident.observables)) {
    const numbers = state.index.get(key) ?? new Set()
    numbers.add(incident.number)
    state.index.set(key, numbers)
  }
}

export function unindexIncident(state: CorrelationState, incident: Incident): void {
  for (const key of entityKeys(incident.observables)) {
    const numbers = state.index.get(key)
    numbers?.delete(incident.number)
    if (numbers?.size === 0) state.index.delete(key)
  }
}

/** Types of observables that say "the same thing": a shared process or file name says little. */
const linking = new Set(['ip', 'user', 'host', 'email', 'hash', 'domain', 'url', 'access-key', 'resource'])

/** Names that every machine has: what they do on one says nothing about another. */
const everywhere = new Set([
  ...['user:system', 'user:localsystem', 'user:local service', 'user:network service', 'user:localservice'],
  ...[
    'user:networkservice',
    'user:root',
    'user:administrator',
    'user:nobody',
    'user:anonymous logon',
    'user:-',
    'user:',
  ],
  ...['host:localhost', 'host:-', 'host:', 'ip:::1', 'ip:0.0.0.0', 'ip:::'],
])

/**
 * The values by which things are linked: a user by the name without domain and case, a host by its first label. Names
 * that every machine has link nothing.
 */
export function entityKeys(observables: Alert['observables']): readonly string[] {
  const keys = new Set<string>()
  for (const one of observables) {
    if (!linking.has(one.type)) continue
    const key = entityKey(one.type, one.value)
    if (!everywhere.has(key) && !key.startsWith('ip:127.')) keys.add(key)
  }
  return [...keys]
}

function entityKey(type: string, value: string): string {
  if (type === 'user' || type === 'email') {
    const account = value.slice(value.lastIndexOf('\\') + 1)
    return `user:${account.split('@')[0]}`.toLowerCase()
  }
  if (type === 'host' && !/^[\d.:]+$/.test(value)) return `host:${value.split('.')[0]}`.toLowerCase()
  return `${type}:${value}`
}

/** Forgets what the explicit window checks would refuse anyway. */
function sweep(state: CorrelationState): void {
  state.sweptAt = state.watermark
  for (const [key, alert] of state.alerts) if (!isRemembered(state, alert.lastAt)) state.alerts.delete(key)
  for (const [number, incident] of state.incidents) {
    if (isRemembered(state, incident.lastAt)) continue
    unindexIncident(state, incident)
    state.incidents.delete(number)
  }
}
