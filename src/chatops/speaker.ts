import { analystNamed, type Team } from '../core/command/index.ts'

/** Who says something: found by login, member id or mail address, with the roles that were confirmed when it was said. */
export interface Speaker {
  /** The id of the analyst; of somebody who is only a member of a team, the platform's login. */
  readonly actor: string
  readonly roles: readonly string[]
  readonly channel: 'cli' | 'http' | 'demo' | 'github' | 'slack' | 'pagerduty' | 'console'
}

/** Everything the speaker is called: by each of these a playbook's owner or author is recognised. */
export function namesOf(team: Team, speaker: Speaker): readonly string[] {
  return personOf(team, speaker.actor).names
}

/**
 * Who a person is to the team, whatever they are called where they say it, login or mail address: the analyst's id, so that one person
 * counts once over all channels. Somebody whom the team does not know is called what they are called.
 */
export function personOf(
  team: Pick<Team, 'analysts'>,
  called: string,
): { readonly actor: string; readonly names: readonly string[] } {
  const analyst = analystNamed(team, called)
  const names = [called, analyst?.id, analyst?.email, analyst?.github]
  return {
    actor: analyst?.id ?? called,
    names: [...new Set(names.filter((one) => typeof one === 'string' && one !== ''))] as string[],
  }
}

/** Whether an account is a machine's: GitHub marks those of apps (`name[bot]`). What machines say is never a command. */
export const isBot = (login: string): boolean => /\[bot\]$/i.test(login.trim())
