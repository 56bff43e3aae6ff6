import type { JsonObject } from '../core/model/index.ts'

/** How Slack is reached, whole. */
export interface SlackSettings {
  /** The workspace's id, `T…`: people and clicks of other workspaces do not count. */
  readonly team: string
  /** `http`: Slack posts to /slack/events. `socket`: we open a connection, for a server that nobody can reach from outside. */
  readonly receive: 'http' | 'socket'
  readonly apiUrl: string
  readonly botToken: string
  /** All that are valid, newest first; empty with `socket`. */
  readonly signingSecrets: readonly string[]
  /** Only with `socket`. */
  readonly appToken: string | null
}

/** What the configuration came to: null where Slack is not configured, or in one line what is missing. */
export type SlackConfigured =
  | { readonly ok: true; readonly settings: SlackSettings | null }
  | { readonly ok: false; readonly why: string }

/** Members of its mapping in the configuration that are the channel's own. */
export const slackSettingNames = ['team', 'receive', 'apiUrl'] as const
const secretNames = ['slack-bot', 'slack-signing', 'slack-app'] as const

/**
 * The settings of the mapping `slack:` and the secrets `slack-bot`, `slack-signing` or `slack-app`. Nothing of it is nothing;
 * a part of it is an error. The mapping may hold other keys: `mode` is the integration's.
 */
export function slackSettings(
  config: JsonObject,
  secrets: (name: string) => readonly string[] | undefined,
): SlackConfigured {
  const refuse = (why: string): SlackConfigured => ({ ok: false, why: `slack: ${why}` })
  const has = secretNames.filter((name) => secrets(name) !== undefined)
  if (!slackSettingNames.some((key) => config[key] !== undefined)) {
    if (has.length === 0) return { ok: true, settings: null }
    return refuse(`the secret ${has[0]} is there, but the configuration has no "slack: { team: T… }"`)
  }
  const { team, receive = 'http', apiUrl = 'https://slack.com/api/' } = config
  if (typeof team !== 'string' || !/^[TE][A-Z0-9]{2,20}$/.test(team))
    return refuse('"team" is the id of the workspace, like T0123ABCD')
  if (receive !== 'http' && receive !== 'socket') return refuse('"receive" is http or socket')
  if (typeof apiUrl !== 'string' || !isSafe(apiUrl)) return refuse('"apiUrl" is an https address that ends with /')
  const [botToken] = secrets('slack-bot') ?? []
  if (botToken === undefined) return refuse('the secret slack-bot is missing (GITSOC_SECRET_SLACK_BOT, xoxb-…)')
  const signingSecrets = secrets('slack-signing') ?? []
  const [appToken] = secrets('slack-app') ?? []
  if (receive === 'http' && signingSecrets.length === 0)
    return refuse('the secret slack-signing is missing; without it anybody could press the buttons')
  if (receive === 'socket' && appToken === undefined)
    return refuse('the secret slack-app is missing (xapp-…, with connections:write)')
  return {
    ok: true,
    settings: {
      team,
      receive,
      apiUrl,
      botToken,
      signingSecrets: receive === 'http' ? signingSecrets : [],
      appToken: receive === 'socket' ? (appToken ?? null) : null,
    },
  }
}

/** Https, or plain HTTP to this machine. */
function isSafe(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !url.pathname.endsWith('/')) return false
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
  )
}
