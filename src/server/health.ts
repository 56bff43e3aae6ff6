import type { IncomingMessage } from 'node:http'
import type { Bundle } from '../core/content/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import { type Answer, type ApiGuardParts, refusedByGuard, webhookStatus } from '../ingest/index.ts'
import type { ContainmentReport } from '../respond/index.ts'
import { hookStatus } from './hooks.ts'

export interface HealthParts extends ApiGuardParts {
  readonly bundle: () => Bundle
  readonly config: (integration: string) => JsonObject
  readonly containment: () => ContainmentReport
  readonly services: readonly { health?(): Promise<Readonly<Record<string, unknown>>> }[]
}

const maxDrift = 100

/**
 * Answers `GET /health`: that the server is alive for everybody, as load balancers and containers ask, and what every webhook lacks
 * how the channels stand and where containment differs from files and vendors for whom `/stats` answers too.
 */
export function createHealth(parts: HealthParts): (request: IncomingMessage) => Promise<Answer> {
  const details = async () => {
    const bundle = parts.bundle()
    const webhooks = await webhookStatus(bundle.integrations, parts, parts.config)
    const hooks = await hookStatus(bundle, parts, parts.config('hooks'))
    const known = await Promise.all(parts.services.map((one) => one.health?.() ?? {})).catch(() => null)
    const channels = known === null ? 'unknown: the database does not answer' : Object.assign({}, ...known)
    const { at, drift, left } = parts.containment()
    const containment = {
      at: at === null ? null : new Date(at).toISOString(),
      drift: drift.slice(0, maxDrift),
      driftCount: drift.length,
      left: left.slice(0, maxDrift),
      leftCount: left.length,
    }
    return { status: 'alive', bundle: bundle.digest, commit: bundle.commit, webhooks, hooks, channels, containment }
  }
  return async (request) => {
    const closed = refusedByGuard(request, parts)
    const value =
      closed === null
        ? await details()
        : {
            status: 'alive',
            details: 'webhooks and channels are told to callers with "Authorization: Bearer <api-token>"',
          }
    return { status: 200, body: JSON.stringify(value), contentType: 'application/json' }
  }
}
