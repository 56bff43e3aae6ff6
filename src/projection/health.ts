/** How the other side of a channel is doing. Times are epoch milliseconds. */
export interface Health {
  /** Failures without a success between them. */
  readonly failures: number
  /** Since when it is taken for away; null while it is there. */
  readonly awaySince: number | null
  /** When one write is tried to see whether it is back. */
  readonly probeAt: number
  /** It answers, but lets us do nothing: what a person has to change. Absent while that is not so. */
  readonly barred?: { readonly why: string; readonly todo: string }
  /** It asked to be left alone until then. */
  readonly pausedUntil: number
}

export const healthy: Health = { failures: 0, awaySince: null, probeAt: 0, pausedUntil: 0 }

const failuresOfAway = 3
const firstProbeMs = 5_000
const longestProbeMs = 60_000

/** When a write may begin: `at` itself, or later. While the other side is away only one is let through at a time. */
export function mayBeginAt(health: Health, at: number): number {
  return Math.max(at, health.pausedUntil, health.awaySince === null ? 0 : health.probeAt)
}

/** A write begins: while the other side is away it is the probe, and the next one waits for `leaseMs`. */
export function afterBegin(health: Health, at: number, leaseMs: number): Health {
  return health.awaySince === null ? health : { ...health, probeAt: at + leaseMs }
}

/** It answered. */
export function afterAnswer(health: Health): Health {
  return { ...healthy, pausedUntil: health.pausedUntil }
}

/** It did not answer: from the third time on it is away, and is asked again after 5 s, then up to a minute. */
export function afterSilence({ barred: _, ...health }: Health, at: number): Health {
  const failures = health.failures + 1
  const probes = Math.max(0, failures - failuresOfAway)
  return {
    ...health,
    failures,
    awaySince: health.awaySince ?? (failures >= failuresOfAway ? at : null),
    probeAt: at + Math.min(longestProbeMs, firstProbeMs * 2 ** Math.min(20, probes)),
  }
}

/** It lets us do nothing: that is so for all of it, at once, and is asked about as often as when it is away. */
export function afterBar(health: Health, at: number, barred: NonNullable<Health['barred']>): Health {
  return { ...afterSilence(health, at), awaySince: health.awaySince ?? at, barred }
}

/** It wants to be left alone. That is an answer. */
export function afterLimit(health: Health, until: number): Health {
  return { ...healthy, pausedUntil: Math.max(health.pausedUntil, until) }
}
