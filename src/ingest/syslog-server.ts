import { createSocket } from 'node:dgram'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Inbox } from './inbox.ts'
import { createLineSink } from './line-sink.ts'
import { createFrames } from './syslog-frames.ts'

/** What a syslog server works with. Ports that are left out are not opened; 0 takes any free one. */
export interface SyslogParts {
  readonly inbox: Inbox
  readonly host: string
  readonly udpPort?: number
  readonly tcpPort?: number
  /** The integration the lines come from; null = recognised by the manifests. */
  readonly source: string | null
  readonly clock: () => number
  /** Counts what happened: `accepted`, `cut`, `lost` (no room), `refused` (the inbox, tried again), `too-many-connections`. */
  readonly count: (result: string) => void
  readonly limits?: Partial<SyslogLimits>
}

export interface SyslogLimits {
  readonly messageBytes: number
  readonly connections: number
  readonly idleMs: number
  /** Lines in memory that are not on disk yet. */
  readonly bufferBytes: number
  /** How long stopping goes on trying to bring in what is in memory. */
  readonly stopMs: number
}

/** A running syslog server, with the ports it took. */
export interface SyslogServer {
  readonly udpPort: number | null
  readonly tcpPort: number | null
  /** Takes no more, and returns when what was taken is on disk. */
  stop(): Promise<void>
}

const defaults: SyslogLimits = {
  messageBytes: 64 * 1024,
  connections: 200,
  idleMs: 600_000,
  bufferBytes: 16 * 1024 * 1024,
  stopMs: 5000,
}

/**
 * Takes syslog (RFC 5424, RFC 3164, or any text a line) by UDP and TCP. Syslog has no acknowledgement: what stands in
 * memory when the machine dies, at most the lines of a fifth of a second, is lost. TCP senders are made to wait while the
 * inbox refuses; UDP datagrams for which there is no room are counted as `lost`.
 */
export async function startSyslog(parts: SyslogParts): Promise<SyslogServer> {
  const limits = { ...defaults, ...parts.limits }
  const { count } = parts
  const sink = createLineSink({
    inbox: parts.inbox,
    source: parts.source,
    clock: parts.clock,
    maxBytes: limits.bufferBytes,
    onRefused: () => count('refused'),
  })
  const add = (message: Buffer, cut: boolean) => {
    const taken = sink.add(Buffer.from(message))
    count(taken ? 'accepted' : 'lost')
    if (cut) count('cut')
  }

  const sockets = new Set<Socket>()
  sink.onRoom(() => {
    for (const socket of sockets) socket.resume()
  })
  const serveSocket = (socket: Socket) => {
    const frames = createFrames(limits.messageBytes)
    sockets.add(socket)
    socket.setTimeout(limits.idleMs, () => socket.destroy())
    socket.on('data', (bytes) => {
      for (const { message, cut } of frames.push(bytes)) add(message, cut)
      if (sink.full) socket.pause()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      for (const { message, cut } of frames.end()) add(message, cut)
    })
  }

  const tcp = parts.tcpPort === undefined ? null : createServer(serveSocket)
  if (tcp !== null) {
    tcp.maxConnections = limits.connections
    tcp.on('drop', () => count('too-many-connections'))
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(parts.tcpPort, parts.host, () => resolve())
    })
    tcp.on('error', () => count('failed'))
  }
  const udp = parts.udpPort === undefined ? null : createSocket({ type: parts.host.includes(':') ? 'udp6' : 'udp4' })
  if (udp !== null) {
    udp.on('message', (message) => add(message.subarray(0, limits.messageBytes), message.length > limits.messageBytes))
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject)
      udp.bind(parts.udpPort, parts.host, () => resolve())
    }).catch((error: unknown) => {
      tcp?.close()
      throw error
    })
    udp.on('error', () => count('failed'))
  }

  return {
    udpPort: udp?.address().port ?? null,
    tcpPort: tcp === null ? null : (tcp.address() as AddressInfo).port,
    async stop() {
      const closed = Promise.all([
        new Promise<void>((resolve) => (tcp === null ? resolve() : tcp.close(() => resolve()))),
        new Promise<void>((resolve) => (udp === null ? resolve() : udp.close(() => resolve()))),
      ])
      for (const socket of sockets) socket.destroy()
      await closed
      const lost = await sink.stop(limits.stopMs)
      for (let n = 0; n < lost; n++) count('lost')
    },
  }
}
