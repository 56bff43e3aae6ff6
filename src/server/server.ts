import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JsonObject } from '../core/model/index.ts'
import { createReceiver, createSeedApi, readLedger, type SyslogServer, send, startSyslog } from '../ingest/index.ts'
import { analyze } from './analyze.ts'
import { createApprovalsApi } from './approvals-api.ts'
import { createFetchText } from './fetch-text.ts'
import { createHealth } from './health.ts'
import { createHooks } from './hooks.ts'
import { createMetrics } from './metrics.ts'
import type { Runtime } from './runtime.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly secrets: (name: string) => readonly string[] | undefined
  /** Configuration by integration, e.g. allowed SNS topics. */
  readonly config: (integration: string) => JsonObject
  readonly clock: () => number
  readonly log: (message: string) => void
  /** Ports for syslog; left out they are not opened. */
  readonly syslogUdpPort?: number
  readonly syslogTcpPort?: number
  /** What else runs while it serves, e.g. the anchoring of the audit chain. */
  readonly services?: readonly Service[]
}

/** Something that works by itself between start and stop; `stop` waits for what is under way. */
export interface Service {
  /** Told before anything else where to count what happens. */
  counted?(count: (integration: string, result: string) => void): void
  /** Answers requests that are its own; false for every other. */
  handle?(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** How its channels stand, by name, for `/health`. */
  health?(): Promise<Readonly<Record<string, unknown>>>
  start(): void | Promise<void>
  stop(): Promise<void>
}

/** A running server. */
export interface Serving {
  readonly url: string
  readonly syslog: SyslogServer | null
  /** Takes no more requests, finishes what is under way, closes the store. */
  stop(): Promise<void>
}

/** Anything else than loopback needs signed deliveries and a token. */
export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

/** Serves webhooks, health and metrics over a runtime and starts its workers. */
export async function serve(runtime: Runtime, options: ServeOptions): Promise<Serving> {
  const metrics = createMetrics(runtime.store)
  const proving = {
    secrets: options.secrets,
    fetchText: createFetchText({ clock: options.clock }),
    loopback: isLoopback(options.host),
  }
  const receiver = createReceiver({
    inbox: runtime.inbox,
    integrations: () => runtime.bundle().integrations,
    context: proving,
    config: options.config,
    clock: options.clock,
    count: metrics.countRequest,
  })
  const hooks = createHooks({
    store: runtime.store,
    bundle: runtime.bundle,
    context: proving,
    config: options.config('hooks'),
    clock: options.clock,
    count: metrics.countRequest,
  })
  const seed = createSeedApi({
    inbox: runtime.inbox,
    secrets: options.secrets,
    loopback: isLoopback(options.host),
    clock: options.clock,
    analyze: (wish) => analyze(runtime, wish),
    stats: async () => {
      const { total, waiting, balanced } = await readLedger(runtime.store)
      return { ...total, waiting, balanced }
    },
    count: metrics.countRequest,
  })
  const approvals = createApprovalsApi({
    store: runtime.store,
    secrets: options.secrets,
    clock: options.clock,
    count: metrics.countRequest,
  })
  const services = options.services ?? []
  for (const one of services) one.counted?.(metrics.countRequest)
  const health = createHealth({
    bundle: runtime.bundle,
    secrets: options.secrets,
    config: options.config,
    loopback: isLoopback(options.host),
    services,
  })
  let stopping = false
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') return send(response, { status: 200, body: 'alive\n' })
    if (path === '/health') return send(response, await health(request))
    if (path === '/readyz') return send(response, await readiness())
    if (path === '/metrics')
      return send(response, { status: 200, body: await metrics.page(), contentType: metrics.contentType })
    if (stopping)
      return send(response, {
        status: 503,
        body: '{"error":"stopping"}',
        contentType: 'application/json',
        headers: { 'retry-after': '5' },
      })
    for (const one of services) if ((await one.handle?.(request, response)) === true) return
    for (const one of [receiver, hooks, seed, approvals]) if (await one(request, response)) return
    request.resume()
    send(response, { status: 404, body: '{"error":"not found"}', contentType: 'application/json' })
  }
  const readiness = async () => {
    if (stopping) return { status: 503, body: 'stopping\n' }
    try {
      await runtime.store.transaction((tx) => tx.query('select 1'))
      const bundle = runtime.bundle()
      return { status: 200, body: `ready, bundle ${bundle.digest.slice(0, 16)} of ${bundle.commit}\n` }
    } catch {
      return { status: 503, body: 'the database does not answer\n' }
    }
  }
  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        metrics.countError('server')
        options.log(`request failed: ${(error as Error).message}`)
        send(response, { status: 500, body: '{"error":"internal"}', contentType: 'application/json' })
      })
    },
  )
  await listen(server, options.host, options.port)
  const { syslogUdpPort, syslogTcpPort } = options
  const syslog =
    syslogUdpPort === undefined && syslogTcpPort === undefined
      ? null
      : await startSyslog({
          inbox: runtime.inbox,
          host: options.host,
          source: null,
          clock: options.clock,
          count: (result) => metrics.countRequest('syslog', result),
          ...(syslogUdpPort === undefined ? {} : { udpPort: syslogUdpPort }),
          ...(syslogTcpPort === undefined ? {} : { tcpPort: syslogTcpPort }),
        })
  await runtime.pipeline.start()
  await runtime.responder.start()
  runtime.reconciler.start()
  for (const one of services) await one.start()
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    syslog,
    async stop() {
      stopping = true
      await syslog?.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await runtime.inbox.idle()
      await Promise.all([runtime.pipeline.stop(), runtime.responder.stop(), runtime.reconciler.stop()])
      // Last: they tell others of what the rest has done.
      await Promise.all(services.map((one) => one.stop()))
      server.closeAllConnections()
      await closed
      await runtime.store.close()
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
