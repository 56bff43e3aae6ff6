import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/model/index.ts'
import { schemes } from '../../src/ingest/index.ts'
import type { RawRequest, Verdict, VerifyContext } from '../../src/ingest/verify/verdict.ts'
import { verify } from '../../src/ingest/verify/verify.ts'
import {
  type Headers,
  hmac,
  makeSecret,
  oidcProvider,
  snsCertificateUrl,
  snsSender,
  snsTopic,
  standardKeySender,
  standardSender,
} from '../support/sign.ts'

const now = Date.parse('2026-05-12T09:00:00Z')
const seconds = now / 1000
const body = Buffer.from('{"alert":"näher"}')

const requestOf = (headers: Headers, given: Buffer = body, rest: Partial<RawRequest> = {}): RawRequest => ({
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  query: new URLSearchParams(),
  pathRest: '',
  body: given,
  ...rest,
})

const contextOf = (
  secrets: Readonly<Record<string, readonly string[]>>,
  rest: Partial<VerifyContext> = {},
): VerifyContext => ({
  secrets: (name) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined),
  now,
  config: {},
  fetchText: () => Promise.reject(new Error('nothing is fetched here')),
  loopback: false,
  ...rest,
})

const kindOf = (verdict: Verdict) => (verdict.ok ? 'accepted' : verdict.kind)

/** The body with one bit turned: what a forger, or a line in between, would do. */
function turned(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy[Math.floor(copy.length / 2)] = (copy[Math.floor(copy.length / 2)] ?? 0) ^ 1
  return copy
}

const key = makeSecret()
const standard = standardSender()
const standardKey = standardKeySender()

interface Sender {
  readonly name: string
  readonly verify: JsonObject
  readonly secret: string
  readonly signs: boolean
  readonly request: (given?: Buffer, at?: number) => RawRequest
}

/** `t=…,v0=…,v1=…` with the signature over a time that need not be the one that is sent. */
const stripe = (given: Buffer, sent: number, signed: number) =>
  `t=${sent},v0=${hmac('other', given)},v1=${hmac(key, Buffer.concat([Buffer.from(`${signed}.`), given]))}`

