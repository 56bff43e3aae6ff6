import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JsonObject } from '../core/model/index.ts'
import { createReceiver, createSeedApi, readLedger, refusedByGuard, send } from '../ingest/index.ts'
import { analyze } from './analyze.ts'
import { createApprovalsApi } from './approvals-api.ts'
import { createFetchText } from './fetch-text.ts'
import { createHealth } from './health.ts'
import { createHooks } from './hooks.ts'
import { isLoopback } from './loopback.ts'
import { createMetrics } from './metrics.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'

/** What one tenant is served with. */
export interface SiteOptions {
  readonly secrets: (name: string) => readonly string[] | undefined
  /** Configuration by integration, e.g. allowed SNS topics. */
  readonly config: (integration: string) => JsonObject
  /** What else runs while it serves, e.g. the anchoring of the audit chain. */
  readonly services?: readonly Service[]
}

/** Everything of one tenant that listens or works: its paths, its workers, its services. */
export interface Site {
  /** Answers one request; what it does not know is not found. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  count(integration: string, result: string): void
  countError(room: string): void
  start(): Promise<void>
  /** Finishes what is under way; the store stays open. */
  stop(): Promise<void>
}

/** One tenant over its runtime. It says 503 to everything but health and metrics while `stopping` says so. */
export function createSite(
  runtime: Runtime,
  { secrets, config, services = [] }: SiteOptions,
  shared: { readonly host: string; readonly clock: () => number; readonly stopping: () => boolean },
): Site {
  const { host, clock, stopping } = shared
  const metrics = createMetrics(runtime.store, runtime.reconciler.report)
  const proving = { secrets, fetchText: createFetchText({ clock }), loopback: isLoopback(host) }
  const receiver = createReceiver({
    inbox: runtime.inbox,
    integrations: () => runtime.bundle().integrations,
    context: proving,
    config,
    clock,
    count: metrics.countRequest,
  })
  const hooks = createHooks({
    store: runtime.store,
    bundle: runtime.bundle,
    context: proving,
    config: config('hooks'),
    clock,
    count: metrics.countRequest,
  })
  const seed = createSeedApi({
    inbox: runtime.inbox,
    secrets,
    loopback: isLoopback(host),
    clock,
    analyze: (wish) => analyze(runtime, wish),
    stats: async () => {
      const { total, waiting, balanced } = await readLedger(runtime.store)
      return { ...total, waiting, balanced }
    },
    count: metrics.countRequest,
  })
  const approvals = createApprovalsApi({
    store: runtime.store,
    team: () => runtime.bundle().team,
    secrets,
    clock,
    count: metrics.countRequest,
  })
  for (const one of services) one.counted?.(metrics.countRequest)
  const health = createHealth({
    bundle: runtime.bundle,
    secrets,
    config,
    loopback: isLoopback(host),
    services,
    containment: runtime.reconciler.report,
  })
  const readiness = async () => {
    if (stopping()) return { status: 503, body: 'stopping\n' }
    try {
      await runtime.store.transaction((tx) => tx.query('select 1'))
      const bundle = runtime.bundle()
      return { status: 200, body: `ready, bundle ${bundle.digest.slice(0, 16)} of ${bundle.commit}\n` }
    } catch {
      return { status: 503, body: 'the database does not answer\n' }
    }
  }
  const scrape = async (request: IncomingMessage) =>
    refusedByGuard(request, { secrets, loopback: isLoopback(host) }, ['metrics-token', 'api-token']) ?? {
      status: 200,
      body: await metrics.page(),
      contentType: metrics.contentType,
    }
  return {
    count: metrics.countRequest,
    countError: metrics.countError,
    async handle(request, response) {
      const path = request.url?.split('?')[0]
      if (path === '/health') return send(response, await health(request))
      if (path === '/readyz') return send(response, await readiness())
      if (path === '/metrics') return send(response, await scrape(request))
      if (stopping())
        return send(response, {
          status: 503,
          body: '{"error":"stopping"}',
          contentType: 'application/json',
          headers: { 'retry-after': '5' },
        })
      for (const one of services) if ((await one.handle?.(request, response)) === true) return
      for (const one of [receiver, hooks, seed, approvals]) if (await one(request, response)) return
      notFound(request, response)
    },
    async start() {
      await runtime.pipeline.start()
      await runtime.responder.start()
      runtime.reconciler.start()
      for (const one of services) await one.start()
    },
    async stop() {
      await runtime.inbox.idle()
      await Promise.all([runtime.pipeline.stop(), runtime.responder.stop(), runtime.reconciler.stop()])
      // Last: they tell others of what the rest has done.
      await Promise.all(services.map((one) => one.stop()))
    },
  }
}

/** Answers that nothing is there. */
export function notFound(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  send(response, { status: 404, body: '{"error":"not found"}', contentType: 'application/json' })
}
