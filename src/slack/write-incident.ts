import { readContainments, readIncident, type TimelineEntry } from '../cases/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import { chooseFirst, type NotifyRule } from '../core/escalate/index.ts'
import { isObject, type JsonObject, sha256 } from '../core/model/index.ts'
import type { Due, Hand, Written } from '../projection/index.ts'
import { approvalsOf } from '../respond/index.ts'
import type { Store } from '../store/index.ts'
import type { Message } from './blocks.ts'
import { platformError, type SlackClient } from './client.ts'
import type { FindChannel } from './find-channel.ts'
import { messageFaults } from './fit-blocks.ts'
import { type IncidentView, incidentMessage } from './incident-message.ts'
import { mostEntries, threadMessage } from './thread-message.ts'

export interface WriteParts {
  readonly store: Store
  readonly client: SlackClient
  readonly findChannel: FindChannel
  readonly rules: () => readonly NotifyRule[]
  readonly clock: () => number
}

/**
 * What is remembered of an incident's message. `posting` and `replying` are set before a call and gone after it: where they
 * stand at the beginning, nobody knows whether the call was made, and Slack is asked.
 */
interface Outside {
  readonly channel: string
  readonly ts: string | null
  /** The last entry of the timeline that the thread tells. */
  readonly told: number
  readonly posting: boolean
  readonly replying: number | null
}

interface Entry extends TimelineEntry {
  readonly n: number
}

const event = 'gitsoc_incident'

/** Shows an incident in Slack as it is now: posted once, edited after that, new entries of its timeline as a reply. */
export async function writeIncident(parts: WriteParts, due: Due, number: number, hand: Hand): Promise<Written> {
  const view = await viewOf(parts.store, number)
  if (view === null) return written('none', null)
  let outside = outsideOf(due)
  if (outside === null) {
    const { status } = view.incident
    // What was over before it was ever told needs no message.
    if (status === 'closed' || status === 'merged') return written('none', null)
    const name = (await chooseFirst(parts.rules(), incidentFacts(view.incident)))?.rule.channel ?? null
    if (name === null) return written('none', null)
    const channel = await parts.findChannel(name)
    if (channel === null)
      return refused(`Slack shows the app no channel ${name}: invite the app, or correct rules/notify`)
    outside = { channel, ts: null, told: 0, posting: false, replying: null }
  }
  const message = incidentMessage(view)
  const faults = messageFaults(message.blocks)
  if (faults.length > 0) return refused(`the message is not one that Slack takes: ${faults.join('; ')}`)
  const digest = sha256(JSON.stringify(message))
  const keep = async (next: Outside) => {
    outside = next
    await hand.keep({ ...next })
    return next
  }
  const metadata = { event_type: event, event_payload: { tenant: parts.store.tenant, incident: number } }
  const isOurs = (payload: JsonObject) => payload.tenant === parts.store.tenant && payload.incident === number
  const isNew = outside.ts === null
  if (outside.ts === null) {
    const before = outside.posting ? await findPosted(parts.client, outside.channel, null, isOurs) : null
    if (before === null) {
      await keep({ ...outside, posting: true })
      await hand.spend()
      outside = await keep({
        ...outside,
        posting: false,
        ts: await post(parts.client, outside.channel, message, metadata),
      })
    } else outside = await keep({ ...outside, posting: false, ts: before })
  }
  if (!isNew && digest !== due.digest && outside.ts !== null) {
    await hand.spend()
    try {
      await parts.client.chat.update({ channel: outside.channel, ts: outside.ts, ...message, metadata, ...still })
    } catch (error) {
      // Somebody removed the message: the next one begins a new thread, and tells it whole.
      if (platformError(error) !== 'message_not_found') throw error
      await keep({ channel: outside.channel, ts: null, told: 0, posting: false, replying: null })
      return { ok: false, failure: { kind: 'refused', why: 'the message is gone; a new one is posted' } }
    }
  }
  await tellThread(parts, number, outside, hand, keep)
  return written(digest, { ...outside })
}

