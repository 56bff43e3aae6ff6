/** A moment in the life of a run at which its worker is killed. */
export interface Point {
  readonly effect: 'lock' | 'stamp' | 'fail' | 'unlock' | 'pause' | 'end'
  /** `sent` and `done` are the vendor's: the call has come in, what it asked for has been done. */
  readonly when: 'before intent' | 'after intent' | 'sent' | 'done' | 'before outcome' | 'after outcome'
}

const effects = ['lock', 'stamp', 'fail', 'unlock'] as const
const moments = ['before intent', 'after intent', 'sent', 'done', 'before outcome', 'after outcome'] as const

/** Every effect at every moment, the wait before and after it is on record, and the end of the run. */
export const points: readonly Point[] = [
  ...effects.flatMap((effect) =>
    moments.filter((when) => effect !== 'fail' || when !== 'done').map((when) => ({ effect, when })),
  ),
  { effect: 'pause', when: 'before intent' },
  { effect: 'pause', when: 'after intent' },
  { effect: 'end', when: 'before outcome' },
  { effect: 'end', when: 'after outcome' },
]
