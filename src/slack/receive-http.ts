import type { IncomingMessage, ServerResponse } from 'node:http'
import { HTTPReceiver, verifySlackRequest } from '@slack/bolt'
import { BodyRefused, readBody, send } from '../ingest/index.ts'
import { quietLogger } from './client.ts'

export interface HttpParts {
  readonly signingSecrets: readonly string[]
  readonly clock: () => number
  readonly log: (message: string) => void
}

const path = '/slack/events'
const maxBytes = 100_000
const bodyTimeoutMs = 5_000
/** Slack's advice: older is a replay (docs.slack.dev/authentication/verifying-requests-from-slack). Newer than now is none of Slack's. */
const windowSeconds = 300

/**
 * Bolt's receiver in our own server. In front of it: a cap before a byte is parsed, the five minutes in both directions (Bolt
 * refuses only the past), and several signing secrets, so that one can be replaced.
 */
export function createHttpReceiver(parts: HttpParts) {
  const receivers = parts.signingSecrets.map((signingSecret) => ({
    signingSecret,
    receiver: new HTTPReceiver({ signingSecret, endpoints: [path], logger: quietLogger(parts.log) }),
  }))
  const [first] = receivers
  if (first === undefined) throw new Error('Slack over HTTP needs a signing secret')

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (request.url?.split('?')[0] !== path) return false
    const refuse = (status: number) => {
      send(response, { status, body: '' })
      return true
    }
    if (request.method !== 'POST') return refuse(405)
    let rawBody: Buffer
    try {
      rawBody = await readBody(request, maxBytes, bodyTimeoutMs)
    } catch (error) {
      return refuse(error instanceof BodyRefused ? error.status : 400)
    }
    const found = receivers.find((one) => isSigned(request, rawBody, one.signingSecret, parts.clock()))
    if (found === undefined) return refuse(401)
    await new Promise<void>((resolve) => {
      response.once('close', () => resolve())
      // Bolt takes a body that was read already from here, as serverless platforms leave it.
      found.receiver.requestListener(Object.assign(request, { rawBody, url: path }), response)
    })
    return true
  }
  return {
    /** For the app; the others are bound to it with `bind`. */
    receiver: first.receiver,
    bind: (app: Parameters<HTTPReceiver['init']>[0]) => receivers.forEach((one) => void one.receiver.init(app)),
    handle,
  }
}

function isSigned(request: IncomingMessage, rawBody: Buffer, signingSecret: string, now: number): boolean {
  const at = request.headers['x-slack-request-timestamp']
  const signature = request.headers['x-slack-signature']
  if (typeof at !== 'string' || !/^\d{1,12}$/.test(at) || typeof signature !== 'string') return false
  if (Math.abs(now / 1000 - Number(at)) > windowSeconds) return false
  try {
    verifySlackRequest({
      signingSecret,
      body: rawBody.toString(),
      headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': Number(at) },
      nowMilliseconds: now,
    })
    return true
  } catch {
    return false
  }
}
