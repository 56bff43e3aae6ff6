import { setTimeout as wait } from 'node:timers/promises'
import { beginClosing, type ClosingParts, workClosed } from './work-closed.ts'

/** Works off closed incidents while the server runs. */
export interface Closer {
  start(): Promise<void>
  /** Waits for what is under way. */
  stop(): Promise<void>
}

const everyMs = 30_000

/** Looks every half minute; several replicas share the work. */
export function createCloser(parts: ClosingParts & { readonly everyMs?: number }): Closer {
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()
  return {
    async start() {
      await beginClosing(parts.store, parts.clock())
      loop = (async () => {
        while (!stopping.signal.aborted) {
          const worked = await workClosed(parts).catch((error: unknown) => {
            parts.onError?.(error)
            return false
          })
          if (!worked)
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
