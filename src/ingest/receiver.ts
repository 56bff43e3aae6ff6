import type { IncomingMessage, ServerResponse } from 'node:http'
import { isObject, type Json, type JsonObject } from '../core/model/index.ts'
import type { Integration, WebhookSpec } from '../core/normalize/index.ts'
import { createByteBudget, type Hold } from './byte-budget.ts'
import { type Answer, handshakes } from './handshake.ts'
import type { Inbox, NewDelivery } from './inbox.ts'
import { readBody } from './read-body.ts'
import { failure, parseUrl, problemAnswer, type Received, refusals } from './refusal.ts'
import { comesFromElsewhere } from './this-machine.ts'
import type { RawRequest, VerifyContext } from './verify/verdict.ts'
import { verify } from './verify/verify.ts'

/** What the receiver works with. */
export interface ReceiverParts {
  readonly inbox: Inbox
  /** The manifests that are live now. */
  readonly integrations: () => readonly Integration[]
  readonly context: Omit<VerifyContext, 'now' | 'config'>
  /** Configuration of an integration, from the server's configuration. */
  readonly config: (integration: string) => JsonObject
  readonly clock: () => number
  /** Counts what happened: `ingest_requests_total` by integration and result. */
  readonly count: (integration: string, result: string) => void
  /** How long a body may take to arrive; 15 s unless told. */
  readonly bodyTimeoutMs?: number
  /** Memory for bodies that are not on disk yet, of all requests together; 128 MB unless told. */
  readonly maxBytesInFlight?: number
}

const defaultBodyTimeoutMs = 15_000
const defaultBytesInFlight = 128 * 1024 * 1024
const maxPath = 300

/** Handles `/in/<path>`; true when the request was one of those. Answers 202 only for what is on disk. */
export type Receiver = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** A receiver of webhooks: raw bytes are verified, kept, and only then acknowledged. */
export function createReceiver(parts: ReceiverParts): Receiver {
  const budget = createByteBudget(parts.maxBytesInFlight ?? defaultBytesInFlight)
  return async (request, response) => {
    const url = parseUrl(request.url ?? '')
    if (url === null || !url.pathname.startsWith('/in/')) return false
    const route = url.pathname.length > maxPath ? null : find(parts.integrations(), url.pathname.slice('/in/'.length))
    if (route === null) {
      request.resume()
      parts.count('none', 'not-found')
      send(response, {
        status: 404,
        body: '{"error":"there is no integration at this path"}',
        contentType: 'application/json',
      })
      return true
    }
    const hold = budget.hold()
    const { answer, result } = await receive(parts, request, url, route, hold).catch(failure).finally(hold.release)
    parts.count(route.integration.id, result)
    send(response, answer)
    return true
  }
}

interface Route {
  readonly integration: Integration
  readonly webhook: WebhookSpec
  readonly rest: string
}

/** The integration of exactly this path; only tokens in the URL may follow a path. */
function find(integrations: readonly Integration[], path: string): Route | null {
  let token: Route | null = null
  for (const integration of integrations) {
    const { webhook } = integration
    if (webhook === null) continue
    if (path === webhook.path) return { integration, webhook, rest: '' }
    if (webhook.verify.scheme === 'url-token' && path.startsWith(`${webhook.path}/`))
      token = { integration, webhook, rest: path.slice(webhook.path.length + 1) }
  }
  return token
}

async function receive(
  parts: ReceiverParts,
  request: IncomingMessage,
  url: URL,
  route: Route,
  hold: Hold,
): Promise<Received> {
  const { integration, webhook, rest } = route
  const method = request.method ?? 'GET'
  const context: VerifyContext = {
    ...parts.context,
    loopback: parts.context.loopback && comesFromElsewhere(request) === null,
    now: parts.clock(),
    config: parts.config(integration.id),
  }
  const handshake =
    webhook.handshake === null || !Object.hasOwn(handshakes, webhook.handshake)
      ? undefined
      : handshakes[webhook.handshake]
  const raw: RawRequest = { headers: request.headers, query: url.searchParams, pathRest: rest, body: Buffer.alloc(0) }
  if (method !== 'POST') {
    request.resume()
    const answer = await handshake?.(method, raw, context)
    if (answer) return { answer, result: 'handshake' }
    return { answer: problemAnswer(405, 'deliveries are sent with POST', { allow: 'POST' }), result: 'method' }
  }
  const withBody: RawRequest = {
    ...raw,
    body: await readBody(request, webhook.maxBytes, parts.bodyTimeoutMs ?? defaultBodyTimeoutMs, hold),
  }
  if (webhook.handshake === 'graph-validation-token') {
    const answer = await handshake?.(method, withBody, context)
    if (answer) return { answer, result: 'handshake' }
  }
  const verdict = await verify(withBody, webhook.verify, context)
  if (!verdict.ok) return refusals[verdict.kind]
  const answer = await handshake?.(method, withBody, context)
  if (answer) return { answer, result: 'handshake' }
  const delivery: NewDelivery = {
    source: integration.id,
    transport: 'webhook',
    contentType: contentTypeOf(request, webhook),
    receivedAt: context.now,
    body: bodyOf(withBody),
  }
  const { firstSeq } = await parts.inbox.accept([delivery])
  return {
    answer: {
      status: 202,
      body: JSON.stringify({ accepted: true, delivery: firstSeq }),
      contentType: 'application/json',
    },
    result: 'accepted',
  }
}

/** Amazon SNS calls its JSON, which it writes over several lines, text/plain: read as text it would be taken line by line. */
function contentTypeOf(request: IncomingMessage, webhook: WebhookSpec): string | null {
  if (webhook.verify.scheme === 'aws-sns') return 'application/json'
  return request.headers['content-type']?.slice(0, 100) ?? null
}

/** CloudEvents in binary mode carry their attributes in `ce-` headers: they are kept in the structured form. */
function bodyOf(request: RawRequest): Buffer {
  const attributes = Object.entries(request.headers).filter(
    (entry): entry is [string, string] => /^ce-[a-z0-9]{1,40}$/.test(entry[0]) && typeof entry[1] === 'string',
  )
  if (!attributes.some(([name]) => name === 'ce-id') || !attributes.some(([name]) => name === 'ce-specversion'))
    return request.body
  try {
    const data = JSON.parse(request.body.toString('utf8')) as Json
    return Buffer.from(
      JSON.stringify({
        ...Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), value])),
        data: isObject(data) || Array.isArray(data) ? data : { value: data },
      }),
    )
  } catch {
    return request.body
  }
}

/** Sends an answer unless the sender is gone. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'text/plain',
    'content-length': Buffer.byteLength(answer.body),
    'x-content-type-options': 'nosniff',
    ...(answer.status === 413 || answer.status === 408 ? { connection: 'close' } : {}),
    ...answer.headers,
  })
  response.end(answer.body)
}
