import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bundle } from '../core/content/index.ts'
import { createDrain, enableChannel } from '../projection/index.ts'
import type { Store } from '../store/index.ts'
import { createEscalator } from './escalator.ts'
import { createPageWriter } from './page-writer.ts'
import { type PagerDutySettings, routingSecret } from './settings.ts'
import type { Reach } from './tell.ts'
import { createPagerWebhook } from './webhook.ts'

export interface PagingParts {
  readonly store: Store
  readonly bundle: () => Bundle
  /** Null = PagerDuty is not configured; policies then use the other channels. */
  readonly settings: PagerDutySettings | null
  readonly secrets: (name: string) => readonly string[] | undefined
  readonly slack: boolean
  readonly email: Reach['email']
  readonly clock: () => number
  readonly log: (message: string) => void
  readonly timeoutMs?: number
}

/** Escalation and PagerDuty, connected. */
export interface Paging {
  /** Handles `/pagerduty/webhook`; true when the request was one of those. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  /** Looks at what changed and at the clock, and calls PagerDuty; once. */
  tick(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** PagerDuty gives no figure and throttles as it likes (developer-docs, "Rate Limits"); 2 a second is far from what others report. */
const budget = [{ writes: 120, perMs: 60_000, burst: 20 }]

/** The services that the escalation policies of some content call. */
export const servicesOf = ({ escalationPolicies }: Pick<Bundle, 'escalationPolicies'>): readonly string[] => [
  ...new Set(
    escalationPolicies
      .flatMap(({ levels, approvals }) => [
        ...levels.flatMap((one) => one.tell),
        ...approvals.asked,
        ...approvals.escalated,
        ...(approvals.expiring?.tell ?? []),
      ])
      .flatMap((tell) => (tell.by === 'pagerduty' ? [tell.service] : [])),
  ),
]

/** Puts the clock, the writer and the webhook together. Nothing is sent before `start` or `tick`. */
export function connectPaging(parts: PagingParts): Paging {
  const { store, bundle, settings, clock, log } = parts
  const timeoutMs = parts.timeoutMs ?? 5_000
  const routingKey = (service: string) => parts.secrets(routingSecret(service))?.[0] ?? null
  const escalator = createEscalator({
    store,
    clock,
    log,
    policies: () => bundle().escalationPolicies,
    team: () => bundle().team.analysts,
    reach: {
      slack: parts.slack,
      pagerduty: (service) => settings !== null && routingKey(service) !== null,
      email: parts.email,
    },
  })
  const pages =
    settings === null
      ? null
      : createDrain({
          store,
          channel: 'pagerduty',
          budget,
          clock,
          log,
          callMs: timeoutMs,
          write: createPageWriter({ store, routingKey, eventsUrl: settings.eventsUrl, timeoutMs, clock }),
        })
  const webhook = settings?.webhook ?? null
  const handle =
    settings === null || webhook === null
      ? async () => false
      : createPagerWebhook({ store, bundle, clock, timeoutMs, settings: { ...settings, webhook } })
  const enable = async () => {
    // Nobody is woken by a first start for incidents of the past.
    await enableChannel(store, 'escalation', clock(), 'none')
    if (pages !== null) await enableChannel(store, 'pagerduty', clock())
  }
  return {
    handle,
    async tick() {
      await enable()
      await escalator.tick()
      await pages?.drain()
    },
    async start() {
      await enable()
      await escalator.start()
      await pages?.start()
    },
    async stop() {
      await Promise.all([escalator.stop(), pages?.stop()])
    },
  }
}
