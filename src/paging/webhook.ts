import type { IncomingMessage, ServerResponse } from 'node:http'
import { appendTimeline, readIncident } from '../cases/index.ts'
import { type ChatParts, perform } from '../chatops/index.ts'
import { type Analyst, analystOf, type Command, rolesOf } from '../core/command/index.ts'
import { BodyRefused, readBody, send } from '../ingest/index.ts'
import type { Tx } from '../store/index.ts'
import { pagerAlertKeys, pagerUser } from './pager-api.ts'
import { type PagerNews, readWebhook } from './read-webhook.ts'
import type { PagerDutySettings } from './settings.ts'
import { isFromPagerDuty } from './verify-webhook.ts'
import { incidentsOf } from './which-incidents.ts'

export interface WebhookParts extends ChatParts {
  readonly settings: PagerDutySettings & { readonly webhook: NonNullable<PagerDutySettings['webhook']> }
  readonly clock: () => number
  readonly timeoutMs: number
}

/** What became of a webhook. Whatever is not 2xx PagerDuty sends again. */
interface Heard {
  readonly status: 200 | 503
  readonly what: string
}

const path = '/pagerduty/webhook'
const maxBytes = 262_144
const bodyTimeoutMs = 5_000
/** The signature has no time in it: what is older than ids are remembered is not taken. */
const oldestMs = 7 * 86_400_000
/** What another replica began so long ago it will not finish. */
const abandonedMs = 60_000

/**
 * Handles webhooks v3 from PagerDuty at `/pagerduty/webhook`; false for any other path. What people do there is done here as
 * the analyst of their mail address, by the same rights as anywhere. What no person did is left alone, so that our own events never come
 * back as a change.
 */
export function createPagerWebhook(parts: WebhookParts) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (request.url?.split('?')[0] !== path) return false
    const reply = (status: number, what: string) => {
      send(response, { status, body: JSON.stringify({ what }), contentType: 'application/json' })
      return true
    }
    if (request.method !== 'POST') return reply(405, 'it is used with POST')
    let body: Buffer
    try {
      body = await readBody(request, maxBytes, bodyTimeoutMs)
    } catch (error) {
      return reply(error instanceof BodyRefused ? error.status : 400, 'the body cannot be read')
    }
    const header = request.headers['x-pagerduty-signature']
    if (!isFromPagerDuty([header].flat()[0], body, parts.settings.webhook.signingSecrets))
      return reply(403, 'the signature does not fit the body')
    const news = readWebhook(body)
    if (news === null) return reply(400, 'this is no webhook v3')
    const { status, what } = await hear(parts, news)
    return reply(status, what)
  }
}

async function hear(parts: WebhookParts, news: PagerNews): Promise<Heard> {
  const { store, clock } = parts
  if (Math.abs(clock() - news.at) > oldestMs) return { status: 200, what: 'too old' }
  const { user } = news
  if (user === null || news.kind === 'other') {
    await store.transaction((tx) => incidentsOf(tx, news, []))
    return { status: 200, what: 'nothing that a person did' }
  }
  const keys = news.outside === null ? [] : await pagerAlertKeys(news.outside, apiOf(parts))
  const incidents = await store.transaction((tx) => incidentsOf(tx, news, keys === 'away' ? [] : keys))
  if (incidents.length === 0)
    return keys === 'away'
      ? { status: 503, what: 'PagerDuty does not say what this is about' }
      : { status: 200, what: 'not about an incident that was called for from here' }
  if (!(await store.transaction((tx) => claim(tx, news.id, clock())))) return { status: 200, what: 'heard before' }
  const forget = () =>
    store.transaction((tx) =>
      tx.query(`delete from heard where tenant = $1 and channel = 'pagerduty' and id = $2`, [tx.tenant, news.id]),
    )
  try {
    const did: string[] = []
    for (const incident of incidents) {
      const what = await act(parts, news, user, incident)
      if (what === 'away') {
        await forget()
        return { status: 503, what: 'PagerDuty does not say who this was' }
      }
      did.push(what)
    }
    await store.transaction((tx) =>
      tx.query(`update heard set done_at = $3 where tenant = $1 and channel = 'pagerduty' and id = $2`, [
        tx.tenant,
        news.id,
        clock(),
      ]),
    )
    return { status: 200, what: did.join('; ') }
  } catch (error) {
    await forget().catch(() => {})
    throw error
  }
}

const apiOf = ({ settings, timeoutMs }: WebhookParts) => ({
  ...{ apiUrl: settings.apiUrl, apiKey: settings.webhook.apiKey, timeoutMs },
})

/** Does what the person did there; what it came to, or `away` when nobody knows who it was. */
async function act(parts: WebhookParts, news: PagerNews, user: string, incident: number): Promise<string> {
  const { bundle, clock, store } = parts
  const ask = apiOf(parts)
  const known = await pagerUser(user, ask)
  if (known === 'away') return 'away'
  const { team } = bundle()
  const analyst = known === null ? null : analystOf(team, { email: known.email })
  const refuse = async (why: string) => {
    await store.transaction((tx) =>
      appendTimeline(tx, [
        {
          incident,
          at: clock(),
          kind: 'person',
          actor: 'pagerduty',
          sentence: `what somebody did there (${news.kind}) does not count: ${why}`,
        },
      ]),
    )
    return why
  }
  if (analyst === null) return refuse('no file of rules/team has the mail address')
  let assignee: Analyst | null = null
  if (news.kind === 'reassigned') {
    const to = news.assignee === null ? null : await pagerUser(news.assignee, ask)
    if (to === 'away') return 'away'
    assignee = to === null ? null : analystOf(team, { email: to.email })
    if (assignee === null) return refuse('whom it was given to is not in rules/team')
  }
  const speaker = { actor: analyst.id, roles: rolesOf(team, analyst, []), channel: 'pagerduty' } as const
  const command = commandOf(news, assignee)
  const reply = await perform(parts, { command, speaker, incident, at: clock() })
  // Said twice is no fault: PagerDuty and we tell each other, and one of us is second.
  const isDone = news.kind === 'acknowledged' && !(await store.transaction((tx) => isNew(tx, incident)))
  if (!reply.ok && !isDone) return refuse(reply.lines[0] ?? 'it was refused')
  return reply.lines[0] ?? 'done'
}

const isNew = async (tx: Tx, incident: number): Promise<boolean> =>
  (await readIncident(tx, incident, 0))?.status === 'new'

function commandOf(news: PagerNews, assignee: Analyst | null): Command {
  switch (news.kind) {
    case 'resolved':
      return { verb: 'status', status: 'resolved', reason: 'in PagerDuty' }
    case 'reassigned':
      return { verb: 'assign', to: assignee?.id ?? null }
    case 'annotated':
      return { verb: 'note', text: `in PagerDuty: ${news.text}` }
    default:
      return { verb: 'ack', reason: 'in PagerDuty' }
  }
}

/** Whether this event is ours to do: nobody did it, and nobody is doing it. */
async function claim(tx: Tx, id: string, at: number): Promise<boolean> {
  const taken = await tx.query(
    `insert into heard as h (tenant, channel, id, at) values ($1, 'pagerduty', $2, $3)
      on conflict (tenant, channel, id) do update set at = excluded.at where h.done_at is null and h.at < $3 - ${abandonedMs}`,
    [tx.tenant, id, at],
  )
  return taken.rowCount > 0
}
