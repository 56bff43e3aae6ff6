import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type SyslogServer, send, startSyslog } from '../ingest/index.ts'
import type { Runtime } from './runtime.ts'
import { createSite, notFound, type Site, type SiteOptions } from './site.ts'

/** The server, and what its own tenant is served with. */
export interface ServeOptions extends SiteOptions {
  readonly host: string
  readonly port: number
  readonly clock: () => number
  readonly log: (message: string) => void
  /** Ports for syslog; left out they are not opened. */
  readonly syslogUdpPort?: number
  readonly syslogTcpPort?: number
  /** Other tenants of the same server by name: their paths begin with `/tenants/<name>`. */
  readonly tenants?: ReadonlyMap<string, SiteOptions & { readonly runtime: Runtime }>
}

/** A running server. */
export interface Serving {
  readonly url: string
  readonly syslog: SyslogServer | null
  /** Takes no more requests, finishes what is under way, closes the stores. */
  stop(): Promise<void>
}

/** Serves webhooks, health and metrics over a runtime, and over those of other tenants, and starts their workers. */
export async function serve(runtime: Runtime, options: ServeOptions): Promise<Serving> {
  const { host, clock, tenants = new Map() } = options
  let stopping = false
  const shared = { host, clock, stopping: () => stopping }
  const own = createSite(runtime, options, shared)
  const others = new Map<string, Site>()
  for (const [name, one] of tenants) others.set(name, createSite(one.runtime, one, shared))
  const sites = [own, ...others.values()]
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? '/'
    if (url.split('?')[0] === '/healthz') return send(response, { status: 200, body: 'alive\n' })
    const [, name, path] = /^\/tenants\/([a-z0-9-]+)(\/.*)$/s.exec(url) ?? []
    if (name === undefined || path === undefined) return own.handle(request, response)
    const other = others.get(name)
    if (other === undefined) return notFound(request, response)
    request.url = path
    return other.handle(request, response)
  }
  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        own.countError('server')
        options.log(`request failed: ${(error as Error).message}`)
        send(response, { status: 500, body: '{"error":"internal"}', contentType: 'application/json' })
      })
    },
  )
  await listen(server, host, options.port)
  const { syslogUdpPort, syslogTcpPort } = options
  const syslog =
    syslogUdpPort === undefined && syslogTcpPort === undefined
      ? null
      : await startSyslog({
          inbox: runtime.inbox,
          host,
          source: null,
          clock,
          count: (result) => own.count('syslog', result),
          ...(syslogUdpPort === undefined ? {} : { udpPort: syslogUdpPort }),
          ...(syslogTcpPort === undefined ? {} : { tcpPort: syslogTcpPort }),
        })
  // The own one last: its services may be shared with the others'.
  for (const site of sites.toReversed()) await site.start()
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    syslog,
    async stop() {
      stopping = true
      await syslog?.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await Promise.all(sites.map((site) => site.stop()))
      server.closeAllConnections()
      await closed
      for (const one of tenants.values()) await one.runtime.store.close()
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
