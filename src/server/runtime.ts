import { join } from 'node:path'
import { createIndicatorBook } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Enricher } from '../enrich/index.ts'
import { openEnricher } from '../enrich/index.ts'
import { createInbox, type Inbox } from '../ingest/index.ts'
import { type BatchReport, createPipeline, type Pipeline } from '../pipeline/index.ts'
import {
  createReconciler,
  createResponder,
  keepBundle,
  type Live,
  type Reconciler,
  type Responder,
  storedBundles,
} from '../respond/index.ts'
import type { OpenStore } from '../store/index.ts'

/** The rooms put together over one store, for one tenant. */
export interface Runtime {
  readonly store: OpenStore
  /** The bundle that is served now; whoever decides something asks anew. */
  bundle(): Bundle
  /** Serves another bundle from now on. It is in the store already, so that runs that start with it can go on. */
  swap(next: Bundle): void
  readonly inbox: Inbox
  readonly pipeline: Pipeline
  readonly responder: Responder
  readonly reconciler: Reconciler
  readonly enricher: Enricher
}

export interface RuntimeParts {
  readonly store: OpenStore
  readonly bundle: Bundle
  readonly clock: () => number
  /** Directory under which artifacts and the mail outbox are written. */
  readonly workDir: string
  readonly enrichDir?: string
  /** Who wrote the playbooks, by id, where Git knows. */
  readonly authors?: Readonly<Record<string, readonly string[]>>
  /** How vendors are reached; without it every effect is simulated. */
  readonly live?: Live
  /** The folder with the incidents' files; without it containment ends by time and by the close of incidents only. */
  readonly incidentsDir?: string
  readonly onBatch?: (report: BatchReport) => void
  readonly onStep?: (incident: number, result: StepResult) => void
  readonly onError?: (error: unknown) => void
}

/** Puts the rooms together; nothing runs until `start` or `drain`. */
export async function createRuntime(parts: RuntimeParts): Promise<Runtime> {
  const book = createIndicatorBook()
  const enricher = await openEnricher(parts.enrichDir, [book.provider])
  const { store } = parts
  let served = parts.bundle
  const bundle = () => served
  await store.transaction((tx) => keepBundle(tx, parts.bundle, { at: parts.clock(), authors: parts.authors ?? {} }))
  const pipeline = createPipeline({
    store,
    bundle,
    enrich: enricher.enrich,
    refresh: book.refresh,
    ...(parts.onBatch === undefined ? {} : { onBatch: parts.onBatch }),
    ...(parts.onError === undefined ? {} : { onError: parts.onError }),
  })
  const places = { artifactsDir: join(parts.workDir, 'artifacts'), outboxDir: join(parts.workDir, 'outbox') }
  const bundleOf = storedBundles(store, bundle)
  return {
    store,
    bundle,
    swap(next) {
      served = next
    },
    enricher,
    inbox: createInbox(store, pipeline.wake),
    pipeline,
    responder: createResponder({
      store,
      bundleOf,
      clock: parts.clock,
      current: bundle,
      quiet: pipeline.quiet,
      places,
      ...(parts.live === undefined ? {} : { live: parts.live }),
      ...(parts.onStep === undefined ? {} : { onStep: parts.onStep }),
      ...(parts.onError === undefined ? {} : { onError: parts.onError }),
    }),
    reconciler: createReconciler({
      store,
      bundleOf,
      // Read anew at each use.
      get current() {
        return served
      },
      clock: parts.clock,
      places,
      dir: parts.incidentsDir ?? null,
      ...(parts.live === undefined ? {} : { live: parts.live }),
      ...(parts.onError === undefined ? {} : { onError: parts.onError }),
    }),
  }
}
