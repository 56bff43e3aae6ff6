import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type App, SocketModeReceiver } from '@slack/bolt'
import type { Bundle } from '../core/content/index.ts'
import { createDrain, type Drain, enableChannel, NotNow } from '../projection/index.ts'
import type { Store } from '../store/index.ts'
import { callMs, clientOptions, createClient, failureOf, quietLogger } from './client.ts'
import { type AppParts, createApp } from './create-app.ts'
import { createFindChannel } from './find-channel.ts'
import { createHttpReceiver } from './receive-http.ts'
import type { SlackSettings } from './settings.ts'
import { writeCall } from './write-call.ts'
import { writeIncident } from './write-incident.ts'

export interface SlackParts {
  readonly store: Store
  readonly settings: SlackSettings
  readonly bundle: () => Bundle
  readonly clock: () => number
  readonly log: (message: string) => void
  readonly teamsOf: AppParts['teamsOf']
  /** How long an incident's message rests between two edits; 3 s unless told. */
  readonly restMs?: number
}

/** Slack, connected. */
export interface Slack {
  /** Handles `/slack/events`; true when the request was one of those. With Socket Mode it never is. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  readonly drain: Drain['drain']
  /** `http`, or whether the socket is open. */
  readonly state: () => 'http' | 'connected' | 'connecting'
  start(): Promise<void>
  stop(): Promise<void>
}

/** Slack takes about one message a second in a channel, with short bursts (docs.slack.dev/apis/web-api/rate-limits). */
const budget = [
  { writes: 1, perMs: 1_000, burst: 5 },
  { writes: 50, perMs: 60_000, burst: 20 },
]
const reconnectMs = 15_000

/** Puts the app, its receiver and the outbox's writer together. Nothing is sent before `start`. */
export function connect(parts: SlackParts): Slack {
  const { store, settings, bundle, clock, log } = parts
  const client = createClient(settings, log)
  const findChannel = createFindChannel(client, clock)
  const appParts = { ...parts, client }
  const writeParts = { store, client, findChannel, clock, rules: () => bundle().notify }
  const callParts = { store, client, findChannel, workspace: settings.team, team: () => bundle().team }
  const drain = createDrain({
    store,
    channel: 'slack',
    budget,
    clock,
    log,
    callMs: 2 * callMs,
    restMs: parts.restMs ?? 3_000,
    write: async (due, hand) => {
      try {
        return due.incident === null
          ? await writeCall(callParts, due.body, hand)
          : await writeIncident(writeParts, due, due.incident, hand)
      } catch (error) {
        if (error instanceof NotNow) throw error
        return { ok: false, failure: failureOf(error, clock()) }
      }
    },
  })
  const way = settings.receive === 'http' ? overHttp() : overSocket()

  function overHttp() {
    const http = createHttpReceiver({ signingSecrets: settings.signingSecrets, clock, log })
    http.bind(createApp(appParts, http.receiver))
    return { handle: http.handle, state: () => 'http' as const, start: async () => {}, stop: async () => {} }
  }

  function overSocket() {
    const receiver = new SocketModeReceiver({
      appToken: settings.appToken ?? '',
      logger: quietLogger(log),
      installerOptions: { clientOptions: clientOptions(settings, log) },
    })
    const app: App = createApp(appParts, receiver)
    const stopping = new AbortController()
    let isOpen = false
    receiver.client.on('connected', () => {
      isOpen = true
    })
    receiver.client.on('disconnected', () => {
      isOpen = false
    })
    const open = async () => {
      while (!stopping.signal.aborted && !isOpen) {
        await app.start().then(
          () => {
            isOpen = true
          },
          (error: unknown) => log(`slack: Socket Mode is not open yet: ${(error as Error).message}`),
        )
        if (!isOpen) await delay(reconnectMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      }
    }
    return {
      handle: async () => false,
      state: () => (isOpen ? ('connected' as const) : ('connecting' as const)),
      // Not awaited: an outage of Slack keeps no server from starting.
      start: async () => void open(),
      stop: async () => {
        stopping.abort()
        await app.stop().catch(() => {})
      },
    }
  }

  return {
    handle: way.handle,
    state: way.state,
    drain: drain.drain,
    async start() {
      // Old incidents get their message when something happens to them: a first start is not to fill a channel.
      await enableChannel(store, 'slack', clock(), 'none')
      await way.start()
      await drain.start()
    },
    async stop() {
      await Promise.all([way.stop(), drain.stop()])
    },
  }
}
