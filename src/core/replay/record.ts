import type { ByHand, DoneByHand } from '../correlate/index.ts'
import type { AlertDecision } from '../engine/index.ts'
import {
  type Alert,
  type Event,
  type EventOutcome,
  type Fact,
  formatPlace,
  gradedBy,
  type Incident,
  type Json,
  observableKey,
  oneLine,
  outcomes,
} from '../model/index.ts'
import type { Replayed, ReplayedAlert, ReplayedIncident, ReplayedRule, ReplayedRun, RuleCount } from './replayed.ts'

/** Kept one by one; what is beyond is only counted. */
const maxAlerts = 50_000
const maxRuns = 2000
const maxFacts = 8
const maxEntities = 8

/** Writes down what a replay decides, bounded whatever the history holds. */
export interface Recorder {
  count(outcome: EventOutcome, records?: number): void
  /** An event of that time was decided about. */
  seen(at: number): void
  alert(decision: AlertDecision, event: Pick<Event, 'seq' | 'index' | 'receivedAt'>): void
  /** A person's decision was applied. */
  byHand(done: DoneByHand & { readonly ok: true }, wish: ByHand): void
  /** The incident that one has become part of. */
  standsIn(incident: number): number
  /** Counts the run that is about to be played; false when there have been too many. */
  hasRoomForRun(): boolean
  run(run: ReplayedRun): void
  result(): Pick<Replayed, 'counts' | 'span' | 'rules' | 'ruleCounts' | 'alerts' | 'incidents' | 'runs' | 'omitted'>
}

type Kept = Omit<ReplayedAlert, 'incident'> & { incident: number }

export function createRecord(): Recorder {
  const counts = Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<EventOutcome, number>
  const rules = new Map<string, ReplayedRule>()
  const ruleCounts = new Map<string, { rule: string; alerts: number; lines: number; suppressed: number }>()
  const alerts: Kept[] = []
  const incidents = new Map<number, { incident: Incident; openedAt: number }>()
  const mergedInto = new Map<number, number>()
  const runs: ReplayedRun[] = []
  const omitted = { alerts: 0, runs: 0 }
  let runCount = 0
  let span: [number, number] | null = null

  const resolve = (number: number): number => {
    let at = number
    for (let into = mergedInto.get(at); into !== undefined; into = mergedInto.get(at)) at = into
    return at
  }

  return {
    count(outcome, records = 1) {
      counts[outcome] += records
    },
    seen(at) {
      if (span === null) span = [at, at]
      else if (at < span[0]) span[0] = at
      else if (at > span[1]) span[1] = at
    },
    alert(decision, event) {
      const { alert, correlated, incident } = decision
      const { rule } = alert
      if (!rules.has(rule.id))
        rules.set(rule.id, { id: rule.id, title: rule.title, kind: rule.kind, place: rule.place ?? null })
      const count = ruleCounts.get(rule.id) ?? { rule: rule.id, alerts: 0, lines: 0, suppressed: 0 }
      ruleCounts.set(rule.id, count)
      const isNew = correlated.outcome === 'alerted' && correlated.isNew
      if (correlated.outcome === 'suppressed') count.suppressed++
      else if (correlated.outcome === 'alerted') count.alerts++
      if (isNew) count.lines++
      if (correlated.outcome === 'alerted') for (const one of correlated.merged) mergedInto.set(one.from, one.into)
      if (incident !== null) {
        const known = incidents.get(incident.number)
        incidents.set(incident.number, { incident, openedAt: known?.openedAt ?? event.receivedAt })
      }
      if (alerts.length >= maxAlerts) {
        omitted.alerts++
        return
      }
      const outcome =
        correlated.outcome !== 'alerted'
          ? correlated.outcome
          : incident === null
            ? ('kept' as const)
            : ('incident' as const)
      alerts.push({
        id: alert.id,
        rule: rule.id,
        title: oneLine(alert.title, 200),
        severity: alert.severity,
        at: alert.occurredAt,
        event: [event.seq, event.index],
        outcome,
        isNew,
        group: correlated.outcome === 'alerted' ? correlated.alert.id : '',
        incident: incident?.number ?? 0,
        entities: entitiesOf(alert.observables),
        facts: factsOf(alert),
        because: correlated.outcome === 'alerted' ? tunedBy(decision) : oneLine(correlated.decision.sentence, 400),
      })
    },
    standsIn: resolve,
    byHand({ incidents: changed }, wish) {
      const [first, second] = changed
      for (const incident of changed) {
        const openedAt = incidents.get(incident.number)?.openedAt ?? incident.times.ingestedAt
        incidents.set(incident.number, { incident, openedAt })
      }
      if (wish.kind === 'merge' && first !== undefined)
        for (const from of [wish.incident, wish.other]) if (from !== first.number) mergedInto.set(from, first.number)
      if (wish.kind === 'split' && second !== undefined) {
        const moved = new Set<string>(wish.alerts)
        for (const one of alerts) if (moved.has(one.group) && one.incident !== 0) one.incident = second.number
      }
    },
    hasRoomForRun() {
      if (++runCount <= maxRuns) return true
      omitted.runs++
      return false
    },
    run(run) {
      runs.push(run)
    },
    result() {
      const standing = new Map<number, string[]>()
      for (const one of alerts) {
        if (one.incident === 0) continue
        one.incident = resolve(one.incident)
        const list = standing.get(one.incident) ?? []
        list.push(one.id)
        standing.set(one.incident, list)
      }
      const byId = <T>(list: Iterable<T>, id: (one: T) => string) => [...list].sort((a, b) => (id(a) < id(b) ? -1 : 1))
      return {
        counts,
        span,
        rules: byId(rules.values(), (one) => one.id),
        ruleCounts: byId<RuleCount>(ruleCounts.values(), (one) => one.rule),
        alerts,
        incidents: [...incidents.values()]
          .filter(({ incident }) => !mergedInto.has(incident.number))
          .sort((a, b) => a.incident.number - b.incident.number)
          .map(({ incident, openedAt }) => incidentOf(incident, openedAt, standing.get(incident.number) ?? [])),
        runs: runs.map((one) => ({ ...one, incident: resolve(one.incident) })),
        omitted,
      }
    },
  }
}

