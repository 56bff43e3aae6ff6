import {
  type AlertEvent,
  addTasksLocked,
  appendLocked,
  mergesOf,
  mergeWork,
  type NewTask,
  recallFrom,
  saveAlerts,
  type TimelineEntry,
  writeIncidents,
} from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { letGo, type Recall, recallFor, takeChanges } from '../core/correlate/index.ts'
import {
  type AlertDecision,
  type Detected,
  decide,
  detect,
  type EngineState,
  type Enrich,
  sentencesOf,
} from '../core/engine/index.ts'
import { type Event, type EventId, type EventOutcome, oneLine } from '../core/model/index.ts'
import type { Normalized } from '../core/normalize/index.ts'
import { type DeadLetter, type EventRow, knownEvents } from '../ingest/index.ts'
import { type NewRun, startRuns } from '../respond/index.ts'
import type { Tx } from '../store/index.ts'

/** The events of one delivery, in their order. */
export interface Received {
  readonly seq: number
  readonly receivedAt: number
  readonly records: readonly Normalized[]
}

/** Where the events of a batch ended: what is written about each, and how many by source and outcome. */
export interface Outcomes {
  /** Ids of the batch's events so far: they are in no table before its end. */
  readonly seen: Set<EventId>
  readonly events: EventRow[]
  readonly dead: DeadLetter[]
  readonly counts: Map<string, Map<EventOutcome, number>>
}

/** What stays in memory between slices: about 12 MB of incidents and a few of alerts. */
const holding = { incidentWeight: 12_000_000, alerts: 1000 }

interface Seen {
  readonly event: Event
  readonly alerts: readonly Detected[]
}

/**
 * Works off some events in the batch's transaction and writes what was decided: detect all, recall what their alerts
 * will ask for, decide one after the other, save. What the state held only for them is let go. `peoplesWork` resolves when
 * the state has what people changed: it is read while events are detected.
 */
export async function workSlice(
  tx: Tx,
  bundle: Bundle,
  state: EngineState,
  slice: readonly Received[],
  enrich: Enrich,
  outcomes: Outcomes,
  peoplesWork: Promise<unknown>,
): Promise<void> {
  const { recall, check } = checked(recallFrom(tx))
  const seen = await detectAll(tx, bundle, state, slice, enrich, outcomes)
  await peoplesWork
  await recallFor(
    state.correlation,
    seen.flatMap((one) => one.alerts.filter(({ withheld }) => !withheld).map(({ alert }) => alert)),
    bundle.correlation.grouping,
    recall,
  )
  const kept: Kept = { alertEvents: [], timeline: [], tasks: [], runs: [] }
  for (const { event, alerts } of seen) {
    const decided = await decide(bundle, state, alerts, enrich, recall).catch((error: Error) => error)
    check()
    if (decided instanceof Error) {
      bury(outcomes, event, decided)
      continue
    }
    const { id, seq, index, source, occurredAt } = event
    count(outcomes, source, decided.outcome)
    outcomes.events.push({ id, seq, index, source, occurredAt, outcome: decided.outcome })
    for (const decision of decided.alerts) keep(kept, decision, event)
  }
  const changes = takeChanges(state.correlation)
  // First the rows of the incidents, in ascending order: everybody who writes something of an incident takes its row before.
  await writeIncidents(tx, changes.incidents, changes.decisions)
  await saveAlerts(tx, changes.alerts, kept.alertEvents)
  await appendLocked(tx, kept.timeline)
  await addTasksLocked(tx, kept.tasks)
  await startRuns(tx, bundle, kept.runs)
  await mergeWork(tx, mergesOf(changes.incidents))
  letGo(state.correlation, holding)
}

