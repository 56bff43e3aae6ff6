import type { JsonObject } from '../core/model/index.ts'
import type { Failure } from '../projection/index.ts'

/** An event of PagerDuty's Events API v2, without its key. */
export interface PageEvent {
  readonly event_action: 'trigger' | 'acknowledge' | 'resolve'
  /** What makes later events those of the same incident there; at most 255 characters. */
  readonly dedup_key: string
  /** Of a trigger. */
  readonly payload?: JsonObject
}

export interface PagerDutyParts {
  /** `https://events.pagerduty.com`, or a region's. */
  readonly eventsUrl: string
  readonly timeoutMs: number
  readonly clock: () => number
}

/** PagerDuty advises a backoff of a few minutes after 429 (developer-docs, events-API-v2, "Rate Limits"). */
const limitedMs = 120_000
const longestMs = 900_000

/**
 * Sends one event. Null when it was taken (202). 429 and 5xx, silence and a broken line are tried again, any other answer is
 * final (developer-docs, events-API-v2, "Response Codes & Retry Logic"). The routing key is never part of what is said.
 */
export async function sendEvent(
  event: PageEvent,
  routingKey: string,
  { eventsUrl, timeoutMs, clock }: PagerDutyParts,
): Promise<Failure | null> {
  let response: Response
  let text: string
  try {
    response = await fetch(new URL('/v2/enqueue', eventsUrl), {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ routing_key: routingKey, ...event }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await textOf(response)
  } catch (error) {
    return { kind: 'away', why: `PagerDuty did not answer: ${(error as Error).name}` }
  }
  if (response.status === 202) return null
  const said = `PagerDuty answered ${response.status}: ${text.replaceAll(routingKey, '…')}`
  if (response.status === 429) return { kind: 'limited', why: said, until: clock() + waitOf(response) }
  if (response.status >= 500 || response.status === 408) return { kind: 'away', why: said }
  return { kind: 'refused', why: said, final: true }
}

/** The first part of an answer's body; more is not read. */
async function textOf(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > 500) break
  }
  return text.slice(0, 500)
}

function waitOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'))
  return seconds > 0 ? Math.min(longestMs, seconds * 1000) : limitedMs
}
