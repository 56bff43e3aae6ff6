import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/model/index.ts'
import { compileIntegration } from '../../src/core/normalize/index.ts'
import {
  createInbox,
  createReceiver,
  type NewDelivery,
  nextDeliveries,
  Overloaded,
  type ReceiverParts,
  send,
} from '../../src/ingest/index.ts'
import { documentOf } from '../support/document.ts'
import { hmac, makeSecret, snsCertificateUrl, snsSender, snsTopic, standardSender } from '../support/sign.ts'
import { testStore } from '../support/store.ts'

const now = Date.parse('2026-05-12T09:00:00Z')
const key = makeSecret()
const standard = standardSender()
const sns = snsSender()

const webhooks: Readonly<Record<string, string>> = {
  signed: '{ path: signed, maxBytes: 65536, verify: { scheme: hmac, secret: key, header: x-signature } }',
  standard: '{ path: standard, verify: { scheme: standard-webhooks, secret: standard } }',
  missing: '{ path: missing, verify: { scheme: hmac, secret: nobody-set-it, header: x-signature } }',
  open: '{ path: open, verify: { scheme: none } }',
  token: '{ path: nested/token, verify: { scheme: url-token, secret: key } }',
  okta: '{ path: okta, verify: { scheme: static-header, header: authorization, secret: key }, handshake: okta-challenge }',
  slack:
    '{ path: slack, verify: { scheme: hmac, secret: key, header: x-signature }, handshake: slack-url-verification }',
  grid: '{ path: grid, verify: { scheme: url-token, secret: key }, handshake: event-grid }',
  graph: '{ path: graph, verify: { scheme: url-token, secret: key }, handshake: graph-validation-token }',
  events: '{ path: events, verify: { scheme: none }, handshake: cloudevents-options }',
  sns: '{ path: sns, verify: { scheme: aws-sns }, handshake: sns-confirm }',
}

const integrations = Object.entries(webhooks).map(([id, webhook]) => {
  const compiled = compileIntegration(
    documentOf(`integrations/${id}/integration.yaml`, `id: ${id}\ntitle: ${id}\nwebhook: ${webhook}\n`),
  )
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
})

