import { inboxSince } from '../ingest/index.ts'
import type { OpenStore } from '../store/index.ts'
import type { History } from './history.ts'
import { readInbox } from './read-inbox.ts'

const dayMs = 86_400_000

export interface TenantHistoryParts {
  /** The time by which days are counted, epoch milliseconds. */
  readonly now: number
  readonly enrichDir: string | null
  /** 30 when nothing is said. */
  readonly days?: number
  /** Of more, the newest are taken and the history says so; a million when nothing is said. */
  readonly maxEvents?: number
}

/**
 * What a tenant received in the last days, as the inbox has it. What comes in while it is read is not in it. Null when there is
 * nothing. State of rules that learn, and incidents that were open before, are not brought along: history begins with its
 * first event.
 */
export async function tenantHistory(store: OpenStore, parts: TenantHistoryParts): Promise<History | null> {
  const { now, enrichDir, days = 30, maxEvents = 1_000_000 } = parts
  const span = await store.snapshot((tx) => inboxSince(tx, now - days * dayMs, maxEvents))
  if (span === null) return null
  return {
    enrichDir,
    tenant: store.tenant,
    deliveries: () => readInbox(store, span),
    ...(span.omitted > 0
      ? { note: `the history is the newest ${span.events} of ${span.events + span.omitted} events of ${days} days` }
      : {}),
  }
}
