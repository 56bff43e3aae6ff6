import type { Speaker } from '../chatops/index.ts'
import { type Analyst, analystOf, rolesOf, type Team } from '../core/command/index.ts'
import { failureOf, platformError, type SlackClient } from './client.ts'

/** Who a Slack user is to us, or why nobody. */
export type WhoIs =
  | {
      readonly ok: true
      readonly speaker: Speaker
      readonly analyst: Analyst
      /** Why there may be fewer roles than the person thinks; null when all were looked up. */
      readonly note: string | null
    }
  | { readonly ok: false; readonly why: string }

export interface WhoIsParts {
  readonly client: SlackClient
  /** The workspace that counts. */
  readonly workspace: string
  readonly team: () => Team
  /** Slugs of the teams on GitHub in which a login is now, none where GitHub is not configured; throws when nobody can say. */
  readonly teamsOf: (team: Team, login: string) => Promise<readonly string[]>
  readonly clock: () => number
}

interface User {
  readonly id?: string
  readonly team_id?: string
  readonly deleted?: boolean
  readonly is_bot?: boolean
  readonly is_restricted?: boolean
  readonly is_ultra_restricted?: boolean
  readonly is_stranger?: boolean
  readonly is_email_confirmed?: boolean
  readonly profile?: { readonly email?: string }
}

/**
 * Asks Slack who the user is, each time anew, and finds the analyst by the confirmed mail address. Names that people choose
 * for themselves are never looked at. Without Slack's answer nobody is anybody. Roles are those of the team's file and of the
 * teams on GitHub that confirm the analyst's login, both as they are now.
 */
export async function whoIs(parts: WhoIsParts, userId: string, fromTeam: string | undefined): Promise<WhoIs> {
  if (fromTeam !== parts.workspace) return nobody('this comes from another workspace')
  let user: User | undefined
  try {
    user = (await parts.client.users.info({ user: userId })).user as User | undefined
  } catch (error) {
    if (platformError(error) === 'user_not_found') return nobody('Slack does not know this user')
    return nobody(`Slack does not say who this is: ${failureOf(error, parts.clock()).why}`)
  }
  if (user?.id !== userId) return nobody('Slack does not say who this is')
  const fault = userFault(user, parts.workspace)
  if (fault !== null) return nobody(fault)
  const analyst = analystOf(parts.team(), { email: user.profile?.email ?? '', slack: userId })
  if (analyst === null) return nobody('no file of rules/team has your mail address')
  if (analyst.slack !== null && analyst.slack !== userId)
    return nobody('rules/team names another Slack user for your mail address')
  const { memberOf, note } = await membershipsOf(parts, analyst)
  return {
    ok: true,
    analyst,
    speaker: { actor: analyst.id, roles: rolesOf(parts.team(), analyst, memberOf), channel: 'slack' },
    note,
  }
}

/** By the login that rules/team gives, never by what Slack shows. Without GitHub's answer only the roles of the file count. */
async function membershipsOf(
  { team, teamsOf }: WhoIsParts,
  { github }: Analyst,
): Promise<{ readonly memberOf: readonly string[]; readonly note: string | null }> {
  if (github === null || team().teams.length === 0) return { memberOf: [], note: null }
  try {
    return { memberOf: await teamsOf(team(), github), note: null }
  } catch {
    return { memberOf: [], note: 'GitHub does not say which teams you are in: roles by a team do not count now.' }
  }
}

/** Why what this user says does not count (docs.slack.dev/reference/objects/user-object); null when it does. */
export function userFault(user: User, workspace: string): string | null {
  if (user.deleted === true) return 'this account is switched off'
  if (user.is_bot === true) return 'what a machine says is no command'
  if (user.team_id !== workspace || user.is_stranger === true) return 'this account belongs to another workspace'
  if (user.is_restricted === true || user.is_ultra_restricted === true)
    return 'guests of the workspace are not of the team'
  if (user.is_email_confirmed !== true) return 'the mail address of this account is not confirmed'
  return (user.profile?.email ?? '') === ''
    ? 'Slack does not give the mail address: the app needs users:read.email'
    : null
}

const nobody = (why: string): WhoIs => ({ ok: false, why })
