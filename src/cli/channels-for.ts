import { join } from 'node:path'
import type { Bundle } from '../core/content/index.ts'
import type { JsonObject } from '../core/model/index.ts'
import type { TeamLookup } from '../github/index.ts'
import { connectPaging, type PagerDutySettings, pagerDutySettings, servicesOf } from '../paging/index.ts'
import { type Channel, channelHealth, disableChannel } from '../projection/index.ts'
import { writeEmail } from '../respond/index.ts'
import type { Service } from '../server/index.ts'
import { connectSlack, type SlackSettings, slackSettings } from '../slack/index.ts'
import type { Store } from '../store/index.ts'
import { Failure } from './failure.ts'

/** Which channels are configured. */
export interface ChannelSettings {
  readonly slack: SlackSettings | null
  readonly pagerDuty: PagerDutySettings | null
  /** Whether escalation may leave mails in the outbox; with it the clock runs without Slack and PagerDuty too. */
  readonly email: boolean
}

type Secrets = (name: string) => readonly string[] | undefined

/** What `slack:`, `pagerduty:` and `escalation:` in the configuration ask for. Half of something is a failure of one line. */
export function channelSettings(
  config: (name: string) => JsonObject,
  secrets: Secrets,
  bundle: Bundle,
): ChannelSettings {
  const slack = slackSettings(config('slack'), secrets)
  if (!slack.ok) throw new Failure(slack.why, { hint: 'src/slack/README.md has the set-up', exitCode: 2 })
  const pagerDuty = pagerDutySettings(config('pagerduty'), secrets, servicesOf(bundle))
  if (!pagerDuty.ok) throw new Failure(pagerDuty.why, { hint: 'src/paging/README.md has the set-up', exitCode: 2 })
  const { email = false } = config('escalation')
  if (typeof email !== 'boolean') throw new Failure('escalation: "email" is true or false', { exitCode: 2 })
  return { slack: slack.settings, pagerDuty: pagerDuty.settings, email }
}

/** The channels as they run beside the server. One that is not configured opens nothing, and nothing is kept for it. */
export async function channelServices(
  { slack, pagerDuty, email }: ChannelSettings,
  parts: {
    readonly store: Store
    readonly bundle: () => Bundle
    readonly secrets: Secrets
    readonly clock: () => number
    readonly log: (message: string) => void
    readonly workDir: string
    /** Teams on GitHub of a login, for roles in Slack. */
    readonly teamsOf: TeamLookup['teamsOf']
  },
): Promise<readonly Service[]> {
  const { store } = parts
  const healthOf = (channel: Channel) => store.transaction((tx) => channelHealth(tx, channel))
  const off = [
    ...(slack === null ? (['slack'] as const) : []),
    ...(pagerDuty === null ? (['pagerduty'] as const) : []),
    ...(slack === null && pagerDuty === null && !email ? (['escalation'] as const) : []),
  ]
  const services: Service[] = [
    {
      start: async () => {
        for (const channel of off) await disableChannel(store, channel)
      },
      stop: async () => {},
    },
  ]
  if (slack !== null) {
    const connected = await connectSlack({ ...parts, settings: slack })
    services.push({
      ...connected,
      health: async () => ({ slack: { by: connected.state(), ...(await healthOf('slack')) } }),
    })
  }
  if (!off.some((one) => one === 'escalation')) {
    const connected = connectPaging({
      ...parts,
      settings: pagerDuty,
      slack: slack !== null,
      email: email
        ? async (id, mail, at) => void (await writeEmail(join(parts.workDir, 'outbox'), id, { ...mail }, at))
        : null,
    })
    services.push({
      ...connected,
      health: async () => ({
        escalation: { email, ...(await healthOf('escalation')) },
        ...(pagerDuty === null
          ? {}
          : { pagerduty: { webhook: pagerDuty.webhook !== null, ...(await healthOf('pagerduty')) } }),
      }),
    })
  }
  return services
}
