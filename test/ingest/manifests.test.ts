import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isObject, type JsonObject, tenantId } from '../../src/core/model/index.ts'
import { createNormalizer, type Integration } from '../../src/core/normalize/index.ts'
import { createReceiver, listDeadLetters, readLedger } from '../../src/ingest/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { ownBundle } from '../support/content.ts'
import { type Headers, hmac, makeSecret, snsSender, snsTopic, standardSender } from '../support/sign.ts'
import { testStore } from '../support/store.ts'

const now = Date.parse('2026-05-12T09:00:00Z')
const bundle = await ownBundle()
const key = makeSecret()
const standard = standardSender()
const sns = snsSender()

interface Sent {
  readonly body: string | Buffer
  readonly headers: Headers
  readonly rest: string
}

/** Who sends: someone who knows the secrets, or someone who made up his own. */
const honest = { key, standard, sns }
const forger = { key: makeSecret(), standard: standardSender(), sns: snsSender() }

/** A payload as a sender of that scheme would send it. */
function sentBy(verify: JsonObject, payload: string | Buffer, by = honest, at = now): Sent {
  const { key, standard, sns } = by
  const prefix = String(verify.prefix ?? '')
  const plain = { body: payload, headers: {}, rest: '' }
  switch (verify.scheme) {
    case 'hmac': {
      const encoding = verify.encoding === 'base64' ? 'base64' : 'hex'
      return { ...plain, headers: { [String(verify.header)]: `${prefix}${hmac(key, payload, encoding)}` } }
    }
    case 'standard-webhooks':
      return { ...plain, headers: standard.headers(Buffer.from(payload), at) }
    case 'static-header':
      return { ...plain, headers: { [String(verify.header)]: `${prefix}${key}` } }
    case 'basic':
      return { ...plain, headers: { authorization: `Basic ${Buffer.from(key).toString('base64')}` } }
    case 'url-token':
      return { ...plain, rest: `/${key}` }
    case 'aws-sns':
      return {
        ...plain,
        body: JSON.stringify(sns.notification(payload.toString(), at), null, 2),
        headers: { 'content-type': 'text/plain; charset=UTF-8' },
      }
    default:
      throw new Error(`no sender for ${String(verify.scheme)}: teach this test`)
  }
}

async function server() {
  const store = await testStore()
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-manifests-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  const runtime = await createRuntime({ store, bundle, clock: () => now, workDir })
  const handle = createReceiver({
    inbox: runtime.inbox,
    integrations: () => bundle.integrations,
    context: {
      secrets: (name) => (name === 'generic-hook' ? [standard.secret] : [key]),
      fetchText: () => Promise.resolve(sns.certificate),
      loopback: false,
    },
    config: () => ({ topicArns: [snsTopic] }),
    clock: () => now,
    count: () => {},
  })
  const http = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return {
    ledger: () => readLedger(store, { recount: true }),
    drain: () => runtime.pipeline.drain(),
    letters: () => store.snapshot((tx) => listDeadLetters(tx, {}, 100)),
    post: async (path: string, sent: Sent) =>
      (
        await fetch(`http://127.0.0.1:${port}/in/${path}${sent.rest}`, {
          method: 'POST',
          body: sent.body,
          headers: { 'content-type': 'application/json', ...sent.headers },
        })
      ).status,
  }
}

/** Schemes that show the body as it was sent, and those that say when. */
const signing = new Set(['hmac', 'standard-webhooks', 'aws-sns'])
const timed = new Set(['standard-webhooks', 'aws-sns'])

const recordsIn = (integration: Integration, payload: string) =>
  createNormalizer(bundle.integrations, tenantId('main')).normalize({
    seq: 1,
    source: integration.id,
    transport: 'webhook',
    contentType: 'application/json',
    receivedAt: now,
    body: Buffer.from(payload),
  }).length

