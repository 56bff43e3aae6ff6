import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { signV4 } from '../../src/respond/sign-v4.ts'
import { allow, bundleWith, worldOf } from './world.ts'

const clientSecret = 'the-client-secret-value'
const awsSecret = 'the-aws-secret-key-value'
const secrets: Readonly<Record<string, string>> = {
  'client-secret': clientSecret,
  'key-id': 'AKIDEXAMPLE',
  'secret-key': awsSecret,
}
const oauth = `{ scheme: oauth2-client-credentials, tokenUrl: "{{ config.url }}/token", clientId: "{{ config.clientId }}", clientSecret: client-secret, scope: everything }`
const sigv4 = `{ scheme: sigv4, service: iam, region: "{{ config.region }}", accessKeyId: key-id, secretAccessKey: secret-key, sessionToken: session }`

const manifest = (auth: string) => ({
  'integrations/vendor/integration.yaml': `id: vendor
title: Vendor
docs: https://vendor.example.com/
connection:
  baseUrl: "{{ config.url }}"
  secrets: [${auth === oauth ? 'client-secret' : 'key-id, secret-key'}]
  auth: ${auth}
actions:
  - id: lock
    title: Lock
    effect: reversible
    target: user
    idempotent: true
    input: { type: object, required: [user], properties: { user: { type: string } } }
    request: { method: POST, path: "/lock/{{ user }}", query: { Action: Lock }, body: { why: asked } }
    rollback: { method: POST, path: "/unlock/{{ user }}" }
`,
})

type Answer = number | { readonly token: string; readonly seconds?: number; readonly type?: string }

/** A service with a token server beside it, and a run that locks three users side by side. */
async function service(auth: string, answers: readonly Answer[] = [], retry = '') {
  const tokens = [...answers]
  const asked: string[] = []
  const used: string[] = []
  const seen: { url: string; headers: Record<string, string>; body: string }[] = []
  const valid = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      if (request.url === '/token') {
        asked.push(body)
        const answer = tokens.shift() ?? { token: `access-token-number-${asked.length}` }
        if (typeof answer === 'number') return void response.writeHead(answer).end(`why: ${clientSecret}`)
        valid.add(answer.token)
        const { token, seconds = 3600, type = 'Bearer' } = answer
        return void response.end(JSON.stringify({ access_token: token, token_type: type, expires_in: seconds }))
      }
      const authorization = String(request.headers.authorization)
      seen.push({ url: String(request.url), headers: request.headers as Record<string, string>, body })
      used.push(authorization)
      const isGood = auth === sigv4 || valid.has(authorization.replace('Bearer ', ''))
      response.writeHead(isGood ? 200 : 401).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const steps = `  - { id: lock, forEach: "{{ ['u1', 'u2', 'u3'] }}", concurrency: 3, action: vendor.lock, with: { user: "{{ item }}" }, expires: 1h${retry} }\n`
  const world = await worldOf(await bundleWith(steps, allow, manifest(auth)))
  // Tokens are kept in the process: a client of its own for each test.
  const config = { mode: 'live', url, privateAddresses: true, clientId: `client of ${url}`, region: 'us-east-1' }
  const live = {
    config: (id: string) => (id === 'vendor' ? config : {}),
    secrets: (name: string) => (Object.hasOwn(secrets, name) ? [secrets[name] ?? ''] : undefined),
  }
  const go = () => world.responder({ live }).drain()
  const again = async () => {
    await world.rows('delete from run returning id')
    await world.rows('delete from effect_attempt returning effect')
    await world.rows('delete from effect returning id')
    await world.rows('delete from run_step returning run')
    await world.begin()
    await go()
  }
  return { ...world, url, asked, used, seen, valid, go, again }
}

