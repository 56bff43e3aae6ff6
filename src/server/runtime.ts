import { join } from 'node:path'
import type { Bundle } from '../core/content/index.ts'
import type { StepResult } from '../core/playbook/index.ts'
import type { Enricher } from '../enrich/index.ts'
import { openEnricher } from '../enrich/index.ts'
import { createInbox, type Inbox } from '../ingest/index.ts'
import { type BatchReport, createPipeline, type Pipeline } from '../pipeline/index.ts'
import {
  createReconciler,
  createResponder,
  type Live,
  type Reconciler,
  type Responder,
  storedBundles,
} from '../respond/index.ts'
import type { OpenStore } from '../store/index.ts'

/** The rooms put together over one store, for one tenant. */
export interface Runtime {
  readonly store: OpenStore
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
  const enricher = await openEnricher(parts.enrichDir)
  const { store, bundle } = parts
  await store.transaction((tx) =>
    tx.query(
      `insert into bundle (tenant, digest, commit, deployed_at, files, authors) values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant, digest) do update set authors = excluded.authors where excluded.authors <> '{}'`,
      [
        tx.tenant,
        bundle.digest,
        bundle.commit,
        parts.clock(),
        JSON.stringify(bundle.files),
        JSON.stringify(parts.authors ?? {}),
      ],
    ),
  )
  const pipeline = createPipeline({
    store,
    bundle: () => bundle,
    enrich: enricher.enrich,
    ...(parts.onBatch === undefined ? {} : { onBatch: parts.onBatch }),
    ...(parts.onError === undefined ? {} : { onError: parts.onError }),
  })
  const places = { artifactsDir: join(parts.workDir, 'artifacts'), outboxDir: join(parts.workDir, 'outbox') }
  const bundleOf = storedBundles(store, bundle)
  return {
    store,
    enricher,
    inbox: createInbox(store),
    pipeline,
    responder: createResponder({
      store,
      bundleOf,
      clock: parts.clock,
      current: () => bundle,
      quiet: pipeline.quiet,
      places,
      ...(parts.live === undefined ? {} : { live: parts.live }),
      ...(parts.onStep === undefined ? {} : { onStep: parts.onStep }),
      ...(parts.onError === undefined ? {} : { onError: parts.onError }),
    }),
    reconciler: createReconciler({
      store,
      bundleOf,
      current: bundle,
      clock: parts.clock,
      places,
      dir: parts.incidentsDir ?? null,
      ...(parts.live === undefined ? {} : { live: parts.live }),
      ...(parts.onError === undefined ? {} : { onError: parts.onError }),
    }),
  }
}
