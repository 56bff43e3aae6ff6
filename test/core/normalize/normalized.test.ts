import { expect, test } from 'vitest'
import { tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer, type RawDelivery } from '../../../src/core/normalize/index.ts'
import { ownBundle } from '../../support/content.ts'

const { integrations } = await ownBundle()
const normalizer = createNormalizer(integrations, tenantId('main'))
const read = (body: string, rest: Partial<RawDelivery> = {}) =>
  normalizer.normalize({
    seq: 1,
    source: 'generic',
    transport: 'webhook',
    contentType: 'application/json',
    receivedAt: 0,
    body: Buffer.from(body),
    ...rest,
  })

const seed = '{"source":"vpn","event_type":"login","message":"x"}'
const stoodFor = (results: ReturnType<typeof read>) =>
  results.reduce((sum, one) => sum + (one.kind === 'dead' ? one.records : 1), 0)

test.each([
  ['a list of numbers', `[${'1,'.repeat(249_999)}1]`, {}, 250_000],
  ['a list of numbers in an envelope', `{"events":[${seed},${'1,'.repeat(249_999)}1]}`, {}, 250_001],
  ['lines of nonsense', 'x\n'.repeat(250_000), { contentType: 'text/plain' }, 250_000],
] as const)(
  '%s is a hundred dead letters and one for the rest; every record is counted',
  (_name, body, rest, count) => {
    const results = read(body, rest)
    expect(stoodFor(results)).toBe(count)
    const dead = results.filter((one) => one.kind === 'dead')
    expect(dead.length).toBe(101)
    expect(dead.slice(0, 100).every((one) => one.records === 1)).toBe(true)
    expect(dead.at(-1)).toMatchObject({ records: 249_900 })
    expect(dead.at(-1)?.message).toMatch(/, and 249899 more like it$/)
  },
)

test('records that are taken stay what they are between those that are not, each with its position', () => {
  const items = Array.from({ length: 400 }, (_, n) =>
    n % 2 === 0 ? '1' : `{"id":"${n}","title":"x","severity":"high"}`,
  )
  const results = read(`[${items.join(',')}]`)
  const events = results.filter((one) => one.kind === 'event')
  expect(events.map((one) => one.event.index)).toEqual(Array.from({ length: 200 }, (_, n) => n * 2 + 1))
  expect(stoodFor(results)).toBe(400)
})

test('letters of different kinds are told apart', () => {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`
  const body = Array.from({ length: 150 }, () => `1\n{"a":${deep}}\n`).join('')
  const dead = read(body, { contentType: 'application/x-ndjson' }).filter((one) => one.kind === 'dead')
  expect(dead.filter((one) => one.records > 1).map((one) => [one.code, one.records])).toEqual([
    ['unparsable', 50],
    ['too-deep', 50],
  ])
})

test('a hundred of a kind are all told', () => {
  const results = read(`[${Array.from({ length: 101 }, () => '1').join(',')}]`)
  expect(results.length).toBe(101)
  expect(results.every((one) => one.kind === 'dead' && one.records === 1 && !one.message.includes('more'))).toBe(true)
})
