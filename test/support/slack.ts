import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator, type EmulatorOptions } from 'emulate'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'

export const slackTeam = 'T000000001'
export const slackBotToken = 'xoxb-test-bot'
export const slackAppToken = 'xapp-test-app'

/** What the stand-in does to calls of a method: an HTTP status, no answer at all, or an answer of its own. */
export type SlackFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly hang: true }
  | { readonly body: Readonly<Record<string, unknown>> }

export interface SlackPerson {
  readonly name: string
  readonly email: string
  /** What the user object says besides, e.g. `deleted`, `is_bot`, `team_id`, `is_stranger`. */
  readonly user?: Readonly<Record<string, unknown>>
}

interface Call {
  readonly method: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface SlackMessage {
  readonly ts: string
  readonly text: string
  readonly thread_ts?: string
  readonly blocks?: readonly Record<string, unknown>[]
}

/**
 * Slack on loopback: the emulator behind a stand-in of our own that records calls, injects faults, fills in the parts of
 * users that the emulator does not keep, and opens Socket Mode. Nothing but this process reaches it.
 */
export async function startSlack(people: readonly SlackPerson[] = []) {
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        users: people.map(({ name, email }) => ({ name, email, real_name: 'Somebody' })),
        channels: [{ name: 'soc' }, { name: 'soc-critical' }],
        oauth_apps: [
          {
            client_id: '1.1',
            client_secret: 'x',
            app_id: 'A1',
            name: 'gitsoc',
            redirect_uris: [],
            bot_id: 'B1',
            bot_user_id: 'UBOT',
          },
        ],
        tokens: [
          { token: slackBotToken, user_id: 'UBOT', bot_id: 'B1', bot_user_id: 'UBOT', app_id: 'A1', type: 'bot' },
        ],
      },
    },
  } as unknown as EmulatorOptions)
  const calls: Call[] = []
  const faults = new Map<string, SlackFault>()
  const overlays = new Map<string, Readonly<Record<string, unknown>>>()
  const ephemerals: { user: string; channel: string; text: string }[] = []
  const sockets = new WebSocketServer({ noServer: true })
  const acked = new Map<string, (payload: unknown) => void>()
  let connected = () => {}
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve
  })
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { envelope_id, payload } = JSON.parse(String(data)) as { envelope_id: string; payload?: unknown }
      acked.get(envelope_id)?.(payload ?? null)
    })
    socket.send(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A1' } }))
    connected()
  })

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    const method = (request.url ?? '').split('?')[0]?.replace('/api/', '') ?? ''
    const body = parsed(raw.toString(), request.headers['content-type'] ?? '')
    calls.push({ method, body })
    const fault = faults.get(method) ?? faults.get('*')
    const reply = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(value))
    }
    if (fault !== undefined) {
      if ('hang' in fault) return
      if ('body' in fault) return reply(200, fault.body)
      return reply(fault.status, { ok: false, error: 'fault' }, fault.headers)
    }
    if (method === 'apps.connections.open') {
      const { port } = server.address() as AddressInfo
      return reply(200, { ok: true, url: `ws://127.0.0.1:${port}/link` })
    }
    if (method === 'response') return reply(200, { ok: true })
    if (method === 'chat.postEphemeral')
      ephemerals.push({ user: String(body.user), channel: String(body.channel), text: String(body.text) })
    const upstream = await fetch(`${emulator.url}${request.url}`, {
      method: request.method ?? 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? 'application/json',
        authorization: request.headers.authorization ?? '',
      },
      ...(raw.length === 0 ? {} : { body: raw }),
    })
    const value = (await upstream.json()) as Record<string, unknown>
    if ((method === 'users.info' || method === 'users.lookupByEmail') && value.ok === true) {
      const user = value.user as { readonly id: string; readonly name: string }
      value.user = { is_email_confirmed: true, is_restricted: false, ...user, ...overlays.get(user.name) }
    }
    reply(upstream.status, value)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await emulator.close()
  })
  const { port } = server.address() as AddressInfo
  for (const { name, user } of people) if (user !== undefined) overlays.set(name, user)

  const api = async (method: string, body: Readonly<Record<string, unknown>>) => {
    const response = await fetch(`${emulator.url}/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${slackBotToken}` },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Record<string, never>
  }
  const channels = (await api('conversations.list', { limit: 100 })) as unknown as {
    readonly channels: readonly { readonly id: string; readonly name: string }[]
  }
  const channelId = (name: string) => {
    const found = channels.channels.find((one) => one.name === name)
    if (found === undefined) throw new Error(`the emulator has no channel ${name}`)
    return found.id
  }
  for (const { id } of channels.channels) await api('conversations.join', { channel: id })
  const users = new Map<string, string>()
  for (const { name, email } of people) {
    const found = (await api('users.lookupByEmail', { email })) as unknown as { readonly user: { readonly id: string } }
    users.set(name, found.user.id)
  }
  return {
    /** For `slack.apiUrl`. */
    apiUrl: `http://127.0.0.1:${port}/api/`,
    calls,
    ephemerals,
    channelId,
    userId: (name: string) => {
      const id = users.get(name)
      if (id === undefined) throw new Error(`nobody is called ${name}`)
      return id
    },
    /** From now on, calls of the method (`*` = all) come to this; null = to what they should again. */
    fault(method: string, fault: SlackFault | null) {
      if (fault === null) faults.delete(method)
      else faults.set(method, fault)
    },
    /** Changes what the user object says. */
    overlay: (name: string, user: Readonly<Record<string, unknown>>) => void overlays.set(name, user),
    /** The messages of a channel, oldest first, replies left out. */
    async messages(channel: string): Promise<readonly SlackMessage[]> {
      const { messages } = (await api('conversations.history', { channel, limit: 200 })) as unknown as {
        messages: SlackMessage[]
      }
      return messages.filter((one) => one.thread_ts === undefined || one.thread_ts === one.ts).reverse()
    },
    /** The replies of a thread, oldest first. */
    async replies(channel: string, ts: string): Promise<readonly SlackMessage[]> {
      const { messages } = (await api('conversations.replies', { channel, ts, limit: 200 })) as unknown as {
        messages: SlackMessage[]
      }
      return messages.filter((one) => one.ts !== ts)
    },
    /** A trigger that views.open takes, as a click by that user brings one. */
    async trigger(user: string): Promise<string> {
      const { trigger_id } = (await api('views.generateTriggerId', { user_id: user })) as unknown as {
        trigger_id: string
      }
      return trigger_id
    },
    /** The modals that were asked for, newest last. */
    modals: () =>
      calls.flatMap(({ method, body }) =>
        method === 'views.open'
          ? [(typeof body.view === 'string' ? JSON.parse(body.view) : body.view) as Record<string, unknown>]
          : [],
      ),
    /** What `/soc` was answered, newest last. */
    answers: () => calls.filter((one) => one.method === 'response').map((one) => String(one.body.text)),
    /** Sends an envelope over Socket Mode and gives the payload of its acknowledgement. */
    async envelope(type: 'interactive' | 'slash_commands', payload: unknown): Promise<unknown> {
      await isConnected
      const id = `env-${Math.random()}`
      const answered = new Promise<unknown>((resolve) => acked.set(id, resolve))
      for (const socket of sockets.clients)
        socket.send(JSON.stringify({ type, envelope_id: id, payload, accepts_response_payload: true }))
      return answered
    },
  }
}

