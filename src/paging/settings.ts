import type { JsonObject } from '../core/model/index.ts'

/** How PagerDuty is reached, whole. */
export interface PagerDutySettings {
  readonly eventsUrl: string
  readonly apiUrl: string
  /** Present where PagerDuty tells us what people do there: the keys it signs with, and the one to ask who they are. */
  readonly webhook: { readonly signingSecrets: readonly string[]; readonly apiKey: string } | null
}

/** What the configuration came to: null where PagerDuty is not configured, or in one line what is missing. */
export type PagerDutyConfigured =
  | { readonly ok: true; readonly settings: PagerDutySettings | null }
  | { readonly ok: false; readonly why: string }

type Secrets = (name: string) => readonly string[] | undefined

/** Members of its mapping in the configuration that are the channel's own. */
export const pagerDutySettingNames = ['webhook', 'eventsUrl', 'apiUrl'] as const
const secretNames = ['pagerduty-routing', 'pagerduty-webhook', 'pagerduty-api'] as const

/** The name of the secret with the routing key of a service. */
export const routingSecret = (service: string) =>
  service === 'default' ? 'pagerduty-routing' : `pagerduty-routing-${service}`

/**
 * The settings of the mapping `pagerduty:` and its secrets, for the services that escalation policies name. Nothing of it is
 * nothing; a part of it is an error. The mapping may hold other keys: `mode` is the integration's.
 */
export function pagerDutySettings(
  config: JsonObject,
  secrets: Secrets,
  services: readonly string[],
): PagerDutyConfigured {
  const refuse = (why: string): PagerDutyConfigured => ({ ok: false, why: `pagerduty: ${why}` })
  if (!pagerDutySettingNames.some((key) => config[key] !== undefined)) {
    const has = secretNames.find((name) => secrets(name) !== undefined)
    return has === undefined
      ? { ok: true, settings: null }
      : refuse(`the secret ${has} is there, but the configuration has no "pagerduty: { webhook: true or false }"`)
  }
  const { webhook = false, eventsUrl = 'https://events.pagerduty.com', apiUrl = 'https://api.pagerduty.com' } = config
  if (typeof webhook !== 'boolean') return refuse('"webhook" is true or false')
  if (typeof eventsUrl !== 'string' || !isSafe(eventsUrl)) return refuse('"eventsUrl" is an https address')
  if (typeof apiUrl !== 'string' || !isSafe(apiUrl)) return refuse('"apiUrl" is an https address')
  const missing = [...new Set(services)].map(routingSecret).find((name) => secrets(name) === undefined)
  if (missing !== undefined) return refuse(`the secret ${missing} is missing, which an escalation policy needs`)
  if (!webhook) return { ok: true, settings: { eventsUrl, apiUrl, webhook: null } }
  const signingSecrets = secrets('pagerduty-webhook') ?? []
  const [apiKey] = secrets('pagerduty-api') ?? []
  if (signingSecrets.length === 0)
    return refuse('the secret pagerduty-webhook is missing; without it anybody could acknowledge incidents')
  if (apiKey === undefined)
    return refuse(
      'the secret pagerduty-api is missing: webhooks name people by id, and only the API knows their address',
    )
  return { ok: true, settings: { eventsUrl, apiUrl, webhook: { signingSecrets, apiKey } } }
}

/** Https, or plain HTTP to this machine. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
}
