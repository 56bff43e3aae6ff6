import { setTimeout as wait } from 'node:timers/promises'
import type { Store } from '../store/index.ts'
import { type AnchorPlace, anchorAudit } from './anchor-audit.ts'

/** Anchors the audit chain while the server runs. */
export interface Anchorer {
  start(): void
  /** Anchors once more and ends. */
  stop(): Promise<void>
}

export interface AnchorerParts {
  readonly store: Store
  readonly place: AnchorPlace
  readonly everyMs: number
  readonly clock: () => number
  readonly onError: (error: unknown) => void
}

/** Anchors at each interval; what failed is tried again at the next. Several replicas may: the branch moves by compare-and-set. */
export function createAnchorer({ store, place, everyMs, clock, onError }: AnchorerParts): Anchorer {
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()
  const once = () => anchorAudit(store, place, clock()).then(() => undefined, onError)
  return {
    start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await once()
          await wait(everyMs, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
        }
      })()
    },
    async stop() {
      stopping.abort()
      await loop
      await once()
    },
  }
}
