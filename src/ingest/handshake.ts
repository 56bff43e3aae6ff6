import { isObject, type Json } from '../core/model/index.ts'
import { isSnsUrl } from './verify/aws-sns.ts'
import { headerOf } from './verify/compare.ts'
import type { RawRequest, VerifyContext } from './verify/verdict.ts'

/** An answer that ends a request without anything being received. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

type Handshake = (method: string, request: RawRequest, context: VerifyContext) => Promise<Answer | null> | Answer | null

const json = (value: Json): Answer => ({ status: 200, body: JSON.stringify(value), contentType: 'application/json' })
const maxToken = 2000

/**
 * How senders check that an endpoint wants their deliveries, by the name a manifest gives in `handshake`. Null = the
 * request is no handshake and goes on. Handshakes that carry a body run after verification.
 */
export const handshakes: Readonly<Record<string, Handshake>> = {
  'okta-challenge': (method, request) => {
    const challenge = headerOf(request.headers, 'x-okta-verification-challenge')
    return method === 'GET' && challenge !== undefined && challenge.length <= maxToken
      ? json({ verification: challenge })
      : null
  },
  'cloudevents-options': (method, request) => {
    const origin = headerOf(request.headers, 'webhook-request-origin')
    if (method !== 'OPTIONS' || origin === undefined || !/^[\w.:/-]{1,300}$/.test(origin)) return null
    return { status: 200, body: '', headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' } }
  },
  'graph-validation-token': (method, request) => {
    const token = request.query.get('validationToken')
    return method === 'POST' && token !== null && token.length <= maxToken
      ? { status: 200, body: token, contentType: 'text/plain; charset=utf-8' }
      : null
  },
  'event-grid': (_method, request) => {
    const body = parse(request.body)
    const first = Array.isArray(body) ? (body as readonly Json[])[0] : body
    if (
      !isObject(first) ||
      first.eventType !== 'Microsoft.EventGrid.SubscriptionValidationEvent' ||
      !isObject(first.data)
    )
      return null
    const code = first.data.validationCode
    return typeof code === 'string' && code.length <= maxToken ? json({ validationResponse: code }) : null
  },
  'slack-url-verification': (_method, request) => {
    const body = parse(request.body)
    return isObject(body) &&
      body.type === 'url_verification' &&
      typeof body.challenge === 'string' &&
      body.challenge.length <= maxToken
      ? json({ challenge: body.challenge })
      : null
  },
  'sns-confirm': async (_method, request, context) => {
    const body = parse(request.body)
    if (!isObject(body) || body.Type !== 'SubscriptionConfirmation' || typeof body.SubscribeURL !== 'string')
      return null
    if (!isConfirmation(body.SubscribeURL)) return { status: 401, body: '' }
    await context.fetchText(body.SubscribeURL)
    return json({ confirmed: true })
  },
}

function isConfirmation(text: string): boolean {
  return isSnsUrl(text) && new URL(text).searchParams.get('Action') === 'ConfirmSubscription'
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
