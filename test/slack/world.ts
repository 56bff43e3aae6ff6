import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { saveIncidents } from '../../src/cases/index.ts'
import type { Team } from '../../src/core/command/index.ts'
import type { Incident } from '../../src/core/model/index.ts'
import { connectSlack } from '../../src/slack/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { bundleWith, incidentOf, suspendFirst, worldOf } from '../respond/world.ts'
import { makeSecret } from '../support/sign.ts'
import { type SlackPerson, slackActor, slackAppToken, slackBotToken, slackTeam, startSlack } from '../support/slack.ts'

const team = `id: soc
title: Team
owner: soc
why: test
analysts:
  - { id: analyst-1, email: one@example.com, roles: [analyst, responder] }
  - { id: analyst-2, email: two@example.com, roles: [analyst, responder, incident-lead] }
  - { id: viewer-1, email: viewer@example.com, roles: [viewer] }
`
const notify = 'id: soc\ntitle: All\nwhy: test\norder: 1\nchannel: "#soc"\n'

export const people: readonly SlackPerson[] = [
  { name: 'one', email: 'one@example.com' },
  { name: 'two', email: 'two@example.com' },
  { name: 'viewer', email: 'viewer@example.com' },
  { name: 'stranger', email: 'stranger@example.com' },
]

/** A store with an incident whose playbook asks for an approval, Slack beside it, connected as the server does. */
export async function slackWorld(
  options: {
    readonly receive?: 'http' | 'socket'
    readonly store?: OpenStore
    readonly steps?: string
    readonly policy?: string
    readonly team?: string
    /** Teams on GitHub of a login; nobody is in any unless told. */
    readonly teamsOf?: (team: Team, login: string) => Promise<readonly string[]>
  } = {},
) {
  const slack = await startSlack(people)
  const contentOf = (files: Readonly<Record<string, string>> = {}) =>
    bundleWith(options.steps ?? suspendFirst, options.policy, {
      'rules/team/soc.yaml': options.team ?? team,
      'rules/notify/soc.yaml': notify,
      ...files,
    })
  let bundle = await contentOf()
  const world = await worldOf(bundle, {
    at: Date.now(),
    ...(options.store === undefined ? {} : { store: options.store }),
  })
  const secret = makeSecret()
  const logs: string[] = []
  const receive = options.receive ?? 'http'
  const connected = await connectSlack({
    store: world.store,
    bundle: () => bundle,
    teamsOf: options.teamsOf ?? (async () => []),
    clock: () => world.time.at,
    log: (line) => void logs.push(line),
    restMs: 0,
    settings: {
      team: slackTeam,
      receive,
      apiUrl: slack.apiUrl,
      botToken: slackBotToken,
      signingSecrets: receive === 'http' ? [secret] : [],
      appToken: receive === 'socket' ? slackAppToken : null,
    },
  })
  await world.store.transaction((tx) =>
    tx.query(`insert into projection_channel (tenant, channel, enabled_at) values ($1, 'slack', 0)`, [tx.tenant]),
  )
  const server = createServer((request, response) => {
    connected.handle(request, response).then((isOurs) => {
      if (!isOurs) response.writeHead(404).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await connected.stop()
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  const actor = slackActor({ url: `http://127.0.0.1:${port}`, secret, slack })
  const channel = slack.channelId('soc')
  /** Works off what is due, here and in Slack, until nothing is. */
  const settle = async () => {
    for (let n = 0; n < 20; n++) {
      await world.drain()
      const { nextAt, written } = await connected.drain()
      if (nextAt === null) return
      if (written === 0 && nextAt > world.time.at) world.time.at = nextAt
    }
  }
  const message = async () => {
    const [first] = await slack.messages(channel)
    if (first === undefined) throw new Error('there is no message')
    return first
  }
  return {
    ...world,
    bundle,
    slack,
    connected,
    actor,
    channel,
    logs,
    secret,
    settle,
    message,
    url: `http://127.0.0.1:${port}`,
    /** Serves other files from now on, as a deploy does. */
    async deploy(files: Readonly<Record<string, string>>) {
      bundle = await contentOf(files)
    },
    saveIncident: (parts: Partial<Incident>) =>
      world.store.transaction((tx) => saveIncidents(tx, [incidentOf(1, ['user17@example.com'], parts)])),
    /** Clicks, waits for the modal, and gives it. */
    async open(name: string, action: string) {
      const before = slack.modals().length
      expect((await actor.click(name, channel, await message(), action)).status).toBe(200)
      await expect.poll(() => slack.modals().length, { timeout: 5000 }).toBe(before + 1)
      return slack.modals().at(-1) ?? {}
    },
    /** Submits the modal and gives what the person alone is told. */
    async submit(name: string, modal: Readonly<Record<string, unknown>>, reason: string) {
      const before = slack.ephemerals.length
      expect((await actor.submit(name, modal, reason)).status).toBe(200)
      await expect.poll(() => slack.ephemerals.length, { timeout: 5000 }).toBe(before + 1)
      return slack.ephemerals.at(-1)?.text ?? ''
    },
    /** Says `/soc …` and gives the answer. */
    async say(name: string, text: string) {
      const before = slack.answers().length
      expect((await actor.command(name, text, channel)).status).toBe(200)
      await expect.poll(() => slack.answers().length, { timeout: 5000 }).toBe(before + 1)
      return slack.answers().at(-1) ?? ''
    },
    effects: () => world.rows<{ outcome: string | null }>('select outcome from effect'),
  }
}

/** Everything a message shows, without the characters that break links. */
export const shownIn = (message: { readonly blocks?: readonly unknown[] }) =>
  JSON.stringify(message.blocks ?? []).replaceAll('\u200b', '')
