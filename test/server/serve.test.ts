import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRuntime, serve } from '../../src/server/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const bundle = await ownBundle()

async function serving(options: { syslogUdpPort?: number; host?: string; token?: string; metricsToken?: string } = {}) {
  const secrets = new Map([
    ['wazuh-hook', 'key'],
    ['api-token', options.token],
    ['metrics-token', options.metricsToken],
  ])
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-serve-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const store = await testStore()
  const runtime = await createRuntime({
    store: { ...store, close: async () => {} },
    bundle,
    clock: Date.now,
    workDir: dir,
  })
  const server = await serve(runtime, {
    host: '127.0.0.1',
    port: 0,
    secrets: (name) => {
      const value = secrets.get(name)
      return value === undefined ? undefined : [value]
    },
    config: () => ({}),
    clock: Date.now,
    log: () => {},
    ...options,
  })
  onTestFinished(() => server.stop())
  return server
}

async function until<T>(read: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  for (let n = 0; n < 100; n++) {
    const value = await read()
    if (good(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return read()
}

test('health, readiness and metrics answer; an unknown path does not', async () => {
  const { url } = await serving()
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${url}/readyz`)).text()).toContain(bundle.digest.slice(0, 16))
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/gitsoc_ledger_balanced 1\n/)
  expect((await fetch(`${url}/nothing`)).status).toBe(404)
  const health = (await (await fetch(`${url}/health`)).json()) as {
    webhooks: { integration: string; configured: boolean }[]
  }
  expect(health.webhooks.find((one) => one.integration === 'wazuh')?.configured).toBe(true)
  expect(health.webhooks.find((one) => one.integration === 'okta')?.configured).toBe(false)
})

/** Not fetch: it does not send the host that it is told. */
const ask = (url: string, headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    get(url.replace('0.0.0.0', '127.0.0.1'), { headers }, async (response) => {
      resolve({ status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() })
    }).on('error', reject)
  })

const callers: readonly [
  who: string,
  given: { host?: string; token?: string; metricsToken?: string },
  headers: Record<string, string>,
  sees: 'all' | 'metrics' | 'nothing',
][] = [
  ['a program of this machine', {}, {}, 'all'],
  ['a page in a browser whose name was bound to this machine', {}, { host: 'rebound.example.com' }, 'nothing'],
  ['a page in a browser', {}, { origin: 'https://page.example.com' }, 'nothing'],
  ['whom a proxy lets in', {}, { 'x-forwarded-for': '198.51.100.7' }, 'nothing'],
  ['a load balancer of a server that others reach', { host: '0.0.0.0' }, {}, 'nothing'],
  ['whoever has the token', { host: '0.0.0.0', token: 'sesame' }, { authorization: 'Bearer sesame' }, 'all'],
  [
    'whoever has the token, behind a proxy',
    { token: 'sesame' },
    { authorization: 'Bearer sesame', 'x-forwarded-for': '198.51.100.7', host: 'soc.example.com' },
    'all',
  ],
  ['whoever has another one', { host: '0.0.0.0', token: 'sesame' }, { authorization: 'Bearer other' }, 'nothing'],
  ['a program of this machine without the token', { token: 'sesame' }, {}, 'nothing'],
  [
    'Prometheus with its own token',
    { host: '0.0.0.0', token: 'sesame', metricsToken: 'numbers' },
    { authorization: 'Bearer numbers' },
    'metrics',
  ],
]

test.each(callers)(
  '%s is told that the server is alive, and the details and numbers only when it may know',
  async (_who, given, headers, sees) => {
    const { url } = await serving(given)
    const health = await ask(`${url}/health`, headers)
    expect(health.status).toBe(200)
    const told = JSON.parse(health.body) as { status: string }
    expect(told.status).toBe('alive')
    expect(Object.keys(told).sort()).toEqual(
      sees === 'all'
        ? ['bundle', 'channels', 'commit', 'containment', 'hooks', 'status', 'webhooks']
        : ['details', 'status'],
    )
    const numbers = await ask(`${url}/metrics`, headers)
    expect(numbers.body.includes('gitsoc_ledger_balanced 1')).toBe(sees !== 'nothing')
    expect(numbers.status === 200).toBe(sees !== 'nothing')
  },
)

test('a signed alert becomes an incident, an unsigned one 401, an unconfigured integration 503', async () => {
  const { url } = await serving()
  const alert = {
    id: '1.1',
    timestamp: '2026-05-12T07:10:05.120+0000',
    rule: { id: '5712', level: 10, description: 'sshd: brute force' },
    agent: { id: '1', name: 'bastion-1' },
    data: { srcip: '198.51.100.23' },
  }
  const post = (path: string, key: string) =>
    fetch(`${url}/in/${path}`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(alert) })
  expect((await post('wazuh', 'key')).status).toBe(202)
  expect((await post('wazuh', 'wrong')).status).toBe(401)
  expect((await post('okta', 'key')).status).toBe(503)
  const found = await until(
    async () =>
      (await (await fetch(`${url}/analyze`, { method: 'POST' })).json()) as { incidents: { title: string }[] },
    (value) => value.incidents.length > 0,
  )
  expect(found.incidents).toMatchObject([
    { number: 1, title: 'sshd: brute force', severity: expect.any(String), alerts: 1 },
  ])
})

test('the seed API takes events, analyses them and counts them', async () => {
  const { url } = await serving()
  const events = [
    { source: 'vpn', event_type: 'login_failed', message: 'Login failed', user: 'user17', ip: '198.51.100.9' },
    {
      source: 'edr',
      event_type: 'malware',
      message: 'Malware found',
      user: 'user17',
      ip: '198.51.100.9',
      severity: 'high',
    },
  ]
  expect(
    await (await fetch(`${url}/ingest`, { method: 'POST', body: JSON.stringify({ events }) })).json(),
  ).toMatchObject({ accepted: 2 })
  const found = (await (await fetch(`${url}/analyze?auto_respond=true`, { method: 'POST' })).json()) as {
    incidents: unknown[]
  }
  expect(found.incidents).toMatchObject([{ title: 'Malware found' }])
  expect(await (await fetch(`${url}/stats`)).json()).toMatchObject({
    received: 2,
    alerted: 1,
    noMatch: 1,
    balanced: true,
  })
})

test('a CEF line by UDP is received and counted', async () => {
  const { url, syslog } = await serving({ syslogUdpPort: 0 })
  const socket = createSocket('udp4')
  socket.send(
    '<134>May 12 08:31:22 fw-1 CEF:0|Example|Gate|1.0|4711|Blocked|8|src=203.0.113.66 dst=10.20.1.10',
    syslog?.udpPort ?? 0,
    '127.0.0.1',
    () => socket.close(),
  )
  const stats = await until(
    async () => (await (await fetch(`${url}/stats`)).json()) as { alerted: number },
    (value) => value.alerted > 0,
  )
  expect(stats).toMatchObject({ received: 1, alerted: 1 })
})