/** Senders as vendors document them, each with a proof that is right. */
const senders: readonly Sender[] = [
  {
    name: 'hmac as GitHub sends it: sha256= and hex',
    verify: { scheme: 'hmac', secret: 's', header: 'X-Hub-Signature-256', prefix: 'sha256=' },
    secret: key,
    signs: true,
    request: (given = body) => requestOf({ 'x-hub-signature-256': `sha256=${hmac(key, given)}` }, given),
  },
  {
    name: 'hmac as PagerDuty sends it: several signatures with v1=',
    verify: { scheme: 'hmac', secret: 's', header: 'x-pagerduty-signature', prefix: 'v1=', separator: ',' },
    secret: key,
    signs: true,
    request: (given = body) =>
      requestOf({ 'x-pagerduty-signature': `v1=${hmac('other', given)}, v1=${hmac(key, given)}` }, given),
  },
  {
    name: 'hmac as Slack sends it: v0:timestamp:body',
    verify: {
      scheme: 'hmac',
      secret: 's',
      header: 'x-slack-signature',
      prefix: 'v0=',
      signed: 'v0:{timestamp}:{body}',
      timestampHeader: 'x-slack-request-timestamp',
      toleranceSeconds: 300,
    },
    secret: key,
    signs: true,
    request: (given = body, at = now) =>
      requestOf(
        {
          'x-slack-request-timestamp': String(at / 1000),
          'x-slack-signature': `v0=${hmac(key, Buffer.concat([Buffer.from(`v0:${at / 1000}:`), given]))}`,
        },
        given,
      ),
  },
  {
    name: 'hmac as Stripe sends it: t= and v1= in one header',
    verify: {
      scheme: 'hmac',
      secret: 's',
      header: 'stripe-signature',
      prefix: 'v1=',
      separator: ',',
      timestampPrefix: 't=',
      signed: '{timestamp}.{body}',
    },
    secret: key,
    signs: true,
    request: (given = body, at = now) => requestOf({ 'stripe-signature': stripe(given, at / 1000, at / 1000) }, given),
  },
  {
    name: 'hmac in base64 with sha512',
    verify: {
      scheme: 'hmac',
      secret: 's',
      header: 'authorization',
      prefix: 'HMAC ',
      encoding: 'base64',
      algorithm: 'sha512',
    },
    secret: key,
    signs: true,
    request: (given = body) => requestOf({ authorization: `HMAC ${hmac(key, given, 'base64', 'sha512')}` }, given),
  },
  {
    name: 'hmac in upper-case hex with sha1',
    verify: { scheme: 'hmac', secret: 's', header: 'x-signature', algorithm: 'sha1' },
    secret: key,
    signs: true,
    request: (given = body) => requestOf({ 'x-signature': hmac(key, given, 'hex', 'sha1').toUpperCase() }, given),
  },
  {
    name: 'standard webhooks with a secret',
    verify: { scheme: 'standard-webhooks', secret: 's' },
    secret: standard.secret,
    signs: true,
    request: (given = body, at = now) => requestOf(standard.headers(given, at), given),
  },
  {
    name: 'standard webhooks with a public key',
    verify: { scheme: 'standard-webhooks', secret: 's' },
    secret: standardKey.secret,
    signs: true,
    request: (given = body, at = now) => requestOf(standardKey.headers(given, at), given),
  },
  {
    name: 'a fixed header',
    verify: { scheme: 'static-header', secret: 's', header: 'Authorization', prefix: 'Bearer ' },
    secret: key,
    signs: false,
    request: (given = body) => requestOf({ authorization: `Bearer ${key}` }, given),
  },
  {
    name: 'basic',
    verify: { scheme: 'basic', secret: 's' },
    secret: `hook:${key}`,
    signs: false,
    request: (given = body) =>
      requestOf({ authorization: `Basic ${Buffer.from(`hook:${key}`).toString('base64')}` }, given),
  },
  {
    name: 'a token at the end of the path',
    verify: { scheme: 'url-token', secret: 's' },
    secret: key,
    signs: false,
    request: (given = body) => requestOf({}, given, { pathRest: key }),
  },
  {
    name: 'a token in the query',
    verify: { scheme: 'url-token', secret: 's' },
    secret: key,
    signs: false,
    request: (given = body) => requestOf({}, given, { query: new URLSearchParams({ token: key }) }),
  },
]

const decide = async (one: Sender, request: RawRequest, secrets: readonly string[] | undefined) =>
  kindOf(await verify(request, one.verify, contextOf(secrets === undefined ? {} : { s: secrets })))

describe.each(senders)('$name', (one) => {
  test('is accepted', async () => {
    expect(await decide(one, one.request(), [one.secret])).toBe('accepted')
  })

  test('is accepted with any of the secrets during a rotation', async () => {
    expect(await decide(one, one.request(), ['a-newer-secret', one.secret])).toBe('accepted')
  })

  test('is refused with another secret', async () => {
    const other = one.secret.startsWith('whpk_')
      ? standardKeySender().secret
      : one.secret.startsWith('whsec_')
        ? standardSender().secret
        : makeSecret()
    expect(await decide(one, one.request(), [other])).toBe('forged')
  })

  test('is never accepted while the secret is missing or empty', async () => {
    for (const secrets of [undefined, [], ['']]) expect(await decide(one, one.request(), secrets)).toBe('unconfigured')
  })

  test('is refused without its proof, and with an empty or huge one', async () => {
    const { headers } = one.request()
    expect(await decide(one, requestOf({}), [one.secret])).toBe('forged')
    for (const value of ['', 'x'.repeat(12_000), '=', ',', 'v1,', '\u00ff\u0000']) {
      const broken = Object.fromEntries(Object.keys(headers).map((name) => [name, value]))
      expect(
        await decide(one, requestOf(broken, body, { query: new URLSearchParams({ token: value }) }), [one.secret]),
      ).toBe('forged')
    }
  })
})

