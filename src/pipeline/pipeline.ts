import { channel } from 'node:diagnostics_channel'
import { setTimeout as wait } from 'node:timers/promises'
import { takeWork } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { metaOf, takeOver, workedOf } from '../core/correlate/index.ts'
import { takeRarityChanges, takeSigmaChanges } from '../core/detect/index.ts'
import type { EngineState, Enrich } from '../core/engine/index.ts'
import type { EventOutcome } from '../core/model/index.ts'
import { createNormalizer, type Normalized, type Normalizer } from '../core/normalize/index.ts'
import { finishBatch, nextDeliveries, type StoredDelivery, takeTurn } from '../ingest/index.ts'
import { isRetried, type Store, type Tx } from '../store/index.ts'
import { workDecisions, writeDecisions } from './decisions.ts'
import { loadState, saveState } from './state.ts'
import { type Outcomes, type Received, workSlice } from './work.ts'

/** What one batch came to. */
export interface BatchReport {
  readonly deliveries: number
  readonly events: number
  readonly doneSeq: number
  readonly counts: ReadonlyMap<EventOutcome, number>
  /** What people should hear of: rules that learn anew. */
  readonly notices: readonly string[]
}

export interface PipelineParts {
  readonly store: Store
  /** The bundle that is live now; a batch uses one from start to end. */
  readonly bundle: () => Bundle
  readonly enrich: Enrich
  /**
   * Brings up to date what `enrich` looks things up in, before a batch and in its transaction; `newest` is the newest change of
   * the team's indicators.
   */
  readonly refresh?: (tx: Tx, newest: number) => Promise<void>
  readonly onBatch?: (report: BatchReport) => void
  readonly onError?: (error: unknown) => void
  /** From one batch's beginning to the next one's, as long as what waits fits into one; 10 ms unless told. The first after a pause begins at once. */
  readonly batchEveryMs?: number
}

export interface Pipeline {
  /** Works until the inbox is empty. Throws when the database is away. */
  drain(): Promise<void>
  /** Works off the inbox as it fills, here or through another replica, until `stop`. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Says that there is something in the inbox; whoever is not told looks once a second. */
  wake(): void
  /** Resolves when no batch is under way: what can wait for that does not compete with one. */
  quiet(): Promise<void>
}

/** For whoever measures: each batch with its moments (`performance.now()`). */
const worked = channel('gitsoc.batch')
const batchDeliveries = 200
const sliceEvents = 400
const maxBackoffMs = 2000
/** Most of what a small batch costs is its own: at 500 alerts a second there are five in one instead of two. */
const defaultEveryMs = 10

