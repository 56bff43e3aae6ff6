import { type Place, type Problem, problem } from '../model/index.ts'
import type { Bundle } from './bundle.ts'

/**
 * Overlays and suppression rules that are over at `now` (epoch milliseconds), as warnings. The bundle does not change by
 * it: decisions compare the day with the time an event was received.
 */
export function expiredContent(
  { overlays, correlation }: Pick<Bundle, 'overlays' | 'correlation'>,
  now: number,
): Problem[] {
  const over = (one: { expiresAt: number; owner: string }, what: string, place: Place | undefined): Problem[] =>
    now < one.expiresAt
      ? []
      : [
          {
            ...problem(
              'content/expired',
              `the ${what} of ${one.owner} ended on ${new Date(one.expiresAt).toISOString().slice(0, 10)} and changes nothing`,
              place,
              'remove it, or give it a new day with its reason looked at again',
            ),
            severity: 'warning',
          },
        ]
  return [
    ...overlays.flatMap((one) => over(one, 'overlay', one.place(['expires']))),
    ...correlation.suppression.flatMap((one) => over(one, 'suppression', one.ref.place)),
  ]
}
