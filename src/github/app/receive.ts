import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isObject, type JsonObject, own } from '../../core/model/index.ts'
import { BodyRefused, createByteBudget, readBody, send } from '../../ingest/index.ts'
import type { Store } from '../../store/index.ts'
import type { Clients } from './clients.ts'
import { keepDelivery } from './deliveries.ts'
import { installationOf, repositoryOf, subjectOf } from './subject.ts'
import { isSigned, signatureOf } from './verify-signature.ts'

/** Where GitHub posts to. */
export const webhooksPath = '/github/webhooks'

/** GitHub caps payloads at 25 MB. https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap */
const maxBytes = 25 * 1024 * 1024
const maxBytesInFlight = 64 * 1024 * 1024
const bodyTimeoutMs = 15_000

/** A repository whose webhooks are taken, and whose store keeps them. */
export interface Taker {
  readonly store: Store
  /** `owner/name`. */
  readonly repository: string
  /** Null until it is known: then only the repository decides. */
  installation(): number | null
  /** Whether anybody works on deliveries of this kind. */
  wants(event: string, action: string | null): boolean
}

export interface ReceiveParts {
  readonly clients: Clients
  readonly webhookSecrets: readonly string[]
  readonly takers: readonly Taker[]
  readonly clock: () => number
  readonly count: (result: string) => void
  /** 25 MB unless told. */
  readonly maxBytes?: number
}

interface Verified {
  readonly id: string
  readonly event: string
  readonly body: Buffer
  readonly payload: JsonObject
  readonly takers: readonly Taker[]
}

class Refused extends Error {
  readonly status: number
  readonly result: string
  constructor(status: number, result: string, message: string) {
    super(message)
    this.status = status
    this.result = result
  }
}

/**
 * Answers `POST /github/webhooks`; false for every other path. The body is read with a cap and verified here, over the bytes,
 * once. Probot's middleware gets it signed anew with a secret that only this process has, and answers when it is on disk.
 */
export async function createWebhookReceiver(parts: ReceiveParts) {
  const { createNodeMiddleware } = await import('probot')
  const budget = createByteBudget(maxBytesInFlight)
  const verified = new AsyncLocalStorage<Verified>()
  const middleware = await createNodeMiddleware(
    (app) =>
      app.onAny(async () => {
        const one = verified.getStore()
        if (one !== undefined) await keep(one)
      }),
    { probot: parts.clients.probot, webhooksPath },
  )

  const keep = async ({ id, event, body, payload, takers }: Verified): Promise<void> => {
    const said = own(payload, 'action')
    const action = typeof said === 'string' && /^[a-z_]{1,60}$/.test(said) ? said : null
    const wanting = takers.filter((one) => one.wants(event, action))
    if (wanting.length === 0) return parts.count('ignored')
    const subject = subjectOf(event, payload)
    for (const { store } of wanting) {
      const isNew = await keepDelivery(store, { id, event, action, subject, body, receivedAt: parts.clock() }).catch(
        () => {
          parts.count('not-kept')
          throw new Error('the delivery could not be kept')
        },
      )
      parts.count(isNew ? 'kept' : 'duplicate')
    }
  }

  const verify = async (
    request: IncomingMessage,
    release: { hold: ReturnType<typeof budget.hold> },
  ): Promise<Verified> => {
    const header = (name: string) => {
      const value = request.headers[name]
      return typeof value === 'string' ? value : ''
    }
    if (request.method !== 'POST') throw new Refused(405, 'method', 'deliveries are sent with POST')
    if (!/^application\/json\b/i.test(header('content-type')))
      throw new Refused(415, 'refused', 'set the content type of the webhook to application/json')
    const [id, event] = [header('x-github-delivery'), header('x-github-event')]
    if (!/^[\w-]{1,100}$/.test(id) || !/^[a-z_]{1,60}$/.test(event))
      throw new Refused(400, 'refused', 'the headers of a webhook are missing')
    if (header('x-hub-signature-256') === '') throw new Refused(401, 'forged', 'the delivery is not signed')
    const body = await readBody(request, parts.maxBytes ?? maxBytes, bodyTimeoutMs, release.hold)
    if (!isSigned(body, header('x-hub-signature-256'), parts.webhookSecrets))
      throw new Refused(401, 'forged', 'the signature does not hold')
    const payload = payloadOf(body)
    if (payload === null) throw new Refused(400, 'refused', 'the body is no JSON object')
    const takers = event === 'ping' ? [] : takersOf(payload, parts.takers)
    if (event !== 'ping' && takers.length === 0)
      throw new Refused(403, 'unknown', 'this installation or repository is not configured here')
    return { id, event, body, payload, takers }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (request.url?.split('?')[0] !== webhooksPath) return false
    const hold = budget.hold()
    try {
      const one = await verify(request, { hold })
      request.headers['x-hub-signature-256'] = signatureOf(parts.clients.secret, one.body)
      Object.assign(request, { body: one.payload, rawBody: one.body })
      await verified.run(one, () => middleware(request, response))
    } catch (error) {
      request.resume()
      const { status, result, message } = refusalOf(error)
      parts.count(result)
      send(response, { status, body: JSON.stringify({ error: message }), contentType: 'application/json' })
    } finally {
      hold.release()
    }
    return true
  }
}

function refusalOf(error: unknown): { status: number; result: string; message: string } {
  if (error instanceof Refused) return error
  if (error instanceof BodyRefused)
    return { status: error.status, result: error.status === 413 ? 'too-large' : 'refused', message: error.message }
  return { status: 503, result: 'not-kept', message: 'the delivery could not be kept' }
}

function payloadOf(body: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** A repository's webhooks go to its tenant; those of an organisation to every tenant of its installation. */
function takersOf(payload: JsonObject, takers: readonly Taker[]): readonly Taker[] {
  const [id, repository] = [installationOf(payload), repositoryOf(payload)?.toLowerCase() ?? null]
  if (id === null) return []
  return takers.filter((one) => {
    const own = one.installation()
    return repository === null
      ? own === id
      : repository === one.repository.toLowerCase() && (own === null || own === id)
  })
}