describe.each(bundle.integrations.filter((one) => one.webhook !== null).map((one) => [one.id, one] as const))(
  'the webhook of %s',
  (_id, integration) => {
    const { webhook } = integration
    const sent = integration.tests.filter(
      ({ payload, transport }) => transport !== 'file' && typeof payload !== 'number',
    )
    const payloads = sent.map(({ payload }) => (typeof payload === 'string' ? payload : JSON.stringify(payload)))

    test('takes the payloads of its tests, proven; what is sent again is a duplicate, what is not proven is refused', async () => {
      if (webhook === null) throw new Error('no webhook')
      const { post, drain, ledger } = await server()
      expect(payloads.length).toBeGreaterThan(0)
      for (const payload of payloads) expect(await post(webhook.path, sentBy(webhook.verify, payload))).toBe(202)
      await drain()
      const { total: first } = await ledger()
      const dead = sent.filter(({ expect }) => isObject(expect) && expect.kind === 'dead').length
      expect(first.deadLettered).toBe(dead)
      expect(first.received).toBeGreaterThanOrEqual(payloads.length)
      for (const payload of payloads) {
        const again = sentBy(webhook.verify, payload)
        expect(await post(webhook.path, again)).toBe(202)
        expect([401, 404]).toContain(await post(webhook.path, { ...again, headers: {}, rest: '', body: payload }))
      }
      await drain()
      const { total: second, balanced, faults } = await ledger()
      expect(faults).toEqual([])
      expect(balanced).toBe(true)
      expect(second.received).toBe(2 * first.received)
      expect(second).toMatchObject({ alerted: first.alerted, noMatch: first.noMatch, suppressed: first.suppressed })
    })

    test('refuses what a forger signed, what was changed on the way, what is too old or too large, and keeps nothing of it', async () => {
      if (webhook === null) throw new Error('no webhook')
      const { post, drain, ledger } = await server()
      const { path, verify, maxBytes } = webhook
      const payload = payloads[0] as string
      const mine = sentBy(verify, payload)
      expect([401, 404]).toContain(await post(path, sentBy(verify, payload, forger)))
      if (signing.has(String(verify.scheme))) {
        expect(await post(path, { ...mine, body: mine.body.toString().replace(/2026|0/, '1') })).toBe(401)
        expect(await post(path, { ...mine, body: `${mine.body} ` })).toBe(verify.scheme === 'aws-sns' ? 202 : 401)
        expect(await post(path, { ...mine, body: mine.body.slice(0, -1) })).toBe(401)
      }
      if (timed.has(String(verify.scheme))) {
        expect(await post(path, sentBy(verify, payload, honest, now - 86_400_000))).toBe(401)
        expect(await post(path, sentBy(verify, payload, honest, now + 3_600_000))).toBe(401)
      }
      expect(await post(path, sentBy(verify, `{"x":"${'x'.repeat(maxBytes)}"}`))).toBe(413)
      await drain()
      const { total, balanced } = await ledger()
      expect(balanced).toBe(true)
      // White space around an SNS envelope is not signed and changes nothing.
      expect(total.received).toBe(verify.scheme === 'aws-sns' ? recordsIn(integration, payload) : 0)
    })

    test('keeps a proven delivery that cannot be read as dead letters with their reasons', async () => {
      if (webhook === null) throw new Error('no webhook')
      const { post, drain, ledger, letters } = await server()
      const text = payloads.find((one) => one.startsWith('{')) ?? '{"a":1}'
      const bodies: readonly (readonly [code: string, body: string | Buffer])[] = [
        ['unparsable', text.slice(0, -2)],
        ['duplicate-key', `${text.slice(0, -1)},"zz":1,"zz":2}`],
        ['too-deep', `${text.slice(0, -1)},"deep":${'['.repeat(5000)}${']'.repeat(5000)}}`],
        ['not-utf8', Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x7d])])],
      ]
      const { verify, path } = webhook
      // What stands in an SNS envelope is text: what is no JSON there stays a message of its own, which no mapping takes. Bytes that
      // are no text cannot be signed in it.
      const isSns = verify.scheme === 'aws-sns'
      const sent = isSns
        ? bodies.slice(0, 3).map(([code, body]) => [code === 'unparsable' ? 'unaccepted' : code, body] as const)
        : bodies
      for (const [, body] of sent) expect(await post(path, sentBy(verify, body))).toBe(202)
      if (isSns) {
        const proven = sentBy(verify, text)
        const bytes = Buffer.from(proven.body)
        bytes[bytes.indexOf('Message') + 14] = 0xff
        expect(await post(path, { ...proven, body: bytes })).toBe(401)
      }
      await drain()
      const { total, balanced } = await ledger()
      expect(balanced).toBe(true)
      expect(total).toMatchObject({ received: sent.length, deadLettered: sent.length })
      expect((await letters()).map((one) => one.code).sort()).toEqual(sent.map(([code]) => code).sort())
    })

    test('counts a proven delivery whose members are of other types in one place each, none as a fault of ours', async () => {
      if (webhook === null) throw new Error('no webhook')
      const { post, drain, ledger, letters } = await server()
      const text = payloads.find((one) => one.startsWith('{')) ?? '{"a":1}'
      const whole = JSON.parse(text) as JsonObject
      const wrong = [7, 'x', [[]], { toString: 1 }, null].flatMap((odd) =>
        Object.keys(whole).map((name) => JSON.stringify({ ...whole, [name]: odd })),
      )
      for (const body of wrong) expect(await post(webhook.path, sentBy(webhook.verify, body))).toBe(202)
      await drain()
      const { total, balanced, faults } = await ledger()
      expect([balanced, faults]).toEqual([true, []])
      expect(total.received).toBe(wrong.reduce((sum, body) => sum + recordsIn(integration, body), 0))
      expect((await letters()).map((one) => one.code)).not.toContain('internal')
    })
  },
)
