import { describe, expect, test } from 'vitest'
import { parseTimestamp, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer, normalizeObservable, type RawDelivery } from '../../../src/core/normalize/index.ts'
import { ownBundle } from '../../support/content.ts'

const { integrations } = await ownBundle()
const normalizer = createNormalizer(integrations, tenantId('main'))

function deliver(body: string, transport: RawDelivery['transport'] = 'webhook') {
  return normalizer.normalize({
    seq: 1,
    source: null,
    transport,
    contentType: 'application/json',
    receivedAt: Date.parse('2026-06-01T00:00:00Z'),
    body: Buffer.from(body),
  })
}

const finding = (more: string) => `{"title":"x","severity":"high",${more}}`
const behindSyslog = (json: string) => `<13>1 2026-05-12T08:00:00Z host app - - - ${json}`
const inSns = (json: string) => JSON.stringify({ Type: 'Notification', TopicArn: 'arn:x', Message: json })
const inPubsub = (json: string) =>
  JSON.stringify({ subscription: 'projects/x', message: { data: Buffer.from(json).toString('base64') } })
const deep = `"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}`

describe.each([
  ['behind a syslog header', behindSyslog, 'syslog'],
  ['in an SNS notification', inSns, 'webhook'],
  ['in a Pub/Sub push', inPubsub, 'webhook'],
] as const)('JSON %s is held to the bounds of a record of its own', (_name, wrap, transport) => {
  test('it is read as that JSON', () => {
    expect(deliver(wrap(finding('"id":"1"')), transport)).toMatchObject([{ kind: 'event', alert: { title: 'x' } }])
  })

  test('nested too deep: a dead letter', () => {
    expect(deliver(wrap(finding(deep)), transport)).toMatchObject([{ kind: 'dead', code: 'too-deep' }])
  })

  test('a key twice: a dead letter', () => {
    expect(deliver(wrap(finding('"title":"y"')), transport)).toMatchObject([{ kind: 'dead', code: 'duplicate-key' }])
  })
})

test('what only looks like JSON behind a syslog header stays a line of syslog', () => {
  expect(deliver(behindSyslog('{not json'), 'syslog')).toMatchObject([{ kind: 'event', event: { source: 'syslog' } }])
})

test('opening tags that nothing closes are not searched again and again', () => {
  expect(deliver('<Event '.repeat(140_000)).length).toBeGreaterThan(0)
})

test.each([
  ['010.1.1.1', null],
  ['192.0.2.07', null],
  ['192.0.2.1.', null],
  ['192.0.2', null],
  ['0x7f.0.0.1', null],
  ['127.0.0.1', null],
  ['10.0.0.10', '10.0.0.10'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
])('the address %s is %s', (text, value) => {
  expect(normalizeObservable('ip', text)).toBe(value)
})

test.each([
  ['Jan  1 00:00:02', '2026-12-31T23:59:58Z', '2027-01-01T00:00:02.000Z'],
  ['Dec 31 23:59:58', '2027-01-01T00:00:02Z', '2026-12-31T23:59:58.000Z'],
  ['May 12 08:00:00', '2026-06-01T00:00:00Z', '2026-05-12T08:00:00.000Z'],
  ['Feb 29 08:00:00', '2025-01-10T00:00:00Z', '2024-02-29T08:00:00.000Z'],
])('%s received at %s is %s', (text, receivedAt, expected) => {
  const at = parseTimestamp(text, 'syslog', Date.parse(receivedAt))
  expect(at === null ? null : new Date(at).toISOString()).toBe(expected)
})

test('seconds with a fraction keep every millisecond', () => {
  for (let ms = 0; ms < 1000; ms++)
    expect(parseTimestamp(1_778_574_000 + ms / 1000, 'epoch-s')).toBe(1_778_574_000_000 + ms)
})

test.each(['2026-02-30T00:00:00Z', '2026-05-12T08:00:00', '2026-05-12T24:00:00Z', '2026-13-01T00:00:00Z'])(
  '%s is no time',
  (text) => {
    expect(parseTimestamp(text, 'rfc3339')).toBeNull()
  },
)