/** A receiver on a real socket over an inbox in memory, unless told otherwise. */
async function receiver(rest: Partial<ReceiverParts> & { loopback?: boolean } = {}) {
  const kept: NewDelivery[] = []
  const counted: string[] = []
  const fetched: string[] = []
  const handle = createReceiver({
    inbox: {
      accept: async (deliveries) => ({ firstSeq: kept.push(...deliveries) - deliveries.length + 1 }),
      idle: async () => {},
    },
    integrations: () => integrations,
    context: {
      secrets: (name) => (name === 'key' ? [key] : name === 'standard' ? [standard.secret] : undefined),
      fetchText: (url) => {
        fetched.push(url)
        return Promise.resolve(sns.certificate)
      },
      loopback: rest.loopback ?? true,
    },
    config: (id): JsonObject => (id === 'sns' ? { topicArns: [snsTopic] } : {}),
    clock: () => now,
    count: (integration, result) => counted.push(`${integration} ${result}`),
    ...rest,
  })
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    handle(request, response).then(
      (handled) => {
        if (!handled) send(response, { status: 404, body: 'elsewhere' })
      },
      (error: Error) => send(response, { status: 500, body: error.message }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    kept,
    counted,
    fetched,
    port,
    bodies: () => kept.map((one) => Buffer.from(one.body).toString()),
    post: (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}/in/${path}`, { method: 'POST', body: Buffer.from(body), headers }),
    /** Sends bytes as they are and gives everything that came back until the connection ended or `ms` went by. */
    raw: (bytes: string | Buffer, ms = 1500) =>
      new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        let text = ''
        const end = () => {
          socket.destroy()
          resolve(text)
        }
        const timer = setTimeout(end, ms)
        socket.on('data', (part) => {
          text += part.toString('latin1')
        })
        socket.on('close', () => {
          clearTimeout(timer)
          resolve(text)
        })
        socket.on('error', () => {})
        socket.write(bytes)
      }),
  }
}

const signed = (body: string | Buffer) => ({ 'x-signature': hmac(key, body) })

test('a signed delivery is acknowledged with its number when it is on disk, byte by byte', async () => {
  const store = await testStore()
  const { post, counted } = await receiver({ inbox: createInbox(store) })
  const body = Buffer.from('{"user":"n\u00e4her", "n":1.0}\r\n')
  const answer = await post('signed', body, { ...signed(body), 'content-type': 'application/json; charset=utf-8' })
  expect([answer.status, await answer.json()]).toEqual([202, { accepted: true, delivery: 1 }])
  expect(await store.transaction((tx) => nextDeliveries(tx, 0, 10))).toEqual([
    {
      seq: 1,
      source: 'signed',
      transport: 'webhook',
      contentType: 'application/json; charset=utf-8',
      receivedAt: now,
      body,
    },
  ])
  expect(counted).toEqual(['signed accepted'])
})

describe('what is not proven', () => {
  test.each([
    ['no signature', {}],
    ['a wrong signature', { 'x-signature': 'ab'.repeat(32) }],
    ['a signature of another body', signed('{}')],
    ['the signature twice', { 'x-signature': `${hmac(key, 'body')}, ${hmac(key, 'body')}` }],
  ])('is refused with 401 and counted: %s', async (_name, headers) => {
    const { post, kept, counted } = await receiver()
    const answer = await post('signed', 'body', headers)
    expect(answer.status).toBe(401)
    expect(await answer.text()).not.toContain('body')
    expect([kept, counted]).toEqual([[], ['signed forged']])
  })

  test('is never accepted for a missing secret, whatever comes', async () => {
    const { post, kept, counted } = await receiver()
    for (const headers of [{}, { 'x-signature': hmac('', 'body') }, { 'x-signature': hmac('undefined', 'body') }]) {
      const answer = await post('missing', 'body', headers)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '300'])
    }
    expect([kept, counted[0]]).toEqual([[], 'missing unconfigured'])
  })

  test('is taken without signature on loopback only', async () => {
    expect((await (await receiver({ loopback: true })).post('open', '{}')).status).toBe(202)
    const away = await receiver({ loopback: false })
    expect((await away.post('open', '{}')).status).toBe(503)
    expect(away.kept).toEqual([])
  })

  test('is not taken without signature on loopback when a proxy or a page of a browser brings it', async () => {
    const { post, kept } = await receiver({ loopback: true })
    for (const sign of [{ 'x-forwarded-for': '198.51.100.7' }, { origin: 'https://page.example.com' }])
      expect((await post('open', '{}', sign)).status).toBe(503)
    expect(kept).toEqual([])
  })
})

test('the same delivery sent again is taken again, one with a stale timestamp is not', async () => {
  const { post, kept } = await receiver()
  const body = Buffer.from('{"id":1}')
  const headers = standard.headers(body, now - 60_000)
  expect((await post('standard', body, headers)).status).toBe(202)
  expect((await post('standard', body, headers)).status).toBe(202)
  expect((await post('standard', body, standard.headers(body, now - 301_000))).status).toBe(401)
  expect(kept.length).toBe(2)
})

test.each(['not json {', '', '{"a":', '\u0000', Buffer.from([0xff, 0xfe, 0x80])])(
  'a signed body that nobody can read is taken all the same: %j',
  async (body) => {
    const { post, kept } = await receiver()
    expect((await post('signed', body, { ...signed(body), 'content-type': 'text/html' })).status).toBe(202)
    expect(Buffer.from(kept[0]?.body ?? 'none')).toEqual(Buffer.from(body))
  },
)

describe('paths and methods', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is answered 405 with what is allowed', async (method) => {
    const { port, kept } = await receiver()
    const answer = await fetch(`http://127.0.0.1:${port}/in/signed`, { method })
    expect([answer.status, answer.headers.get('allow'), kept]).toEqual([405, 'POST', []])
  })

  test.each([
    'nowhere',
    '',
    'signed/extra',
    'signed/',
    'SIGNED',
    'signed%2f',
    '%73igned',
    '__proto__',
    'constructor',
    '%2e%2e/%2e%2e/etc/passwd',
    'a'.repeat(5000),
  ])('/in/%s is no path of an integration', async (path) => {
    const { post, kept } = await receiver()
    expect((await post(path, 'x', signed('x'))).status).toBe(404)
    expect(kept).toEqual([])
  })

  test.each([
    '/in/../signed',
    '/in/./../../etc/passwd',
    '//in/signed',
    'http://example.com/in/nowhere',
    '/in/signed\\..',
    '*',
  ])('the request target %s reaches no integration by another way', async (target) => {
    const { raw, kept } = await receiver()
    const text = await raw(`POST ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 (400|404)/)
    expect(kept).toEqual([])
  })

  test('a token may stand at the end of the path or in the query, and is in no answer and no count', async () => {
    const { post, counted } = await receiver()
    expect((await post(`nested/token/${key}`, '{}')).status).toBe(202)
    expect((await post(`nested/token?token=${key}`, '{}')).status).toBe(202)
    const wrong = await post(`nested/token/${key}x`, '{}')
    expect(wrong.status).toBe(401)
    expect(`${await wrong.text()}${counted.join()}`).not.toContain(key)
  })
})

describe('size', () => {
  const big = Buffer.alloc(65_537, 'x')

  test('a body that says it is too large is refused before it is read', async () => {
    const { raw, kept, counted } = await receiver()
    const text = await raw(`POST /in/signed HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect([kept, counted]).toEqual([[], ['signed too-large']])
  })

  test('a body that turns out too large is refused, however it is cut', async () => {
    const { raw, post, kept } = await receiver()
    const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`
    const text = await raw(
      `POST /in/signed HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(5)}`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect((await post('signed', big, signed(big))).status).toBe(413)
    const fits = big.subarray(1)
    expect((await post('signed', fits, signed(fits))).status).toBe(202)
    expect(kept.length).toBe(1)
  })

  test('gzip is unpacked, and the signature is that of the content', async () => {
    const { post, bodies } = await receiver()
    const headers = { ...signed('{"a":1}'), 'content-encoding': 'GZIP' }
    expect((await post('signed', gzipSync('{"a":1}'), headers)).status).toBe(202)
    expect(bodies()).toEqual(['{"a":1}'])
  })

  test('a compressed bomb is refused while it is unpacked', async () => {
    const { post, kept } = await receiver()
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(65_536)
    expect((await post('signed', bomb, { 'content-encoding': 'gzip' })).status).toBe(413)
    expect(kept).toEqual([])
  })

  test.each([
    ['gzip that is none', 'gzip', Buffer.from('plain')],
    ['gzip that was cut', 'gzip', gzipSync('x'.repeat(1000)).subarray(0, 20)],
    ['another encoding', 'br', Buffer.from('x')],
    ['several encodings', 'gzip, gzip', gzipSync(gzipSync('x'))],
  ])('%s is refused', async (_name, encoding, body) => {
    const { post, kept } = await receiver()
    expect((await post('signed', body, { ...signed(body), 'content-encoding': encoding })).status).toBe(415)
    expect(kept).toEqual([])
  })
})

describe('bad senders', () => {
  test('a body that comes too slowly ends with 408', async () => {
    const { raw, kept, counted } = await receiver({ bodyTimeoutMs: 100 })
    const text = await raw('POST /in/signed HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc')
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
    expect([kept, counted]).toEqual([[], ['signed refused']])
  })

  test('a sender that goes away in the middle leaves nothing, and others are served', async () => {
    const { port, kept, post } = await receiver()
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /in/signed HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc', () => socket.destroy())
    await new Promise((resolve) => socket.on('close', resolve))
    expect((await post('signed', 'x', signed('x'))).status).toBe(202)
    expect(kept.length).toBe(1)
  })

  test.each([
    [
      '10,000 headers',
      `POST /in/open HTTP/1.1\r\nhost: x\r\n${Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1\r\n`).join('')}\r\n`,
    ],
    ['a header of a megabyte', `POST /in/open HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`],
    ['two lengths', 'POST /in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    [
      'length and chunks',
      'POST /in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a header with a NUL', 'POST /in/open HTTP/1.1\r\nhost: x\r\ncontent-type: a\u0000b\r\ncontent-length: 0\r\n\r\n'],
    ['a folded header', 'POST /in/open HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
    ['a negative length', 'POST /in/open HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n'],
    ['no HTTP at all', '\u0016\u0003\u0001\u0002'],
  ])('%s: refused, nothing kept, and the next request is served', async (_name, bytes) => {
    const { raw, kept, post } = await receiver()
    expect(await raw(Buffer.from(bytes, 'latin1'))).not.toMatch(/^HTTP\/1\.1 2/)
    expect(kept).toEqual([])
    expect((await post('open', '{}')).status).toBe(202)
  })

  test('bytes that are nearly a request never bring an unproven delivery in, nor the server down', async () => {
    const { raw, kept, post } = await receiver({ bodyTimeoutMs: 50 })
    const good =
      'POST /in/signed HTTP/1.1\r\nhost: x\r\nx-signature: 00\r\ncontent-length: 7\r\nconnection: close\r\n\r\n{"a":1}'
    const change = fc.tuple(
      fc.nat(good.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom('set', 'insert', 'cut'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = [...Buffer.from(good)]
        for (const [at, byte, how] of changes)
          bytes.splice(at, how === 'insert' ? 0 : 1, ...(how === 'cut' ? [] : [byte]))
        expect(await raw(Buffer.from(bytes), 200)).not.toMatch(/^HTTP\/1\.1 2/)
      }),
      { numRuns: 60 },
    )
    expect(kept).toEqual([])
    expect((await post('signed', 'x', signed('x'))).status).toBe(202)
  })

  test('a body cut short of its length is not taken', async () => {
    const { port, kept, counted } = await receiver()
    const socket = connect(port, '127.0.0.1')
    socket.end('POST /in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":1}')
    socket.resume()
    await new Promise((resolve) => socket.on('close', resolve))
    expect([kept, counted.filter((one) => one.endsWith('accepted'))]).toEqual([[], []])
  })

  test('what comes in headers is in no answer', async () => {
    const { port } = await receiver()
    const answer = await fetch(`http://127.0.0.1:${port}/in/events`, {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': '<script>alert(1)</script>' },
    })
    expect(`${answer.status} ${JSON.stringify([...answer.headers])}${await answer.text()}`).not.toContain('script')
  })
})