/** Finds the alerts of the events that are new; the others are counted where they end. */
async function detectAll(
  tx: Tx,
  bundle: Bundle,
  state: EngineState,
  slice: readonly Received[],
  enrich: Enrich,
  outcomes: Outcomes,
): Promise<readonly Seen[]> {
  const ids = slice.flatMap(({ records }) => records.flatMap((one) => (one.kind === 'event' ? [one.event.id] : [])))
  const stored = new Set(await knownEvents(tx, ids))
  const seen: Seen[] = []
  for (const { seq, receivedAt, records } of slice) {
    for (const one of records) {
      if (one.kind === 'dead') {
        const { source, index, code, message, excerpt, records } = one
        count(outcomes, source, 'deadLettered', records)
        outcomes.dead.push({ seq, index, source, code, message, excerpt, records, at: receivedAt })
      } else if (one.kind === 'dropped') count(outcomes, one.source, 'dropped')
      else if (stored.has(one.event.id) || outcomes.seen.has(one.event.id))
        count(outcomes, one.event.source, 'duplicate')
      else {
        outcomes.seen.add(one.event.id)
        try {
          seen.push({ event: one.event, alerts: detect(bundle, state, one.event, one.alert, enrich) })
        } catch (error) {
          bury(outcomes, one.event, error as Error)
        }
      }
    }
  }
  return seen
}

/** A fault of ours must not stop everything behind the event: it is kept with its reason. */
function bury(outcomes: Outcomes, event: Event, fault: Error): void {
  count(outcomes, event.source, 'deadLettered')
  outcomes.dead.push({
    seq: event.seq,
    index: event.index,
    source: event.source,
    code: 'internal',
    message: `a fault of gitsoc: ${oneLine(fault.message, 200)}`,
    excerpt: oneLine(JSON.stringify(event.record), 1000),
    records: 1,
    at: event.receivedAt,
  })
}

function count({ counts }: Outcomes, source: string, outcome: EventOutcome, records = 1): void {
  const line = counts.get(source) ?? new Map<EventOutcome, number>()
  counts.set(source, line)
  line.set(outcome, (line.get(outcome) ?? 0) + records)
}

/** A database that is away is no fault of an event: `check` throws what reading back failed with. */
function checked(recall: Recall): { readonly recall: Recall; check(): void } {
  const failures: unknown[] = []
  const noting = <T>(reading: Promise<T>): Promise<T> =>
    reading.catch((error: unknown) => {
      failures.push(error)
      throw error
    })
  return {
    recall: {
      incidents: (numbers) => noting(recall.incidents(numbers)),
      decisions: (number) => noting(recall.decisions(number)),
      alerts: (ids) => noting(recall.alerts(ids)),
    },
    check() {
      if (failures.length > 0) throw failures[0]
    },
  }
}

interface Kept {
  readonly alertEvents: AlertEvent[]
  readonly timeline: TimelineEntry[]
  readonly tasks: NewTask[]
  readonly runs: NewRun[]
}

/** Keeps what was decided about an alert: which events it stands for, the incident's story, tasks and runs. */
function keep(kept: Kept, decision: AlertDecision, event: Event): void {
  const { correlated, incident, triggers } = decision
  if (correlated.outcome !== 'alerted') return
  const { alert } = correlated
  kept.alertEvents.push({ alert: alert.id, event: event.id, seq: event.seq, index: event.index, count: alert.count })
  if (incident === null) return
  const { number } = incident
  const tell = (kind: TimelineEntry['kind'], actor: string, sentence: string) =>
    kept.timeline.push({ incident: number, at: event.occurredAt, kind, actor, sentence })
  if (correlated.isNew) tell('alert', alert.source, [alert.title, alert.finding?.sentence ?? []].flat().join('; '))
  for (const one of sentencesOf(decision))
    if (one.answer !== 'aggregated') tell(one.answer === 'started' ? 'run' : 'decision', 'gitsoc', one.sentence)
  for (const one of correlated.escalations)
    for (const title of one.tasks) kept.tasks.push({ incident: number, title, origin: one.decision.rule.id })
  for (const trigger of triggers) kept.runs.push({ incident: number, trigger, at: event.receivedAt })
}