export type SlackStandIn = Awaited<ReturnType<typeof startSlack>>

function parsed(text: string, type: string): Readonly<Record<string, unknown>> {
  if (text === '') return {}
  if (type.includes('json')) return JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(new URLSearchParams(text))
}

/** A person's client: signs what Slack would send and posts it. */
export function slackActor(options: { readonly url: string; readonly secret: string; readonly slack: SlackStandIn }) {
  const { url, secret, slack } = options
  const post = async (
    body: string,
    parts: { at?: number; secret?: string | null; type?: string; headers?: Readonly<Record<string, string>> } = {},
  ) => {
    const at = String(Math.floor((parts.at ?? Date.now()) / 1000))
    const key = parts.secret === undefined ? secret : parts.secret
    const signature = key === null ? null : `v0=${createHmac('sha256', key).update(`v0:${at}:${body}`).digest('hex')}`
    const response = await fetch(`${url}/slack/events`, {
      method: 'POST',
      headers: {
        'content-type': parts.type ?? 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': at,
        ...(signature === null ? {} : { 'x-slack-signature': signature }),
        ...parts.headers,
      },
      body,
    })
    return { status: response.status, text: await response.text() }
  }
  const form = (payload: unknown) => `payload=${encodeURIComponent(JSON.stringify(payload))}`
  const whoIs = (name: string, team = slackTeam) => ({
    team: { id: team, domain: 'soc' },
    user: { id: slack.userId(name), username: 'the-boss', name: 'the-boss', team_id: team },
    api_app_id: 'A1',
    token: 'x',
  })
  /** The first button of the message with that action. */
  const button = (message: SlackMessage, action: string, nth = 0) => {
    const found = (message.blocks ?? [])
      .flatMap((block) =>
        block.type === 'actions'
          ? (block.elements as readonly Record<string, unknown>[]).map((one) => ({ ...one, block_id: block.block_id }))
          : [],
      )
      .filter((one: Record<string, unknown>) => one.action_id === action)[nth]
    if (found === undefined) throw new Error(`the message has no button ${action}`)
    return found as Record<string, unknown>
  }
  const clickBody = (
    name: string,
    channel: string,
    message: SlackMessage,
    action: Record<string, unknown>,
    trigger: string,
  ) => ({
    type: 'block_actions',
    ...whoIs(name),
    trigger_id: trigger,
    container: { type: 'message', message_ts: message.ts, channel_id: channel },
    channel: { id: channel, name: 'soc' },
    message: { ts: message.ts },
    actions: [{ ...action, type: 'button', action_ts: `${Date.now() / 1000}` }],
  })
  const submitBody = (
    name: string,
    view: Readonly<Record<string, unknown>>,
    reason: string,
    trigger: string,
    team?: string,
  ) => ({
    type: 'view_submission',
    ...whoIs(name, team),
    trigger_id: trigger,
    view: {
      ...view,
      id: `V${trigger}`,
      hash: '1',
      state: { values: { reason: { text: { type: 'plain_text_input', value: reason === '' ? null : reason } } } },
    },
  })
  const commandBody = (name: string, text: string, channel: string, trigger: string, team = slackTeam) =>
    new URLSearchParams({
      command: '/soc',
      text,
      user_id: slack.userId(name),
      user_name: 'the-boss',
      team_id: team,
      channel_id: channel,
      channel_name: 'soc',
      trigger_id: trigger,
      response_url: `${slack.apiUrl}response`,
      api_app_id: 'A1',
      token: 'x',
    }).toString()
  return {
    post,
    form,
    button,
    clickBody,
    submitBody,
    commandBody,
    async click(name: string, channel: string, message: SlackMessage, action: string, nth = 0) {
      const trigger = await slack.trigger(slack.userId(name))
      return post(form(clickBody(name, channel, message, button(message, action, nth), trigger)))
    },
    async submit(name: string, view: Readonly<Record<string, unknown>>, reason: string, team?: string) {
      return post(form(submitBody(name, view, reason, await slack.trigger(slack.userId(name)), team)))
    },
    async command(name: string, text: string, channel: string, team?: string) {
      return post(commandBody(name, text, channel, await slack.trigger(slack.userId(name)), team))
    },
  }
}
