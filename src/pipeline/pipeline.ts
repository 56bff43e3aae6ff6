import { setTimeout as wait } from 'node:timers/promises'
import {
  type AlertEvent,
  addTask,
  appendTimeline,
  moveAlerts,
  saveAlertEvents,
  saveAlerts,
  saveIncidents,
  type TimelineEntry,
  takeWork,
} from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { metaOf, takeChanges, takeOver } from '../core/correlate/index.ts'
import { takeSigmaChanges } from '../core/detect/index.ts'
import { type AlertDecision, decide, type EngineState, type Enrich, sentencesOf } from '../core/engine/index.ts'
import { type EventOutcome, oneLine } from '../core/model/index.ts'
import { createNormalizer, type Normalized, type Normalizer } from '../core/normalize/index.ts'
import { type DeadLetter, type EventRow, finishBatch, knownEvents, nextDeliveries, takeTurn } from '../ingest/index.ts'
import { startRuns } from '../respond/index.ts'
import type { Store, Tx } from '../store/index.ts'
import { loadState, saveState } from './state.ts'

/** What one batch came to. */
export interface BatchReport {
  readonly deliveries: number
  readonly events: number
  readonly doneSeq: number
  readonly counts: ReadonlyMap<EventOutcome, number>
}

export interface PipelineParts {
  readonly store: Store
  /** The bundle that is live now; a batch uses one from start to end. */
  readonly bundle: () => Bundle
  readonly enrich: Enrich
  readonly onBatch?: (report: BatchReport) => void
  readonly onError?: (error: unknown) => void
}

export interface Pipeline {
  /** Works until the inbox is empty. Throws when the database is away. */
  drain(): Promise<void>
  /** Works off the inbox as it fills, here or through another replica, until `stop`. */
  start(): Promise<void>
  stop(): Promise<void>
}

const batchDeliveries = 200
const maxBackoffMs = 2000

