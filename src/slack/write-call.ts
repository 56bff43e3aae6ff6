import { analystOf, type Team } from '../core/command/index.ts'
import { isObject, type Json } from '../core/model/index.ts'
import { type Hand, readOutside, type Written } from '../projection/index.ts'
import type { Store } from '../store/index.ts'
import { mrkdwn, plainText } from './blocks.ts'
import { platformError, type SlackClient } from './client.ts'
import type { FindChannel } from './find-channel.ts'
import { harmless } from './harmless.ts'
import { userFault } from './who-is.ts'

export interface CallParts {
  readonly store: Store
  readonly client: SlackClient
  readonly findChannel: FindChannel
  readonly workspace: string
  readonly team: () => Team
}

/** Somebody is called: into a channel, or to a person in a direct message. Said again where nobody knows whether it arrived. */
interface SlackCall {
  readonly incident: number
  readonly sentence: string
  readonly channel: string | null
  readonly email: string | null
}

/** Writes a single message that another room left for Slack. */
export async function writeCall(parts: CallParts, body: Json, hand: Hand): Promise<Written> {
  const call = callOf(body)
  if (call === null) return refused('nothing here knows how to show this message')
  const to = call.channel === null ? await personOf(parts, call.email ?? '') : await channelOf(parts, call.channel)
  if (!to.ok) return refused(to.why)
  const known = await parts.store.transaction((tx) => readOutside(tx, 'slack', call.incident))
  const where = isObject(known?.outside) && typeof known.outside.channel === 'string' ? known.outside.channel : null
  await hand.spend()
  const text = harmless(call.sentence, 1500)
  const posted = await parts.client.chat.postMessage({
    channel: to.id,
    text,
    blocks: [
      { type: 'section', text: plainText(text) },
      {
        type: 'context',
        elements: [
          mrkdwn(
            `:rotating_light: INC-${call.incident}${where === null ? '' : `, its message is in <#${where}>`}. \`/soc ack INC-${call.incident}\` takes it.`,
          ),
        ],
      },
    ],
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  })
  return { ok: true, digest: '', outside: { channel: to.id, ts: posted.ts ?? null } }
}

type To = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }

async function channelOf({ findChannel }: CallParts, name: string): Promise<To> {
  const id = await findChannel(name)
  return id === null ? { ok: false, why: `Slack shows the app no channel ${name}` } : { ok: true, id }
}

/** The Slack user of an analyst, held to the same checks as somebody who says something. */
async function personOf({ client, workspace, team }: CallParts, email: string): Promise<To> {
  const analyst = analystOf(team(), { email })
  if (analyst === null) return { ok: false, why: 'the person is not in rules/team any more' }
  try {
    const { user } = await client.users.lookupByEmail({ email })
    const fault = user === undefined ? 'Slack does not know this user' : userFault(user, workspace)
    if (fault !== null) return { ok: false, why: `${analyst.id} cannot be called in Slack: ${fault}` }
    return { ok: true, id: user?.id ?? '' }
  } catch (error) {
    if (platformError(error) !== 'users_not_found') throw error
    return { ok: false, why: `${analyst.id} cannot be called: nobody in Slack has this mail address` }
  }
}

function callOf(body: Json): SlackCall | null {
  if (!isObject(body) || body.kind !== 'call') return null
  const { incident, sentence, channel, email } = body
  if (typeof incident !== 'number' || typeof sentence !== 'string') return null
  return {
    incident,
    sentence,
    channel: typeof channel === 'string' ? channel : null,
    email: typeof email === 'string' ? email : null,
  }
}

const refused = (why: string): Written => ({ ok: false, failure: { kind: 'refused', why } })
