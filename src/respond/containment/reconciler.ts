import { setTimeout as wait } from 'node:timers/promises'
import { type ReconcileParts, reconcileContainment } from './reconcile.ts'

/** Keeps containment and files equal while the server runs. */
export interface Reconciler {
  start(): void
  /** Waits for what is under way. */
  stop(): Promise<void>
}

const everyMs = 10_000

/** Looks every ten seconds. What failed before is left to a person; what is denied is asked about again each time. */
export function createReconciler(
  parts: ReconcileParts & { readonly everyMs?: number; readonly onError?: (error: unknown) => void },
): Reconciler {
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()
  return {
    start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await reconcileContainment(parts, { actor: 'gitsoc', again: false }).catch((error: unknown) =>
            parts.onError?.(error),
          )
          await wait(parts.everyMs ?? everyMs, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
        }
      })()
    },
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
