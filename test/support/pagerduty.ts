import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface PagerIncident {
  readonly id: string
  readonly service: string
  readonly dedupKey: string
  status: 'triggered' | 'acknowledged' | 'resolved'
  count: number
  readonly payload: Readonly<Record<string, unknown>>
}

export type PagerFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly hang: true }

/** A routing key as PagerDuty gives them out: 32 letters and digits. */
export const routingKey = (service: string) => `${service.replaceAll('-', '')}${'0'.repeat(32)}`.slice(0, 32)

/**
 * PagerDuty on loopback: Events API v2 with its limits (400 for what it does not take), one incident for each service and
 * dedup key, users and alerts of the REST API, and webhooks v3 with their signature. Faults by turn.
 */
export async function startPagerDuty(services: readonly string[] = ['default']) {
  const keys = new Map(services.map((service) => [routingKey(service), service]))
  const events: Readonly<Record<string, unknown>>[] = []
  const incidents: PagerIncident[] = []
  const users = new Map<string, string>()
  const grouped = new Map<string, readonly string[]>()
  let fault: PagerFault | null = null
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const reply = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify(value))
      }
      if (fault !== null) {
        if ('hang' in fault) return undefined
        return reply(fault.status, { message: 'fault' }, fault.headers)
      }
      const user = /^\/users\/(\w+)$/.exec(request.url ?? '')?.[1]
      if (user !== undefined) {
        if (request.headers.authorization !== 'Token token=rest-key') return reply(401, { error: 'who are you' })
        const email = users.get(user)
        return email === undefined ? reply(404, {}) : reply(200, { user: { id: user, email, name: 'Somebody' } })
      }
      const asked = /^\/incidents\/(\w+)\/alerts\?limit=100$/.exec(request.url ?? '')?.[1]
      if (asked !== undefined) {
        if (request.headers.authorization !== 'Token token=rest-key') return reply(401, { error: 'who are you' })
        const own = incidents.filter(({ id }) => id === asked).map(({ dedupKey }) => dedupKey)
        const keys = grouped.get(asked) ?? own
        return keys.length === 0
          ? reply(404, {})
          : reply(200, { alerts: keys.map((key) => ({ type: 'alert', alert_key: key })), more: false })
      }
      if (request.url !== '/v2/enqueue') return reply(404, {})
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      const service = keys.get(String(body.routing_key))
      const faults = eventFaults(body)
      if (service === undefined) faults.push(`'routing_key' ${String(body.routing_key)} is not valid`)
      if (faults.length > 0 || service === undefined)
        return reply(400, { status: 'invalid event', message: 'Event object is invalid', errors: faults })
      events.push(body)
      take(body, service)
      return reply(202, { status: 'success', message: 'Event processed', dedup_key: body.dedup_key })
    })
  })
  const take = (body: Readonly<Record<string, unknown>>, service: string) => {
    const open = incidents.find(
      (one) => one.service === service && one.dedupKey === body.dedup_key && one.status !== 'resolved',
    )
    if (body.event_action === 'trigger') {
      if (open !== undefined) open.count++
      else
        incidents.push({
          id: `P${incidents.length + 1}`,
          service,
          dedupKey: String(body.dedup_key),
          status: 'triggered',
          count: 1,
          payload: body.payload as Record<string, unknown>,
        })
    } else if (open !== undefined) open.status = body.event_action === 'resolve' ? 'resolved' : 'acknowledged'
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    /** What was taken, in order. */
    events,
    incidents,
    /** From now on every call comes to this; null = as usual again. */
    fault: (next: PagerFault | null) => {
      fault = next
    },
    /** Puts the alerts of several keys into one incident, as a service does that groups alerts. */
    group: (id: string, keys: readonly string[]) => void grouped.set(id, keys),
    addUser: (id: string, email: string) => void users.set(id, email),
  }
}

export type PagerDutyStandIn = Awaited<ReturnType<typeof startPagerDuty>>

/** What Events v2 refuses with 400. */
function eventFaults(body: Readonly<Record<string, unknown>>): string[] {
  const payload = (body.payload ?? {}) as Record<string, unknown>
  const faults: string[] = []
  if (!['trigger', 'acknowledge', 'resolve'].includes(String(body.event_action)))
    faults.push("'event_action' is invalid")
  if (String(body.dedup_key ?? '').length > 255) faults.push("'dedup_key' is too long")
  if (body.event_action !== 'trigger') return body.dedup_key === undefined ? ["'dedup_key' is missing"] : faults
  if (typeof payload.summary !== 'string' || payload.summary === '' || payload.summary.length > 1024)
    faults.push("'payload.summary' is missing or too long")
  if (typeof payload.source !== 'string' || payload.source === '') faults.push("'payload.source' is missing")
  if (!['critical', 'error', 'warning', 'info'].includes(String(payload.severity)))
    faults.push("'payload.severity' is invalid")
  return faults
}

let sequence = 0

/** PagerDuty's webhooks v3 to a server of ours: signed over the raw bytes, with as many keys as are given. */
export function pagerDutyWebhooks(url: string, secrets: readonly string[]) {
  const post = async (body: string, signature?: string) => {
    const made = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`).join(',')
    const response = await fetch(`${url}/pagerduty/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-pagerduty-signature': signature ?? made },
      body,
    })
    return { status: response.status, text: await response.text() }
  }
  /** The body of an event about an incident, by a person. */
  const body = (
    type: string,
    parts: {
      readonly key?: string
      readonly user?: string | null
      readonly agentType?: string
      readonly id?: string
      readonly at?: number
      readonly data?: Readonly<Record<string, unknown>>
    } = {},
  ) =>
    JSON.stringify({
      event: {
        id: parts.id ?? `ev-${++sequence}`,
        event_type: type,
        resource_type: 'incident',
        occurred_at: new Date(parts.at ?? Date.now()).toISOString(),
        agent:
          parts.user === null
            ? null
            : { id: parts.user ?? 'PU1', type: parts.agentType ?? 'user_reference', summary: 'The Boss' },
        client: null,
        data: {
          id: 'P1',
          type: 'incident',
          incident_key: parts.key,
          status: 'triggered',
          assignees: [],
          ...parts.data,
        },
      },
    })
  return { post, body, tell: (type: string, parts: Parameters<typeof body>[1] = {}) => post(body(type, parts)) }
}