describe.each(senders.filter((one) => one.signs))('$name', (one) => {
  test('is refused when a bit of the body was turned, when it was cut, and when something was added', async () => {
    const { headers } = one.request()
    for (const given of [turned(body), body.subarray(0, -1), Buffer.concat([body, Buffer.from(' ')]), Buffer.alloc(0)])
      expect(await decide(one, { ...one.request(), headers, body: given }, [one.secret])).toBe('forged')
  })

  test('holds for bytes that are no text', async () => {
    expect(await decide(one, one.request(Buffer.from([0, 0xff, 0xfe, 0x80, 13, 10])), [one.secret])).toBe('accepted')
  })
})

test.each([
  ['slack', senders[2]],
  ['stripe', senders[3]],
  ['standard webhooks', senders[6]],
  ['standard webhooks with a key', senders[7]],
])('%s: a stale or future timestamp is refused although the signature fits', async (_name, one) => {
  if (one === undefined) throw new Error('no sender')
  expect(await decide(one, one.request(body, now - 299_000), [one.secret])).toBe('accepted')
  expect(await decide(one, one.request(body, now - 301_000), [one.secret])).toBe('forged')
  expect(await decide(one, one.request(body, now + 301_000), [one.secret])).toBe('forged')
})

test.each([
  ['another time than the one that was signed', stripe(body, seconds, seconds - 60)],
  ['two times', `t=${seconds},${stripe(body, seconds, seconds)}`],
  ['no time', stripe(body, seconds, seconds).replace(/^t=\d+,/, '')],
  ['a time that is no number', stripe(body, seconds, seconds).replace(/^t=\d+/, 't=1e9')],
  ['its signature under another version', stripe(body, seconds, seconds).replace('v1=', 'v2=')],
])('a header with %s is refused', async (_name, value) => {
  const parameters = senders[3]?.verify ?? {}
  const given = requestOf({ 'stripe-signature': value })
  expect(kindOf(await verify(given, parameters, contextOf({ s: [key] })))).toBe('forged')
})

test('a signature made for another timestamp does not fit', async () => {
  const headers = { ...standard.headers(body, now - 60_000), 'webhook-timestamp': String(seconds) }
  expect(
    kindOf(
      await verify(
        requestOf(headers),
        { scheme: 'standard-webhooks', secret: 's' },
        contextOf({ s: [standard.secret] }),
      ),
    ),
  ).toBe('forged')
})

test('several signatures of standard webhooks may come together during a rotation', async () => {
  const other = standardSender()
  const good = standard.headers(body, now)
  const both = {
    ...good,
    'webhook-signature': `${other.headers(body, now)['webhook-signature']} ${good['webhook-signature']}`,
  }
  expect(
    kindOf(
      await verify(requestOf(both), { scheme: 'standard-webhooks', secret: 's' }, contextOf({ s: [standard.secret] })),
    ),
  ).toBe('accepted')
})

test('an HMAC secret is not usable as a public key nor the other way round', async () => {
  const parameters = { scheme: 'standard-webhooks', secret: 's' }
  const asKey = { ...standard.headers(body, now) }
  asKey['webhook-signature'] = (asKey['webhook-signature'] ?? '').replace('v1,', 'v1a,')
  expect(kindOf(await verify(requestOf(asKey), parameters, contextOf({ s: [standard.secret] })))).toBe('forged')
  const signedText = Buffer.concat([Buffer.from(`msg_${now}.${seconds}.`), body])
  const published = [standardKey.secret, standardKey.secret.slice(5)].flatMap((one) => [
    one,
    Buffer.from(one, 'base64'),
  ])
  for (const key of published) {
    const asSecret = {
      ...standardKey.headers(body, now),
      'webhook-signature': `v1,${hmac(key, signedText, 'base64')}`,
    }
    expect(kindOf(await verify(requestOf(asSecret), parameters, contextOf({ s: [standardKey.secret] })))).toBe('forged')
  }
})

