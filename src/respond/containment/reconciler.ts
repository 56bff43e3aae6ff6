import { setTimeout as wait } from 'node:timers/promises'
import { createVendorWatch } from './ask-vendors.ts'
import type { Drift } from './plan.ts'
import { containmentStatus, type ReconcileParts, reconcileContainment } from './reconcile.ts'

/** What the last look left: where files, reality and vendors differ, and what could not be done about it. */
export interface ContainmentReport {
  /** When it was looked, epoch milliseconds; null before the first look has ended. */
  readonly at: number | null
  readonly drift: readonly Drift[]
  readonly left: readonly string[]
}

/** Keeps containment and files equal while the server runs. */
export interface Reconciler {
  start(): void
  report(): ContainmentReport
  /** Waits for what is under way. */
  stop(): Promise<void>
}

const everyMs = 10_000
/** Thirty questions a minute at most, each effect every five minutes. */
const pace = { atOnce: 5, forMs: 300_000 }

/** Looks every ten seconds. What was refused before is left to a person; what is denied is asked about again each time. */
export function createReconciler(
  parts: ReconcileParts & { readonly everyMs?: number; readonly onError?: (error: unknown) => void },
): Reconciler {
  const stopping = new AbortController()
  const watch = createVendorWatch(parts, pace)
  let loop: Promise<void> = Promise.resolve()
  let report: ContainmentReport = { at: null, drift: [], left: [] }
  const look = async () => {
    const { left } = await reconcileContainment(parts, { actor: 'gitsoc', again: false })
    const { drift } = await containmentStatus(parts, null, watch)
    report = { at: parts.clock(), drift, left }
  }
  return {
    start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await look().catch((error: unknown) => parts.onError?.(error))
          await wait(parts.everyMs ?? everyMs, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
        }
      })()
    },
    report: () => report,
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