const entityTypes = new Set(['user', 'host', 'resource', 'access-key'])

function entitiesOf(observables: Alert['observables'], limit = maxEntities): readonly string[] {
  const keys = observables
    .filter((one) => one.role === 'target' || entityTypes.has(one.type))
    .map((one) => oneLine(observableKey(one), 200))
  return [...new Set(keys)].sort().slice(0, limit)
}

function factsOf({ details, finding }: Alert): readonly Fact[] {
  const facts = finding?.facts ?? Object.entries(details).map(([name, value]) => ({ name, value: value ?? null }))
  return facts.slice(0, maxFacts).map(({ name, value }) => ({ name: oneLine(name, 100), value: shortened(value) }))
}

/** A value in a bounded form: what an event holds may be megabytes. */
function shortened(value: Json): Json {
  if (typeof value === 'string') return oneLine(value, 200)
  if (value === null || typeof value !== 'object') return value
  return oneLine(JSON.stringify(value), 200)
}

function tunedBy({ tuned }: AlertDecision): string {
  return tuned === null ? '' : oneLine(tuned.sentence, 400)
}

function incidentOf(incident: Incident, openedAt: number, alerts: readonly string[]): ReplayedIncident {
  const { number, title, assessment, firstAt, techniques, escalations, playbooks, observables, enrichments } = incident
  const critical = new Set(
    enrichments
      .filter((one) => one.provider === 'inventory' && one.data.criticality === 'critical')
      .map((one) => oneLine(one.observable, 200)),
  )
  return {
    number,
    title: oneLine(title, 200),
    // The machine's: what a person said of it is no decision about events.
    severity: assessment === null ? 'LOW' : gradedBy(assessment, null).severity,
    score: assessment?.score ?? 0,
    firstAt,
    openedAt,
    alerts,
    techniques,
    escalations,
    playbooks,
    entities: entitiesOf(observables, 50),
    criticalEntities: [...critical].sort(),
    contributions: (assessment?.contributions ?? []).map(({ name, points, decision: { rule } }) => ({
      name,
      points,
      rule: rule.place === undefined ? rule.id : formatPlace(rule.place),
    })),
  }
}