test.each([
  ['the body is not signed', { signed: 'v0:{timestamp}', timestampHeader: 'x-time' }],
  ['the timestamp is not signed', { signed: '{body}', timestampHeader: 'x-time' }],
  ['a timestamp is signed that nobody checks', { signed: '{timestamp}.{body}' }],
])('an hmac manifest is refused when %s, whatever comes', async (_name, rest) => {
  const text = rest.signed.replace('{timestamp}', String(seconds)).replace('{body}', body.toString())
  const request = requestOf({ 'x-time': String(seconds), 'x-signature': hmac(key, text) })
  const parameters = { scheme: 'hmac', secret: 's', header: 'x-signature', ...rest }
  expect(kindOf(await verify(request, parameters, contextOf({ s: [key] })))).toBe('unconfigured')
})

describe('aws-sns', () => {
  const sender = snsSender()
  const config = { topicArns: [snsTopic] }
  const check = async (message: object | string, rest: Partial<VerifyContext> = {}) => {
    const fetched: string[] = []
    const verdict = await verify(
      requestOf({}, Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))),
      { scheme: 'aws-sns' },
      contextOf(
        {},
        {
          config,
          fetchText: (url) => {
            fetched.push(url)
            return Promise.resolve(sender.certificate)
          },
          ...rest,
        },
      ),
    )
    return { kind: kindOf(verdict), fetched }
  }

  test.each(['1', '2'] as const)('signature version %s is accepted, with and without a subject', async (version) => {
    expect(await check(sender.notification('{"a":"ü"}', now, { version }))).toEqual({
      kind: 'accepted',
      fetched: [snsCertificateUrl],
    })
    expect((await check(sender.notification('m', now, { version, subject: 'Finding' }))).kind).toBe('accepted')
  })

  test('a subscription confirmation is accepted', async () => {
    const url = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t-1'
    expect((await check(sender.confirmation(now, url))).kind).toBe('accepted')
  })

  test.each([
    ['Message', 'other'],
    ['Subject', 'added'],
    ['MessageId', 'other'],
    ['Signature', 'AAAA'],
    ['Type', 'SubscriptionConfirmation'],
    ['SignatureVersion', '1'],
    ['SignatureVersion', '3'],
    ['Timestamp', new Date(now - 1000).toISOString()],
  ])('a changed %s is refused', async (name, value) => {
    expect((await check({ ...sender.notification('m', now), [name]: value })).kind).toBe('forged')
  })

  test('a topic that is not on the list is refused before anything is fetched', async () => {
    const other = { topicArns: ['arn:aws:sns:eu-central-1:111122223333:other'] }
    expect(await check(sender.notification('m', now), { config: other })).toEqual({ kind: 'forged', fetched: [] })
    expect((await check(sender.notification('m', now), { config: {} })).kind).toBe('unconfigured')
  })

  test.each([
    'http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem',
    'https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-01.pem',
    'https://example.com/sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem',
    'https://sns.eu-central-1.amazonaws.com@example.com/SimpleNotificationService-01.pem',
    'https://user@sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem',
    'https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-01.pem',
    'https://sns.eu-central-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem',
    'https://sns.eu-central-1.amazonaws.com/other/../../x.pem',
    'https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem',
    'https://sns.evil/SimpleNotificationService-01.pem',
    'file:///etc/passwd',
    'not a url',
  ])('a certificate at %s is never fetched', async (SigningCertURL) => {
    expect(await check({ ...sender.notification('m', now), SigningCertURL })).toEqual({ kind: 'forged', fetched: [] })
  })

  test('messages older than two hours, from the future and without a zone are refused', async () => {
    expect((await check(sender.notification('m', now - 7_199_000))).kind).toBe('accepted')
    expect((await check(sender.notification('m', now - 7_201_000))).kind).toBe('forged')
    expect((await check(sender.notification('m', now + 299_000))).kind).toBe('accepted')
    expect((await check(sender.notification('m', now + 301_000))).kind).toBe('forged')
    expect((await check({ ...sender.notification('m', now), Timestamp: '2026-05-12T09:00:00' })).kind).toBe('forged')
  })

  test('a certificate that cannot be fetched now is no forgery: the sender may try again', async () => {
    const away = () => Promise.reject(new Error('timeout'))
    expect((await check(sender.notification('m', now), { fetchText: away })).kind).toBe('unavailable')
  })

  test.each(['', 'not json', '[]', '"x"', '{"TopicArn":1}', `{"TopicArn":"${snsTopic}"}`])(
    'the body %j is refused',
    async (text) => {
      expect((await check(text)).kind).toBe('forged')
    },
  )

  test('something that is no certificate is refused', async () => {
    expect((await check(sender.notification('m', now), { fetchText: () => Promise.resolve('hello') })).kind).toBe(
      'forged',
    )
  })
})