async function tellThread(
  parts: WriteParts,
  number: number,
  before: Outside,
  hand: Hand,
  keep: (next: Outside) => Promise<Outside>,
): Promise<void> {
  let outside = before
  const { channel, ts } = outside
  if (ts === null) return
  const newest = await parts.store.transaction(async (tx) => {
    const found = await tx.query<Entry>(
      `select n, incident, at, kind, actor, sentence from timeline where tenant = $1 and incident = $2 and n > $3 order by n desc limit ${mostEntries}`,
      [tx.tenant, number, outside.told],
    )
    return found.rows.toReversed()
  })
  const last = newest.at(-1)?.n ?? outside.told
  if (outside.replying !== null) {
    const upTo = outside.replying
    const isOurs = (payload: JsonObject) =>
      payload.tenant === parts.store.tenant && payload.incident === number && payload.upTo === upTo
    const was = await findPosted(parts.client, channel, ts, isOurs)
    outside = await keep({ ...outside, replying: null, told: was === null ? outside.told : upTo })
  }
  const entries = newest.filter((one) => one.n > outside.told)
  // Numbers of an incident's timeline have no gaps.
  const reply = threadMessage(number, entries, last - outside.told - entries.length)
  if (reply === null) return
  outside = await keep({ ...outside, replying: last })
  await hand.spend()
  const metadata = { event_type: event, event_payload: { tenant: parts.store.tenant, incident: number, upTo: last } }
  await post(parts.client, channel, reply, metadata, ts)
  await keep({ ...outside, replying: null, told: last })
}

/** Nothing in our texts is to become a link, a mention or a preview. */
const still = { parse: 'none', link_names: false } as const
const unopened = { unfurl_links: false, unfurl_media: false } as const

async function post(
  client: SlackClient,
  channel: string,
  message: Message,
  metadata: { readonly event_type: string; readonly event_payload: Record<string, string | number> },
  thread?: string,
): Promise<string> {
  const posted = await client.chat.postMessage({
    channel,
    ...message,
    metadata,
    ...still,
    ...unopened,
    ...(thread === undefined ? {} : { thread_ts: thread }),
  })
  if (posted.ts === undefined) throw new Error('Slack took a message and did not say which')
  return posted.ts
}

/** The newest message of ours in a channel or thread whose metadata say so; looked for where a call may have been cut off. */
async function findPosted(
  client: SlackClient,
  channel: string,
  thread: string | null,
  isOurs: (payload: JsonObject) => boolean,
): Promise<string | null> {
  const wish = { channel, limit: 100, include_all_metadata: true }
  const { messages } =
    thread === null
      ? await client.conversations.history(wish)
      : await client.conversations.replies({ ...wish, ts: thread })
  const found = (messages ?? []).find((one) => {
    const { metadata } = one as {
      readonly metadata?: { readonly event_type?: string; readonly event_payload?: unknown }
    }
    const payload = metadata?.event_payload
    return (
      metadata?.event_type === event &&
      isObject(payload as never) &&
      isOurs(payload as JsonObject) &&
      (thread !== null || !isReply(one))
    )
  })
  return found?.ts ?? null
}

const isReply = ({ ts, thread_ts }: { readonly ts?: string; readonly thread_ts?: string }) =>
  thread_ts !== undefined && thread_ts !== ts

function viewOf(store: Store, number: number): Promise<IncidentView | null> {
  return store.transaction(async (tx) => {
    const incident = await readIncident(tx, number, 0)
    if (incident === null) return null
    return {
      incident,
      approvals: await approvalsOf(tx, number),
      containments: await readContainments(tx, number),
    }
  })
}

function outsideOf({ outside }: Due): Outside | null {
  if (!isObject(outside) || typeof outside.channel !== 'string') return null
  return {
    channel: outside.channel,
    ts: typeof outside.ts === 'string' ? outside.ts : null,
    told: typeof outside.told === 'number' ? outside.told : 0,
    posting: outside.posting === true,
    replying: typeof outside.replying === 'number' ? outside.replying : null,
  }
}

const written = (digest: string, outside: JsonObject | null): Written => ({ ok: true, digest, outside })
const refused = (why: string): Written => ({ ok: false, failure: { kind: 'refused', why } })