test('one token is fetched for calls side by side, kept until shortly before it ends, and fetched anew then', async () => {
  const world = await service(oauth, [{ token: 'first-token-of-all' }, { token: 'second-token-of-all' }])
  await world.go()
  expect(world.used).toEqual(Array(3).fill('Bearer first-token-of-all'))
  expect(world.asked.map((body) => Object.fromEntries(new URLSearchParams(body)))).toEqual([
    {
      grant_type: 'client_credentials',
      client_id: `client of ${world.url}`,
      client_secret: clientSecret,
      scope: 'everything',
    },
  ])
  world.time.at += 3_539_000
  await world.again()
  expect(world.asked).toHaveLength(1)
  world.time.at += 2000
  await world.again()
  expect(world.asked).toHaveLength(2)
  expect(world.used.slice(-3)).toEqual(Array(3).fill('Bearer second-token-of-all'))
})

test('a kept token that the service no longer takes is fetched anew, and each call made once more', async () => {
  const world = await service(oauth)
  await world.go()
  world.valid.clear()
  await world.again()
  expect(world.asked).toHaveLength(2)
  expect((await world.rows<{ outcome: string }>('select outcome from effect')).map((one) => one.outcome)).toEqual([
    'done',
    'done',
    'done',
  ])
})

test.each<[name: string, answers: readonly Answer[], why: RegExp]>([
  ['refuses', [401, 401, 401], /no token from 127\.0\.0\.1:\d+: it answered 401/],
  [
    'answers something else',
    [{ token: 'a-token-of-another-type', type: 'mac' }, 400, 400],
    /holds no bearer token|answered 400/,
  ],
  [
    'answers a token that no header can hold',
    [{ token: 'a token with spaces in it' }, 400, 400],
    /holds no bearer token|answered 400/,
  ],
])(
  'nothing is asked of the service when its token server %s, and no secret stands in the reason',
  async (_name, answers, why) => {
    const world = await service(oauth, answers)
    await world.go()
    expect(world.used).toEqual([])
    const outcomes = await world.rows<{ outcome: string; result: unknown }>('select outcome, result from effect')
    expect(outcomes.map((one) => one.outcome)).toEqual(['failed', 'failed', 'failed'])
    expect(JSON.stringify(outcomes)).toMatch(why)
    expect(JSON.stringify(outcomes)).not.toContain(clientSecret)
  },
)

test('a token server that cannot answer now puts the effects off', async () => {
  const world = await service(oauth, [503], ', retry: { attempts: 3, backoff: 10s }')
  await world.go()
  expect(world.used).toEqual([])
  world.time.at += 120_000
  await world.go()
  expect((await world.rows<{ outcome: string }>('select outcome from effect')).map((one) => one.outcome)).toEqual([
    'done',
    'done',
    'done',
  ])
})

test('neither token nor secret is in the database, in the files, or in what people see', async () => {
  const world = await service(oauth, [{ token: 'a-token-that-nobody-sees' }])
  await world.go()
  const tables = await world.rows<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename not in ('bundle', 'schema_migration')`,
  )
  for (const { name } of tables) {
    const text = JSON.stringify(await world.rows(`select * from "${name}"`))
    expect([name, /a-token-that-nobody-sees|the-client-secret-value/.test(text)]).toEqual([name, false])
  }
  expect(JSON.stringify(await world.files())).not.toMatch(/a-token-that-nobody-sees|the-client-secret-value/)
})

test('a request to AWS is signed over what is sent', async () => {
  const world = await service(sigv4)
  await world.go()
  expect(world.seen).toHaveLength(3)
  for (const { url, headers, body } of world.seen) {
    const names = /SignedHeaders=([^,]+),/.exec(String(headers.authorization))?.[1]?.split(';') ?? []
    expect(names).toEqual(expect.arrayContaining(['content-md5', 'content-type', 'host', 'x-amz-date']))
    const own = Object.fromEntries(
      names.filter((name) => name !== 'host' && name !== 'x-amz-date').map((name) => [name, String(headers[name])]),
    )
    const again = signV4({
      ...{ method: 'POST', url: new URL(url, world.url), headers: own, body, service: 'iam', region: 'us-east-1' },
      ...{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: awsSecret, at: world.time.at },
    })
    expect(headers.authorization).toBe(again.authorization)
  }
  expect(JSON.stringify(world.seen)).not.toContain(awsSecret)
})
