import type { Seat } from '../app/feature.ts'
import { type Authorized, createCalls, type GithubCalls } from './github-calls.ts'

/** The requests of a seat as its installation, each no longer than `callMs`. */
export const seatCalls = (seat: Seat, callMs: number): GithubCalls =>
  createCalls({
    ...{ apiUrl: seat.apiUrl, owner: seat.owner, repo: seat.repo, clock: seat.clock, callMs },
    // Not the client itself: Probot's waits three seconds between writes and tries again by itself.
    authorized: async () => hookOf((await seat.client()).auth),
  })

/** The hook that Octokit's authentication strategies have and its types do not tell of. */
function hookOf(auth: object): Authorized {
  if ('hook' in auth && typeof auth.hook === 'function') return auth.hook as Authorized
  throw new Error('the client has no authentication of its own')
}
