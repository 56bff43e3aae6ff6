/** Runs that are left alone for now. */
export interface Rests {
  ids(): readonly string[]
  /** This one cannot go on or has nothing to do. */
  add(run: string): void
  /** These had a turn because they were due. */
  saw(runs: readonly string[]): void
}

/** Each run is looked at once. */
export function restsUntilTheEnd(): Rests {
  const runs = new Set<string>()
  return {
    ids: () => [...runs],
    add: (run) => void runs.add(run),
    saw(due) {
      for (const run of due) runs.add(run)
    },
  }
}

/** One that cannot go on is looked at again after `ms`, by a clock that does not jump. */
export function restsFor(ms: number): Rests {
  const until = new Map<string, number>()
  return {
    ids() {
      const now = performance.now()
      for (const [run, at] of until) if (at <= now) until.delete(run)
      return [...until.keys()]
    },
    add: (run) => void until.set(run, performance.now() + ms),
    saw() {},
  }
}