describe('trouble here', () => {
  const failing = (error: Error) => ({ accept: () => Promise.reject(error), idle: async () => {} })

  test('overload is answered 503 with a time to wait', async () => {
    const { post, counted } = await receiver({ inbox: failing(new Overloaded('full', 7)) })
    const answer = await post('open', '{}')
    expect([answer.status, answer.headers.get('retry-after'), counted]).toEqual([503, '7', ['open overload']])
  })

  test('bodies of all requests together have a bound; what is done with gives its room back', async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    let entered = 0
    const { post, counted } = await receiver({
      maxBytesInFlight: 100_000,
      inbox: {
        accept: async () => {
          entered++
          await gate
          return { firstSeq: entered }
        },
        idle: async () => {},
      },
    })
    const body = Buffer.alloc(60_000, 'x')
    const first = post('signed', body, signed(body))
    await expect.poll(() => entered).toBe(1)
    const second = await post('open', body)
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5'])
    expect((await post('open', gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(503)
    open()
    expect((await first).status).toBe(202)
    for (let n = 0; n < 5; n++) expect((await post('signed', body, signed(body))).status).toBe(202)
    expect(counted).toContain('open overload')
  })

  test('any other failure is answered 503 and says nothing about its inside', async () => {
    const { post, counted } = await receiver({ inbox: failing(new Error('relation "delivery" at 10.0.0.7')) })
    const answer = await post('open', '{}')
    expect([answer.status, answer.headers.get('retry-after'), counted]).toEqual([503, '10', ['open failed']])
    expect(await answer.text()).not.toMatch(/relation|10\.0/)
  })
})

describe('handshakes', () => {
  test('okta: the challenge comes back as JSON', async () => {
    const { port, kept } = await receiver()
    const answer = await fetch(`http://127.0.0.1:${port}/in/okta`, {
      headers: { 'x-okta-verification-challenge': 'c-1"<b>' },
    })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect([await answer.json(), kept]).toEqual([{ verification: 'c-1"<b>' }, []])
  })

  test('slack and event grid: only after the proof, and nothing is kept', async () => {
    const { post, kept } = await receiver()
    const slack = JSON.stringify({ type: 'url_verification', challenge: 'c-2' })
    expect((await post('slack', slack)).status).toBe(401)
    expect(await (await post('slack', slack, signed(slack))).json()).toEqual({ challenge: 'c-2' })
    const grid = JSON.stringify([
      { eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: 'c-3' } },
    ])
    expect((await post('grid', grid)).status).toBe(401)
    expect(await (await post(`grid/${key}`, grid)).json()).toEqual({ validationResponse: 'c-3' })
    expect(kept).toEqual([])
  })

  test('graph: the token comes back as plain text that no browser runs, bounded in length', async () => {
    const { post, kept } = await receiver()
    const token = '<script>alert(1)</script>'
    const answer = await post(`graph?validationToken=${encodeURIComponent(token)}`, '')
    expect([answer.status, await answer.text()]).toEqual([200, token])
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await post(`graph?validationToken=${'x'.repeat(2001)}`, '')).status).toBe(401)
    expect(kept).toEqual([])
  })

  test('cloudevents: the origin that asks is allowed', async () => {
    const { port } = await receiver()
    const answer = await fetch(`http://127.0.0.1:${port}/in/events`, {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventemitter.example.com' },
    })
    expect([answer.status, answer.headers.get('webhook-allowed-origin')]).toEqual([200, 'eventemitter.example.com'])
  })

  const confirmUrl = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t-1'

  test('sns: the subscription is confirmed once it is proven, for listed topics at Amazon only', async () => {
    const { post, fetched, kept } = await receiver()
    const message = sns.confirmation(now, confirmUrl)
    expect((await post('sns', JSON.stringify(message))).status).toBe(200)
    expect(fetched).toEqual([snsCertificateUrl, confirmUrl])
    fetched.length = 0
    expect((await post('sns', JSON.stringify({ ...message, TopicArn: `${snsTopic}-other` }))).status).toBe(401)
    expect((await post('sns', JSON.stringify({ ...message, SubscribeURL: `${confirmUrl}0` }))).status).toBe(401)
    expect(fetched).toEqual([snsCertificateUrl])
    expect(kept).toEqual([])
  })

  test.each([
    'https://example.com/?Action=ConfirmSubscription',
    'http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
    'https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic',
    'http://169.254.169.254/latest/meta-data/',
  ])('sns: %s is never called, even when it is signed', async (url) => {
    const { post, fetched } = await receiver()
    expect((await post('sns', JSON.stringify(sns.confirmation(now, url)))).status).toBe(401)
    expect(fetched).toEqual([snsCertificateUrl])
  })

  test('sns: a notification is kept; when the certificate is away the sender may try again', async () => {
    const { post, kept } = await receiver()
    const body = JSON.stringify(sns.notification('{"a":1}', now), null, 2)
    expect((await post('sns', body, { 'content-type': 'text/plain; charset=UTF-8' })).status).toBe(202)
    expect(kept).toMatchObject([{ contentType: 'application/json', body: Buffer.from(body) }])
    const away = await receiver({
      context: { secrets: () => undefined, fetchText: () => Promise.reject(new Error('away')), loopback: true },
    })
    const answer = await away.post('sns', body)
    expect([answer.status, answer.headers.get('retry-after'), away.counted]).toEqual([503, '30', ['sns unavailable']])
  })
})

test('a cloud event in binary mode is kept with its attributes', async () => {
  const { post, bodies } = await receiver()
  const headers = { 'ce-id': '1', 'ce-specversion': '1.0', 'ce-type': 't', 'ce-source': '/s' }
  await post('events', '{"x":1}', headers)
  await post('events', '[1]', headers)
  await post('events', 'no json', headers)
  expect(bodies().map((one) => (one.startsWith('{') ? JSON.parse(one) : one))).toEqual([
    { id: '1', specversion: '1.0', type: 't', source: '/s', data: { x: 1 } },
    { id: '1', specversion: '1.0', type: 't', source: '/s', data: [1] },
    'no json',
  ])
})