/**
 * The pipeline of a tenant: deliveries in order through the engine, each batch one transaction. A batch that fails
 * leaves nothing behind and is done again; the state in memory is thrown away with it.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  const { store } = parts
  let memory: { readonly state: EngineState; readonly doneSeq: number } | null = null
  let normalizer: { readonly digest: string; readonly value: Normalizer } | null = null
  let stopping = false
  let loop: Promise<void> | null = null
  let unlisten: (() => Promise<void>) | null = null
  let wake: () => void = () => {}

  const batch = async (): Promise<'worked' | 'empty' | 'taken'> => {
    const bundle = parts.bundle()
    if (normalizer?.digest !== bundle.digest)
      normalizer = { digest: bundle.digest, value: createNormalizer(bundle.integrations, store.tenant) }
    const { value } = normalizer
    try {
      const done = await store.transaction(async (tx) => {
        const cursor = await takeTurn(tx)
        if (cursor === null) return 'taken' as const
        const deliveries = await nextDeliveries(tx, cursor.doneSeq, batchDeliveries)
        const last = deliveries.at(-1)
        if (last === undefined) return 'empty' as const
        const state = memory !== null && memory.doneSeq === cursor.doneSeq ? memory.state : await loadState(tx)
        memory = null
        for (const worked of await takeWork(tx)) takeOver(state.correlation, worked)
        const report = await work(
          tx,
          bundle,
          state,
          deliveries.map((one) => [one.seq, value.normalize(one), one.receivedAt] as const),
          parts.enrich,
        )
        return { state, report, doneSeq: last.seq }
      })
      if (done === 'taken' || done === 'empty') return done
      memory = { state: done.state, doneSeq: done.doneSeq }
      parts.onBatch?.(done.report)
      return 'worked'
    } catch (error) {
      memory = null
      throw error
    }
  }

  const run = async () => {
    let backoffMs = 50
    while (!stopping) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      try {
        const done = await batch()
        backoffMs = 50
        if (done !== 'worked' && !stopping)
          await Promise.race([woken, wait(done === 'taken' ? 50 : 1000, undefined, { ref: false })])
      } catch (error) {
        parts.onError?.(error)
        await Promise.race([woken, wait(backoffMs)])
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs)
      }
    }
  }

  return {
    async drain() {
      for (;;) {
        const done = await batch()
        if (done === 'empty') return
        if (done === 'taken') await wait(10)
      }
    },
    async start() {
      unlisten = await store.listen('gitsoc_inbox', () => wake())
      loop = run()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      await unlisten?.()
    },
  }
}

type Worked = readonly [seq: number, records: readonly Normalized[], receivedAt: number]

async function work(
  tx: Tx,
  bundle: Bundle,
  state: EngineState,
  deliveries: readonly Worked[],
  enrich: Enrich,
): Promise<BatchReport> {
  const ids = deliveries.flatMap(([, records]) =>
    records.flatMap((one) => (one.kind === 'event' ? [one.event.id] : [])),
  )
  const seen = new Set(await knownEvents(tx, ids))
  const counts = new Map<string, Map<EventOutcome, number>>()
  const count = (source: string, outcome: EventOutcome) => {
    const line = counts.get(source) ?? new Map<EventOutcome, number>()
    counts.set(source, line)
    line.set(outcome, (line.get(outcome) ?? 0) + 1)
  }
  const events: EventRow[] = []
  const dead: DeadLetter[] = []
  const alertEvents: AlertEvent[] = []
  const timeline: TimelineEntry[] = []
  for (const [seq, records, receivedAt] of deliveries) {
    for (const one of records) {
      if (one.kind === 'dead') {
        count(one.source, 'deadLettered')
        dead.push({
          seq,
          index: one.index,
          source: one.source,
          code: one.code,
          message: one.message,
          excerpt: one.excerpt,
          at: receivedAt,
        })
      } else if (one.kind === 'dropped') count(one.source, 'dropped')
      else if (seen.has(one.event.id)) count(one.event.source, 'duplicate')
      else {
        seen.add(one.event.id)
        const decided = await decide(bundle, state, one.event, one.alert, enrich).catch((error: Error) => error)
        const { id, index, source, occurredAt } = one.event
        if (decided instanceof Error) {
          // A fault of ours must not stop everything behind the event: it is kept with its reason.
          count(source, 'deadLettered')
          const excerpt = oneLine(JSON.stringify(one.event.record), 1000)
          dead.push({
            seq,
            index,
            source,
            code: 'internal',
            message: `a fault of gitsoc: ${oneLine(decided.message, 200)}`,
            excerpt,
            at: receivedAt,
          })
          continue
        }
        count(source, decided.outcome)
        events.push({ id, seq, index, source, occurredAt, outcome: decided.outcome })
        for (const decision of decided.alerts) await record(tx, bundle, decision, one.event, alertEvents, timeline)
      }
    }
  }
  const changes = takeChanges(state.correlation)
  await saveAlerts(tx, changes.alerts)
  await saveIncidents(tx, changes.incidents)
  await saveAlertEvents(tx, alertEvents)
  await appendTimeline(tx, timeline)
  await saveState(
    tx,
    { correlation: metaOf(state.correlation), sigmaWatermark: state.sigma.watermark },
    takeSigmaChanges(state.sigma),
  )
  const doneSeq = deliveries.at(-1)?.[0] ?? 0
  await finishBatch(tx, {
    bundle: bundle.digest,
    doneSeq,
    eventCounts: deliveries.map(([seq, records]) => [seq, records.length]),
    events,
    dead,
    counts,
  })
  const total = new Map<EventOutcome, number>()
  for (const line of counts.values()) for (const [outcome, n] of line) total.set(outcome, (total.get(outcome) ?? 0) + n)
  return {
    deliveries: deliveries.length,
    events: deliveries.reduce((sum, [, records]) => sum + records.length, 0),
    doneSeq,
    counts: total,
  }
}

/** Keeps what was decided about an alert: which events it stands for, the incident's story, tasks and runs. */
async function record(
  tx: Tx,
  bundle: Bundle,
  decision: AlertDecision,
  event: { id: AlertEvent['event']; seq: number; index: number; occurredAt: number; receivedAt: number },
  alertEvents: AlertEvent[],
  timeline: TimelineEntry[],
): Promise<void> {
  const { correlated, incident, triggers } = decision
  if (correlated.outcome !== 'alerted') return
  alertEvents.push({ alert: correlated.alert.id, event: event.id, seq: event.seq, index: event.index })
  if (incident === null) return
  for (const { from, into } of correlated.merged) await moveAlerts(tx, from, into)
  const sentences = sentencesOf(decision)
  if (correlated.isNew)
    timeline.push({
      incident: incident.number,
      at: event.occurredAt,
      kind: 'alert',
      actor: correlated.alert.source,
      sentence: correlated.alert.title,
    })
  for (const one of sentences) {
    if (one.answer !== 'aggregated')
      timeline.push({
        incident: incident.number,
        at: event.occurredAt,
        kind: one.answer === 'started' ? 'run' : 'decision',
        actor: 'gitsoc',
        sentence: one.sentence,
      })
  }
  for (const one of correlated.escalations)
    for (const task of one.tasks) await addTask(tx, incident.number, task, one.decision.rule.id)
  if (triggers.length > 0) await startRuns(tx, bundle, incident.number, triggers, event.receivedAt)
}
