import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isObject, type JsonObject } from '../../src/core/model/index.ts'
import { createReceiver, readLedger } from '../../src/ingest/index.ts'
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
  readonly body: string
  readonly headers: Headers
  readonly rest: string
}

/** A payload as a sender of that scheme would send it. */
function sentBy(verify: JsonObject, payload: string): Sent {
  const prefix = String(verify.prefix ?? '')
  const plain = { body: payload, headers: {}, rest: '' }
  switch (verify.scheme) {
    case 'hmac': {
      const encoding = verify.encoding === 'base64' ? 'base64' : 'hex'
      return { ...plain, headers: { [String(verify.header)]: `${prefix}${hmac(key, payload, encoding)}` } }
    }
    case 'standard-webhooks':
      return { ...plain, headers: standard.headers(Buffer.from(payload), now) }
    case 'static-header':
      return { ...plain, headers: { [String(verify.header)]: `${prefix}${key}` } }
    case 'basic':
      return { ...plain, headers: { authorization: `Basic ${Buffer.from(key).toString('base64')}` } }
    case 'url-token':
      return { ...plain, rest: `/${key}` }
    case 'aws-sns':
      return {
        ...plain,
        body: JSON.stringify(sns.notification(payload, now), null, 2),
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
  },
)
