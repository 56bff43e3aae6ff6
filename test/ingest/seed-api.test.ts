import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compileBundle } from '../../src/core/content/index.ts'
import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer } from '../../src/core/normalize/index.ts'
import {
  createInbox,
  createSeedApi,
  type NewDelivery,
  nextDeliveries,
  Overloaded,
  type SeedApiParts,
  send,
} from '../../src/ingest/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { makeSecret } from '../support/sign.ts'
import { testStore } from '../support/store.ts'

const token = makeSecret()
const event = { source: 'vpn', event_type: 'login_failed', message: 'Login failed', user: 'user17', ip: '198.51.100.9' }

async function api(rest: Partial<SeedApiParts> = {}) {
  const kept: NewDelivery[] = []
  const counted: string[] = []
  const handle = createSeedApi({
    inbox: {
      accept: async (deliveries) => ({ firstSeq: kept.push(...deliveries) - deliveries.length + 1 }),
      idle: async () => {},
    },
    secrets: () => undefined,
    loopback: true,
    clock: () => 1000,
    analyze: async ({ autoRespond }) => ({ autoRespond }),
    stats: async () => ({ received: 3 }),
    count: (integration, result) => counted.push(`${integration} ${result}`),
    ...rest,
  })
  const server = createServer(async (request, response) => {
    if (!(await handle(request, response))) send(response, { status: 404, body: 'elsewhere' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init)
  return {
    kept,
    counted,
    port,
    call,
    post: (body: unknown, headers: Record<string, string> = {}) =>
      call('/ingest', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers }),
    lines: () =>
      kept.flatMap((one) =>
        Buffer.from(one.body)
          .toString()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      ),
  }
}

test('events are accepted when they are on disk, each as one record of its own', async () => {
  const store = await testStore()
  const { post } = await api({ inbox: createInbox(store) })
  const answer = await post({ events: [event, event, { ...event, id: 'mine' }, 7] })
  expect([answer.status, await answer.json()]).toEqual([202, { accepted: 4, delivery: 1 }])
  const [delivery] = await store.transaction((tx) => nextDeliveries(tx, 0, 10))
  if (delivery === undefined) throw new Error('nothing was kept')
  const { bundle } = compileBundle((await readWorkingTree('.')).files, 'worktree')
  if (bundle === null) throw new Error('the content does not compile')
  const records = createNormalizer(bundle.integrations, tenantId('main')).normalize(delivery)
  expect(records.map((one) => (one.kind === 'event' ? one.event.inbound : one.kind))).toEqual([
    'seed',
    'seed',
    'seed',
    'dead',
  ])
  const ids = records.map((one) => (one.kind === 'event' ? one.event.id : null))
  expect(new Set(ids).size).toBe(4)
})

test('what is sent again under the same key, or with ids of its own, keeps its ids', async () => {
  const { post, lines } = await api()
  await post({ events: [event, event] }, { 'idempotency-key': 'k' })
  await post({ events: [event, event] }, { 'idempotency-key': 'k' })
  await post({ events: [{ ...event, id: 'mine' }] })
  expect(lines().map((one) => one.id)).toEqual(['k/0', 'k/1', 'k/0', 'k/1', 'mine'])
})

test('many events become deliveries of at most 1,000 lines, accepted together', async () => {
  const { post, kept, lines } = await api()
  expect(await (await post({ events: Array(2500).fill(event) })).json()).toEqual({ accepted: 2500, delivery: 1 })
  expect(kept.length).toBe(3)
  expect(lines().length).toBe(2500)
})

test('analyze works off and answers what was found; one at a time', async () => {
  let running = 0
  let most = 0
  const { call } = await api({
    analyze: async ({ autoRespond }) => {
      most = Math.max(most, ++running)
      await wait(20)
      running--
      return { incidents: [], autoRespond }
    },
  })
  const answers = await Promise.all(
    ['', '?auto_respond=true', '?auto_respond=false'].map((query) => call(`/analyze${query}`, { method: 'POST' })),
  )
  expect(await Promise.all(answers.map((one) => one.json()))).toEqual([
    { incidents: [], autoRespond: false },
    { incidents: [], autoRespond: true },
    { incidents: [], autoRespond: false },
  ])
  expect(most).toBe(1)
  expect((await call('/analyze?auto_respond=yes', { method: 'POST' })).status).toBe(400)
})

test('an analysis that fails does not stop the next one, and says nothing about its inside', async () => {
  let fails = true
  const { call } = await api({
    analyze: async () => {
      if (fails) throw new Error('relation "incident"')
      return { incidents: [] }
    },
  })
  const first = await call('/analyze', { method: 'POST' })
  expect([first.status, (await first.text()).includes('relation')]).toEqual([503, false])
  fails = false
  expect((await call('/analyze', { method: 'POST' })).status).toBe(200)
})

test('stats are answered as they are', async () => {
  const { call, counted } = await api()
  expect(await (await call('/stats')).json()).toEqual({ received: 3 })
  expect(counted).toEqual(['api accepted'])
})

describe('who may call', () => {
  const withToken = { secrets: (name: string) => (name === 'api-token' ? ['newer', token] : undefined) }

  test.each([
    ['/ingest', 'POST'],
    ['/analyze', 'POST'],
    ['/stats', 'GET'],
  ])('%s wants the token, on loopback too', async (path, method) => {
    const { call, kept } = await api(withToken)
    for (const authorization of [undefined, '', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token} x`]) {
      const headers = authorization === undefined ? {} : { authorization }
      expect((await call(path, { method, headers })).status).toBe(401)
    }
    const body = method === 'POST' ? { body: JSON.stringify({ events: [event] }) } : {}
    const allowed = await call(path, { method, headers: { authorization: `Bearer ${token}` }, ...body })
    expect(allowed.ok).toBe(true)
    expect(kept.length).toBe(path === '/ingest' ? 1 : 0)
  })

  test('without a token nobody may where others could reach it', async () => {
    const { call, post, kept } = await api({ loopback: false })
    expect([(await post({ events: [event] })).status, (await call('/stats')).status, kept]).toEqual([503, 503, []])
  })

  test('without a token no page in a browser may, neither by its origin nor by a name that leads here', async () => {
    const { post, port, kept } = await api()
    expect((await post({ events: [event] }, { origin: 'https://evil.example' })).status).toBe(403)
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('data', (part) => {
        resolve(part.toString())
        socket.destroy()
      })
      socket.write('GET /stats HTTP/1.1\r\nhost: evil.example:80\r\n\r\n')
    })
    expect(text).toMatch(/^HTTP\/1\.1 403/)
    expect(kept).toEqual([])
  })
})

describe('what is refused', () => {
  test.each<readonly [string, unknown, number]>([
    ['no JSON', 'events', 400],
    ['no bytes', '', 400],
    ['a list', [event], 400],
    ['no list of events', { events: {} }, 400],
    ['events inherited', '{"__proto__":{"events":[{}]}}', 400],
    ['no events', { events: [] }, 400],
    ['too many events', { events: Array(10_001).fill(1) }, 400],
    ['more than 10 MB', 'x'.repeat(10 * 1024 * 1024 + 1), 413],
  ])('%s', async (_name, body, status) => {
    const { post, kept, counted } = await api()
    expect((await post(body)).status).toBe(status)
    expect([kept, counted]).toEqual([[], [`api ${status}`]])
  })

  test('other methods and paths', async () => {
    const { call } = await api()
    const wrong = await call('/ingest')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await call('/stats', { method: 'POST' })).status).toBe(405)
    for (const path of ['/ingest/', '/Ingest', '/constructor', '/stats/../x'])
      expect((await call(path)).status).toBe(404)
  })

  test('overload, with a time to wait', async () => {
    const { post } = await api({
      inbox: { accept: () => Promise.reject(new Overloaded('full', 3)), idle: async () => {} },
    })
    const answer = await post({ events: [event] })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3'])
  })
})
