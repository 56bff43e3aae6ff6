import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { channelServices, channelSettings } from '../../src/cli/channels-for.ts'
import { compileBundle } from '../../src/core/content/index.ts'
import type { JsonObject } from '../../src/core/model/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { createRuntime, serve } from '../../src/server/index.ts'
import { gitsoc } from '../support/cli.ts'
import { routingKey, startPagerDuty } from '../support/pagerduty.ts'
import { slackBotToken, slackTeam, startSlack } from '../support/slack.ts'
import { testStore } from '../support/store.ts'

const policy = 'id: all\ntitle: All\nwhy: test\norder: 1\nlevels: [{ after: 0m, tell: [{ by: pagerduty }] }]\n'
const { files, commit } = await readWorkingTree(process.cwd())
const { bundle } = compileBundle([...files, { path: 'rules/escalation/policies/all.yaml', text: policy }], commit)
if (bundle === null) throw new Error('the content does not compile')
const content = bundle

async function serving() {
  const slack = await startSlack()
  const pagerDuty = await startPagerDuty()
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-channels-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const store = await testStore()
  const runtime = await createRuntime({
    store: { ...store, close: async () => {} },
    bundle: content,
    clock: Date.now,
    workDir: dir,
  })
  const known: Record<string, string> = {
    'wazuh-hook': 'key',
    'slack-bot': slackBotToken,
    'slack-signing': 'signing',
    'pagerduty-routing': routingKey('default'),
  }
  const secrets = (name: string) => (known[name] === undefined ? undefined : [known[name]])
  const config = (name: string): JsonObject =>
    ({ slack: { team: slackTeam, apiUrl: slack.apiUrl }, pagerduty: { eventsUrl: pagerDuty.url } })[name] ?? {}
  const settings = channelSettings(config, secrets, content)
  const log = () => {}
  const server = await serve(runtime, {
    host: '127.0.0.1',
    port: 0,
    secrets,
    config,
    clock: Date.now,
    log,
    services: await channelServices(settings, {
      ...{ store, secrets, clock: Date.now, log, bundle: () => content, workDir: dir },
      teamsOf: async () => [],
    }),
  })
  onTestFinished(() => server.stop())
  const alert = {
    id: '1.1',
    timestamp: new Date().toISOString().replace('Z', '+0000'),
    rule: { id: '5712', level: 12, description: 'sshd: brute force' },
    agent: { id: '1', name: 'bastion-1' },
    data: { srcip: '198.51.100.23' },
  }
  const attack = () =>
    fetch(`${server.url}/in/wazuh`, { method: 'POST', headers: { 'x-api-key': 'key' }, body: JSON.stringify(alert) })
  const health = async () => ((await (await fetch(`${server.url}/health`)).json()) as { channels: JsonObject }).channels
  return { slack, pagerDuty, store, url: server.url, attack, health }
}

test('a webhook becomes an incident, a message in Slack and a page, and /health says how the channels stand', async () => {
  const { slack, pagerDuty, attack, health, url } = await serving()
  expect((await attack()).status).toBe(202)
  await expect.poll(() => pagerDuty.incidents.length, { timeout: 20_000 }).toBe(1)
  expect(pagerDuty.incidents[0]?.dedupKey).toBe('main/INC-1')
  await expect.poll(async () => (await slack.messages(slack.channelId('soc'))).length, { timeout: 20_000 }).toBe(1)
  expect(await health()).toMatchObject({
    slack: { by: 'http', state: 'there', dead: 0 },
    pagerduty: { webhook: false, state: 'there', dead: 0 },
    escalation: { email: false },
  })
  expect((await fetch(`${url}/slack/events`, { method: 'POST', body: 'payload={}' })).status).toBe(401)
  expect((await fetch(`${url}/pagerduty/webhook`, { method: 'POST', body: '{}' })).status).toBe(404)
}, 60_000)

test('while Slack and PagerDuty are away everything else goes on, and /health says so', async () => {
  const { slack, pagerDuty, attack, health, store, url } = await serving()
  slack.fault('*', { status: 500 })
  pagerDuty.fault({ hang: true })
  await attack()
  const count = (sql: string) => store.transaction(async (tx) => (await tx.query(sql)).rowCount)
  await expect.poll(() => count('select from incident'), { timeout: 20_000 }).toBe(1)
  await expect.poll(async () => (await health()).slack, { timeout: 20_000 }).toMatchObject({ waiting: 1 })
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
}, 60_000)

afterEach(() => void vi.unstubAllEnvs())

test.each<[name: string, yaml: string, secrets: Record<string, string>, why: RegExp]>([
  ['Slack without a token', 'slack: { team: T0123 }', {}, /slack-bot is missing/],
  ['Slack without its signing secret', 'slack: { team: T0123 }', { SLACK_BOT: 'xoxb-1' }, /slack-signing is missing/],
  [
    'an empty signing secret',
    'slack: { team: T0123 }',
    { SLACK_BOT: 'xoxb-1', SLACK_SIGNING: ' ' },
    /slack-signing is missing/,
  ],
  [
    'Socket Mode without its token',
    'slack: { team: T0123, receive: socket }',
    { SLACK_BOT: 'xoxb-1' },
    /slack-app is missing/,
  ],
  ['a way that there is not', 'slack: { team: T0123, receive: telnet }', { SLACK_BOT: 'xoxb-1' }, /http or socket/],
  ['Slack without a workspace', 'slack: { receive: http }', { SLACK_BOT: 'xoxb-1' }, /"team" is the id/],
  [
    'Slack over a line that anybody reads',
    'slack: { team: T0123, apiUrl: "http://slack.example.com/api/" }',
    {},
    /https/,
  ],
  ['a secret of Slack without a mapping', 'wazuh: { mode: simulate }', { SLACK_SIGNING: 's' }, /has no "slack:/],
  ['PagerDuty without a key', 'pagerduty: { webhook: false }', {}, /pagerduty-routing is missing/],
  ['GitHub without anything', 'github: {}', {}, /config\.yaml:1:1: "github" says nothing/],
  ['closing that is no mapping', 'closing:', {}, /config\.yaml:1:1: "closing" says nothing/],
  [
    'an unknown word about escalation',
    'escalation: { emial: true }',
    {},
    /config\.yaml:1:15: "escalation" has no member "emial"/,
  ],
])('the server does not start with %s, and says so in one line', async (_name, yaml, secrets, why) => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-half-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, 'config.yaml'), yaml)
  for (const [name, value] of Object.entries(secrets)) vi.stubEnv(`GITSOC_SECRET_${name}`, value)
  const ended = await gitsoc(
    'start',
    '--config',
    join(dir, 'config.yaml'),
    '--store',
    join(dir, 'store'),
    '--port',
    '0',
  )
  expect(ended.exitCode).toBe(2)
  expect(ended.err.split('\n')[0]).toMatch(why)
})
