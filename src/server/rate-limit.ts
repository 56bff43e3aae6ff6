/** How often somebody may do something in a window of time. */
export interface RateLimit {
  /** Counts one more; false when that is too many. */
  take(who: string): boolean
  isOver(who: string): boolean
}

const mostKnown = 10_000

/** A limit with fixed windows. It knows ten thousand at once; when there are more, everybody who is new is refused until the window ends. */
export function createRateLimit(limit: {
  readonly most: number
  readonly windowMs: number
  readonly clock: () => number
}): RateLimit {
  let counts = new Map<string, number>()
  let endsAt = 0
  const countsNow = () => {
    const now = limit.clock()
    if (now >= endsAt) {
      counts = new Map()
      endsAt = now + limit.windowMs
    }
    return counts
  }
  return {
    take(who) {
      const now = countsNow()
      const count = now.get(who) ?? (now.size >= mostKnown ? limit.most : 0)
      if (count < limit.most) now.set(who, count + 1)
      return count < limit.most
    },
    isOver(who) {
      const now = countsNow()
      return (now.get(who) ?? (now.size >= mostKnown ? limit.most : 0)) >= limit.most
    },
  }
}