/**
 * The pipeline of a tenant: deliveries in order through the engine, each batch one transaction. A batch that fails
 * leaves nothing behind and is done again; the state in memory is thrown away with it.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  const { store } = parts
  let memory: { readonly state: EngineState; readonly doneSeq: number; readonly decisions: number } | null = null
  let normalizer: { readonly digest: string; readonly value: Normalizer } | null = null
  let stopping = false
  let loop: Promise<void> | null = null
  let unlisten: (() => Promise<void>) | null = null
  let wake: () => void = () => {}
  let underWay: Promise<unknown> = Promise.resolve()

  const batch = async (): Promise<'more' | 'done' | 'empty' | 'taken'> => {
    const bundle = parts.bundle()
    if (normalizer?.digest !== bundle.digest)
      normalizer = { digest: bundle.digest, value: createNormalizer(bundle.integrations, store.tenant) }
    const { value } = normalizer
    const begunAt = performance.now()
    try {
      // What a batch writes follows from the inbox, which is on disk before it is acknowledged: a database that crashes before
      // it has flushed a batch has the cursor before it too, and the batch is done again, to the same. Whoever goes on from it
      // (a run's intent, a person) commits with a flush, and that flushes everything written before.
      const done = await store.transaction(async (tx) => {
        const [cursor, deliveries] = await Promise.all([takeTurn(tx), nextDeliveries(tx, 'done', batchDeliveries)])
        if (cursor === null) return 'taken' as const
        const last = deliveries.at(-1)
        if (last === undefined) return 'empty' as const
        const readAt = performance.now()
        const isCurrent = memory !== null && memory.doneSeq === cursor.doneSeq && memory.decisions === cursor.decisions
        const state = memory !== null && isCurrent ? memory.state : await loadState(tx)
        memory = null
        const place = { afterSeq: cursor.doneSeq, bundle: bundle.digest }
        const taken = cursor.isWorked ? takeWork(tx) : Promise.resolve([])
        const peoplesWork = taken.then((changed) => {
          if (changed.length === 0) return cursor.decisions
          const worked = changed.map(workedOf)
          for (const one of worked) takeOver(state.correlation, one)
          return writeDecisions(tx, workDecisions(worked, place))
        })
        // Whoever waits for it hears it; where something else fails before, that is the reason.
        peoplesWork.catch(() => {})
        await parts.refresh?.(tx, cursor.indicators)
        const report = await work(tx, bundle, state, value, deliveries, parts.enrich, peoplesWork)
        const isMore = last.seq < cursor.nextSeq - 1
        const decisions = await peoplesWork
        return { state, report, doneSeq: last.seq, decisions, isMore, readAt, decidedAt: performance.now() }
      }, 'flushed later')
      if (done === 'taken' || done === 'empty') return done
      memory = { state: done.state, doneSeq: done.doneSeq, decisions: done.decisions }
      if (worked.hasSubscribers) {
        const { report, doneSeq, readAt, decidedAt } = done
        const { deliveries, events } = report
        const committedAt = performance.now()
        worked.publish({ doneSeq, deliveries, events, begunAt, readAt, decidedAt, committedAt })
      }
      parts.onBatch?.(done.report)
      return done.isMore ? 'more' : 'done'
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
        const begunAt = performance.now()
        const begun = batch()
        underWay = begun.catch(() => {})
        const done = await begun
        backoffMs = 50
        if (done === 'more' || stopping) continue
        await Promise.race([woken, wait(done === 'taken' ? 50 : 1000, undefined, { ref: false })])
        const early = begunAt + (parts.batchEveryMs ?? defaultEveryMs) - performance.now()
        if (early > 1 && !stopping) await wait(early)
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
        const done = await batch().catch((error: unknown) => {
          if (!isRetried(error)) throw error
          parts.onError?.(error)
          return 'taken' as const
        })
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
    wake: () => wake(),
    async quiet() {
      await underWay
    },
  }
}

/** One batch: its events in slices, so that memory does not grow with the batch; then where it ended, in one piece. */
async function work(
  tx: Tx,
  bundle: Bundle,
  state: EngineState,
  normalizer: Normalizer,
  deliveries: readonly StoredDelivery[],
  enrich: Enrich,
  peoplesWork: Promise<unknown>,
): Promise<BatchReport> {
  const outcomes: Outcomes = { seen: new Set(), events: [], dead: [], counts: new Map() }
  const eventCounts: (readonly [seq: number, count: number])[] = []
  let slice: Received[] = []
  let size = 0
  for (const delivery of deliveries) {
    const { seq, receivedAt } = delivery
    const records = normalizer.normalize(delivery)
    eventCounts.push([seq, recordCount(records)])
    for (let from = 0; from < records.length; ) {
      const part = records.slice(from, from + sliceEvents - size)
      slice.push({ seq, receivedAt, records: part })
      from += part.length
      size += part.length
      if (size < sliceEvents) continue
      await workSlice(tx, bundle, state, slice, enrich, outcomes, peoplesWork)
      slice = []
      size = 0
    }
  }
  if (size > 0) await workSlice(tx, bundle, state, slice, enrich, outcomes, peoplesWork)
  await peoplesWork
  const rarity = takeRarityChanges(state.rarity)
  const sigma = takeSigmaChanges(state.sigma)
  saveState(tx, { correlation: metaOf(state.correlation), sigmaWatermark: state.sigma.watermark }, { sigma, rarity })
  const doneSeq = deliveries.at(-1)?.seq ?? 0
  await finishBatch(tx, { bundle: bundle.digest, doneSeq, eventCounts, ...outcomes })
  const total = new Map<EventOutcome, number>()
  for (const line of outcomes.counts.values())
    for (const [outcome, n] of line) total.set(outcome, (total.get(outcome) ?? 0) + n)
  return {
    deliveries: deliveries.length,
    events: eventCounts.reduce((sum, [, n]) => sum + n, 0),
    doneSeq,
    counts: total,
    notices: [...rarity.notices, ...sigma.notices],
  }
}

/** How many records the results stand for. */
const recordCount = (results: readonly Normalized[]) =>
  results.reduce((sum, one) => sum + (one.kind === 'dead' ? one.records : 1), 0)
