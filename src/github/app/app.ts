import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { ProbotOctokit } from 'probot'
import type { OpenStore } from '../../store/index.ts'
import { createClients } from './clients.ts'
import type { Feature, FeatureOf, Handler, Seat } from './feature.ts'
import { createWebhookReceiver, type Taker } from './receive.ts'
import type { GithubSettings } from './settings.ts'
import { createDeliveryWorker, reasonOf } from './work-deliveries.ts'

/** A tenant with its repository, and what is done for it. */
export interface GithubTenant {
  readonly store: OpenStore
  readonly owner: string
  readonly repo: string
  readonly installation: number | null
  readonly features: readonly FeatureOf[]
}

export interface GithubAppParts {
  readonly settings: Pick<GithubSettings, 'appId' | 'privateKey' | 'apiUrl' | 'webUrl' | 'webhookSecrets'>
  readonly tenants: readonly GithubTenant[]
  readonly clock: () => number
  readonly log: (message: string) => void
  /** Counts what happened to webhooks and in features, by result. */
  readonly count: (result: string) => void
  /** How often GitHub is compared with our records; five minutes unless told. */
  readonly lookEveryMs?: number
  readonly maxBytes?: number
  /** Another client, for tests: Probot's own waits three seconds between comments. */
  readonly Octokit?: typeof ProbotOctokit
}

/** The GitHub app of one process: one address for webhooks, any number of tenants. */
export interface GithubApp {
  /** True when the request was a webhook of GitHub's. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Works off everything that is due; for tests and commands. */
  drain(): Promise<void>
  /** Compares GitHub with our records, once, for every tenant; what fails is told and left to the next time. */
  look(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const defaultLookMs = 5 * 60_000

export async function createGithubApp(parts: GithubAppParts): Promise<GithubApp> {
  const { settings, clock, log, count } = parts
  const clients = await createClients(settings, {
    log,
    clock,
    ...(parts.Octokit === undefined ? {} : { Octokit: parts.Octokit }),
  })
  const seated = parts.tenants.map((tenant) => {
    let installation = tenant.installation
    const seat: Seat = {
      store: tenant.store,
      owner: tenant.owner,
      repo: tenant.repo,
      webUrl: settings.webUrl,
      apiUrl: settings.apiUrl,
      appId: settings.appId,
      async client() {
        installation = await clients.installationOf(tenant)
        return clients.clientOf(tenant)
      },
      gitToken: () => clients.gitTokenOf(tenant),
      clock,
      log,
      count,
    }
    const features: readonly Feature[] = tenant.features.map((make) => make(seat))
    const handlersOf = (kind: string): readonly Handler[] =>
      features.flatMap(({ handlers }) => (Object.hasOwn(handlers, kind) ? [handlers[kind] as Handler] : []))
    const taker: Taker = {
      store: tenant.store,
      repository: `${tenant.owner}/${tenant.repo}`,
      installation: () => installation,
      wants: (event, action) => [event, `${event}.${action ?? ''}`].some((kind) => handlersOf(kind).length > 0),
    }
    return { seat, features, taker, worker: createDeliveryWorker(seat, handlersOf) }
  })
  const handle = await createWebhookReceiver({
    clients,
    webhookSecrets: settings.webhookSecrets,
    takers: seated.map((one) => one.taker),
    clock,
    count,
    ...(parts.maxBytes === undefined ? {} : { maxBytes: parts.maxBytes }),
  })
  const features = seated.flatMap((one) => one.features)
  const look = async () => {
    for (const { seat, features: own } of seated) {
      await seat.client().catch((error: unknown) => log(`GitHub does not answer: ${reasonOf(error)}`))
      for (const one of own)
        await one.look?.().catch((error: unknown) => {
          count('look-failed')
          log(`survived: looking at ${seat.owner}/${seat.repo}: ${reasonOf(error)}`)
        })
    }
  }
  const stopping = new AbortController()
  let looking: Promise<void> = Promise.resolve()
  return {
    handle,
    look,
    async drain() {
      for (const { worker } of seated) await worker.drain()
    },
    async start() {
      for (const one of features) await one.start?.()
      for (const { worker } of seated) await worker.start()
      looking = (async () => {
        while (!stopping.signal.aborted) {
          await look()
          const pause = parts.lookEveryMs ?? defaultLookMs
          await wait(pause, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
        }
      })()
    },
    async stop() {
      stopping.abort()
      for (const { worker } of seated) await worker.stop()
      for (const one of features) await one.stop?.()
      await looking
    },
  }
}
