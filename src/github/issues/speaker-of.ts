import type { Speaker } from '../../chatops/index.ts'
import { analystOf, rolesOf, type Team } from '../../core/command/index.ts'
import type { GithubCalls } from './github-calls.ts'

/**
 * Who a login is, with the roles that hold now: those of the analyst of that login, and those of the teams of the organisation that
 * GitHub confirms at this moment. Throws when GitHub does not answer: nobody gets rights by that.
 */
export async function speakerOf(calls: GithubCalls, team: Team, login: string): Promise<Speaker> {
  const analyst = analystOf(team, { github: login })
  const memberOf = await teamsOf(calls, team, login)
  return { actor: analyst?.id ?? login, roles: rolesOf(team, analyst, memberOf), channel: 'github' }
}

/** Slugs of the teams of which GitHub confirms at this moment that a login is an active member. */
export async function teamsOf(
  calls: Pick<GithubCalls, 'isMember'>,
  team: Team,
  login: string,
): Promise<readonly string[]> {
  const memberOf: string[] = []
  for (const { github } of team.teams) if (await calls.isMember(github, login)) memberOf.push(github)
  return memberOf
}
