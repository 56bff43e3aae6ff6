import type { IncomingMessage, ServerResponse } from 'node:http'
import { personOf } from '../chatops/index.ts'
import type { Team } from '../core/command/index.ts'
import { isObject, type Json, own } from '../core/model/index.ts'
import { send } from '../ingest/index.ts'
import { answerApproval, boundTo, listApprovals, readApproval, revokeAnswer } from '../respond/index.ts'
import type { Store } from '../store/index.ts'
import { type Approver, approverOf } from './approver-tokens.ts'
import { createRateLimit } from './rate-limit.ts'

export interface ApprovalsApiParts {
  readonly store: Store
  /** Who works here: by it one person is one person, whatever a token calls them. */
  readonly team: () => Team
  readonly secrets: (name: string) => readonly string[] | undefined
  readonly clock: () => number
  readonly count: (integration: string, result: string) => void
}

/** Handles `/approvals` and what is below; true when the request was one of those. */
export type ApprovalsApi = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

interface Reply {
  readonly status: number
  readonly value: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const maxBytes = 16_384
const bodyTimeoutMs = 5000

/**
 * `GET /approvals[?all=true]`, `GET /approvals/<id>`, `POST /approvals/<id> {"answer","digest","reason"}` and
 * `POST /approvals/<id>/revoke {"reason"}`, with `Authorization: Bearer <token>`. Who answers and with which roles follows from the token
 * alone. An answer needs the digest that the caller saw, a denial its reason. Without the secret `approver-tokens` all are closed.
 */
export function createApprovalsApi(parts: ApprovalsApiParts): ApprovalsApi {
  const failures = createRateLimit({ most: 10, windowMs: 60_000, clock: parts.clock })
  const calls = createRateLimit({ most: 120, windowMs: 60_000, clock: parts.clock })

  const reply = async (request: IncomingMessage, path: string, query: URLSearchParams): Promise<Reply> => {
    const from = request.socket.remoteAddress ?? ''
    const tokens = parts.secrets('approver-tokens') ?? []
    if (tokens.length === 0) return refused(503, 'the secret approver-tokens is not configured')
    if (failures.isOver(from)) return limited()
    const approver = approverOf(tokens, request.headers.authorization)
    if (approver === null) {
      failures.take(from)
      return refused(401, 'the bearer token is missing or wrong', { 'www-authenticate': 'Bearer' })
    }
    if (!calls.take(approver.actor)) return limited()
    const [, , id = '', verb] = path.split('/')
    if (id === '') return list(request, query)
    if (!/^ap-[0-9a-z]{1,60}$/.test(id)) return refused(404, 'there is no such approval')
    if (verb === 'revoke') return revoke(request, id, approver)
    if (verb !== undefined) return refused(404, 'not found')
    if (request.method === 'GET') return show(id)
    return answer(request, id, approver)
  }

  const list = async (request: IncomingMessage, query: URLSearchParams): Promise<Reply> => {
    if (request.method !== 'GET') return notAllowed('GET')
    const pendingOnly = query.get('all') !== 'true'
    return {
      status: 200,
      value: { approvals: await parts.store.transaction((tx) => listApprovals(tx, { pendingOnly })) },
    }
  }

  const show = (id: string): Promise<Reply> =>
    parts.store.transaction(async (tx) => {
      const approval = await readApproval(tx, id)
      if (approval === null) return refused(404, 'there is no such approval')
      return { status: 200, value: { approval, boundTo: await boundTo(tx, approval) } }
    })

  const answer = async (request: IncomingMessage, id: string, approver: Approver): Promise<Reply> => {
    if (request.method !== 'POST') return notAllowed('GET, POST')
    const body = await bodyOf(request)
    if (body === null) return refused(400, 'the body is a JSON object of at most 16 KB')
    const text = (name: string) => (typeof body[name] === 'string' ? (body[name] as string) : '')
    const digest = text('digest')
    if (!/^[0-9a-f]{64}$/.test(digest)) return refused(400, '"digest" is the digest of what you saw')
    if (text('answer') === '') return refused(400, '"answer" is approve, deny or an option of the question')
    if (text('answer') === 'deny' && text('reason').trim() === '') return refused(400, 'a denial needs a "reason"')
    const answered = await answerApproval(parts.store, {
      id,
      answer: text('answer'),
      ...personOf(parts.team(), approver.actor),
      roles: approver.roles,
      channel: 'http',
      reason: text('reason'),
      at: parts.clock(),
      digest,
    })
    return { status: answered.ok ? 200 : 409, value: answered.ok ? answered : { error: answered.why } }
  }

  const revoke = async (request: IncomingMessage, id: string, approver: Approver): Promise<Reply> => {
    if (request.method !== 'POST') return notAllowed('POST')
    const body = await bodyOf(request)
    const reason = body !== null && typeof body.reason === 'string' ? body.reason : ''
    const revoked = await revokeAnswer(parts.store, {
      id,
      actor: personOf(parts.team(), approver.actor).actor,
      reason,
      at: parts.clock(),
    })
    return revoked.ok ? { status: 200, value: revoked } : refused(409, revoked.why)
  }

  return async (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (path !== '/approvals' && !path.startsWith('/approvals/')) return false
    const given = await reply(request, path, new URLSearchParams(query)).catch(() =>
      refused(503, 'this could not be done now', { 'retry-after': '10' }),
    )
    if (!request.readableEnded) request.resume()
    parts.count('approvals', given.status < 300 ? 'accepted' : String(given.status))
    const headers = { 'cache-control': 'no-store', ...given.headers }
    send(response, {
      status: given.status,
      body: JSON.stringify(given.value),
      contentType: 'application/json',
      headers,
    })
    return true
  }
}

const refused = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  value: { error },
  headers,
})
const notAllowed = (methods: string) => refused(405, `it is used with ${methods}`, { allow: methods })
const limited = () => refused(429, 'too many requests: wait a minute', { 'retry-after': '60' })

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, Json | undefined>> | null> {
  const chunks: Buffer[] = []
  let size = 0
  const timer = setTimeout(() => request.destroy(), bodyTimeoutMs)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) return null
      chunks.push(chunk)
    }
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
    if (!isObject(value)) return null
    return Object.fromEntries(['answer', 'digest', 'reason'].map((name) => [name, own(value, name)]))
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
