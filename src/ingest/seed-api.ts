import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isObject, type Json, type JsonObject, own } from '../core/model/index.ts'
import { type ApiGuardParts, refusedByGuard } from './api-guard.ts'
import type { Answer } from './handshake.ts'
import { type Inbox, type NewDelivery, Overloaded } from './inbox.ts'
import { BodyRefused, readBody } from './read-body.ts'
import { send } from './receiver.ts'
import { headerOf } from './verify/compare.ts'

/** What the API for people and scripts works with. */
export interface SeedApiParts extends ApiGuardParts {
  readonly inbox: Inbox
  readonly clock: () => number
  /** Works off what is in the inbox, with `autoRespond` also the runs that it set off, and tells what came of it. */
  readonly analyze: (options: { readonly autoRespond: boolean }) => Promise<JsonObject>
  readonly stats: () => Promise<JsonObject>
  /** Counts requests: `api`, and the result. */
  readonly count: (integration: string, result: string) => void
}

/** Handles `/ingest`, `/analyze` and `/stats`; true when the request was one of those. */
export type SeedApi = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const methods: Readonly<Record<string, string>> = { '/ingest': 'POST', '/analyze': 'POST', '/stats': 'GET' }
const source = 'generic'
const maxBytes = 10 * 1024 * 1024
const maxEvents = 10_000
const maxLines = 1000
const bodyTimeoutMs = 15_000

/**
 * `POST /ingest {"events":[{source, event_type, message, user, ip, …}]}` answers 202 `{"accepted":n}` when they are on
 * disk. Each event counts as one of its own; to send some again without counting them twice, give them an `id`, or the
 * request an `Idempotency-Key`. `POST /analyze?auto_respond=true` works everything off and answers what was found.
 * `GET /stats` tells where all events ended. All three want `Authorization: Bearer <api-token>`.
 */
export function createSeedApi(parts: SeedApiParts): SeedApi {
  let analysing: Promise<unknown> = Promise.resolve()
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const next = analysing.then(work)
    analysing = next.catch(() => {})
    return next
  }

  const answer = async (request: IncomingMessage, path: string, query: URLSearchParams): Promise<Answer> => {
    const method = methods[path] as string
    if (request.method !== method) return refused(405, `${path} is used with ${method}`, { allow: method })
    const closed = refusedByGuard(request, parts)
    if (closed !== null) return closed
    if (path === '/stats') return json(200, await parts.stats())
    if (path === '/analyze') {
      const wish = query.get('auto_respond') ?? 'false'
      if (wish !== 'true' && wish !== 'false') return refused(400, 'auto_respond is true or false')
      return json(200, await oneAtATime(() => parts.analyze({ autoRespond: wish === 'true' })))
    }
    return take(parts, request, await readBody(request, maxBytes, bodyTimeoutMs))
  }

  return async (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (!Object.hasOwn(methods, path)) return false
    const given = await answer(request, path, new URLSearchParams(query)).catch(failure)
    if (!request.readableEnded) request.resume()
    parts.count('api', given.status < 300 ? 'accepted' : String(given.status))
    send(response, given)
    return true
  }
}

async function take(parts: SeedApiParts, request: IncomingMessage, body: Buffer): Promise<Answer> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return refused(400, 'the body is not JSON')
  }
  const events = isObject(value) ? own(value, 'events') : undefined
  if (!Array.isArray(events)) return refused(400, 'the body is an object with a list "events"')
  if (events.length === 0 || events.length > maxEvents)
    return refused(400, `"events" holds from 1 to ${maxEvents} events`)
  const origin = headerOf(request.headers, 'idempotency-key')?.slice(0, 200) ?? randomUUID()
  const lines = (events as readonly Json[]).map((one, index) =>
    JSON.stringify(isObject(one) ? { id: `${origin}/${index}`, ...one } : [one]),
  )
  const receivedAt = parts.clock()
  const deliveries: NewDelivery[] = []
  for (let at = 0; at < lines.length; at += maxLines)
    deliveries.push({
      source,
      transport: 'api',
      contentType: 'application/x-ndjson',
      receivedAt,
      body: Buffer.from(lines.slice(at, at + maxLines).join('\n')),
    })
  const { firstSeq } = await parts.inbox.accept(deliveries)
  return json(202, { accepted: events.length, delivery: firstSeq })
}

const json = (status: number, value: JsonObject): Answer => ({
  status,
  body: JSON.stringify(value),
  contentType: 'application/json',
})

const refused = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  ...json(status, { error }),
  headers,
})

function failure(error: unknown): Answer {
  if (error instanceof BodyRefused) return refused(error.status, error.message)
  if (error instanceof Overloaded)
    return refused(503, error.message, { 'retry-after': String(error.retryAfterSeconds) })
  return refused(503, 'this could not be done now', { 'retry-after': '10' })
}