describe('oidc-jwt', async () => {
  const issuer = 'https://accounts.example.com'
  const audience = 'https://soc.example.com/in/pubsub'
  const email = 'push@project.example.com'
  const provider = await oidcProvider(issuer)
  const parameters = { scheme: 'oidc-jwt', issuer, jwksUri: `${issuer}/certs` }
  const check = async (token: string, rest: Partial<VerifyContext> = {}) =>
    kindOf(
      await verify(
        requestOf({ authorization: `Bearer ${token}` }),
        parameters,
        contextOf({}, { config: { audience, email }, fetchText: () => Promise.resolve(provider.jwks), ...rest }),
      ),
    )
  const good = { email, email_verified: true }

  test('a token of the issuer for this audience and account is accepted', async () => {
    expect(await check(await provider.token(now, audience, good))).toBe('accepted')
  })

  test('tokens for another audience, account or time, or by another key, are refused', async () => {
    expect(await check(await provider.token(now, 'https://other.example.com', good))).toBe('forged')
    expect(await check(await provider.token(now, audience, { ...good, email: 'x@example.com' }))).toBe('forged')
    expect(await check(await provider.token(now, audience, { ...good, email_verified: false }))).toBe('forged')
    expect(await check(await provider.token(now - 7_200_000, audience, good))).toBe('forged')
    expect(await check(await (await oidcProvider(issuer)).token(now, audience, good))).toBe('forged')
    expect(await check(await (await oidcProvider('https://evil.example')).token(now, audience, good))).toBe('forged')
  })

  test('an unsigned token and one signed with the public key as a secret are refused', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const payload = part({ ...good, iss: issuer, aud: audience, iat: seconds, exp: seconds + 600 })
    expect(await check(`${part({ alg: 'none' })}.${payload}.`)).toBe('forged')
    const head = `${part({ alg: 'HS256', kid: 'k1' })}.${payload}`
    expect(await check(`${head}.${Buffer.from(hmac(provider.jwks, head), 'hex').toString('base64url')}`)).toBe('forged')
  })

  test('without an audience in the configuration nothing is accepted; without keys the sender may try again', async () => {
    const token = await provider.token(now, audience, good)
    expect(await check(token, { config: {} })).toBe('unconfigured')
    expect(await check(token, { fetchText: () => Promise.reject(new Error('503')) })).toBe('unavailable')
    expect(await check(token, { fetchText: () => Promise.resolve('<html>') })).toBe('forged')
  })
})

describe('what is not signed', () => {
  test('is taken on loopback only', async () => {
    const none = { scheme: 'none' }
    expect(kindOf(await verify(requestOf({}), none, contextOf({}, { loopback: true })))).toBe('accepted')
    expect(kindOf(await verify(requestOf({}), none, contextOf({}, { loopback: false })))).toBe('unconfigured')
  })

  test.each([{}, { scheme: 'unheard-of' }, { scheme: 'constructor' }, { scheme: 'toString' }, { scheme: 1 }])(
    'is refused under the scheme %j',
    async (parameters) => {
      expect(kindOf(await verify(requestOf({}), parameters as JsonObject, contextOf({}, { loopback: true })))).toBe(
        'unconfigured',
      )
    },
  )
})

test('the schemes are those the manifests may name', () => {
  const schema = JSON.parse(readFileSync('integrations/integration.schema.json', 'utf8'))
  expect(Object.keys(schemes).sort()).toEqual(
    [...schema.properties.webhook.properties.verify.properties.scheme.enum].sort(),
  )
})
