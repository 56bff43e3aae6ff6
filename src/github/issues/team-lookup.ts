import type { Team } from '../../core/command/index.ts'
import type { FeatureOf } from '../app/feature.ts'
import type { GithubCalls } from './github-calls.ts'
import { seatCalls } from './seat-calls.ts'
import { teamsOf } from './speaker-of.ts'

/** Says to other channels in which teams of the organisation somebody is, as for comments. */
export interface TeamLookup {
  /** What the app has to run for it; without it nobody is in any team. */
  readonly feature: FeatureOf
  /**
   * Slugs of the team file's teams in which GitHub confirms the login. An answer holds for half a minute, so that a click and the
   * modal after it are one question. Throws when GitHub does not answer: nobody gets rights by that.
   */
  readonly teamsOf: (team: Team, login: string) => Promise<readonly string[]>
}

const keptMs = 30_000
const mostKept = 1000

export function createTeamLookup(options: { readonly clock: () => number; readonly callMs?: number }): TeamLookup {
  const { clock, callMs = 3_000 } = options
  const known = new Map<string, { readonly at: number; readonly isMember: boolean }>()
  let calls: GithubCalls | null = null
  const isMember = async (asked: GithubCalls, team: string, login: string): Promise<boolean> => {
    const key = JSON.stringify([team, login])
    const found = known.get(key)
    if (found !== undefined && clock() - found.at < keptMs) return found.isMember
    known.delete(key)
    const answer = await asked.isMember(team, login)
    if (known.size >= mostKept) known.clear()
    known.set(key, { at: clock(), isMember: answer })
    return answer
  }
  return {
    feature: (seat) => {
      calls = seatCalls(seat, callMs)
      return { handlers: {} }
    },
    teamsOf: async (team, login) => {
      const asked = calls
      return asked === null ? [] : teamsOf({ isMember: (slug, name) => isMember(asked, slug, name) }, team, login)
    },
  }
}
