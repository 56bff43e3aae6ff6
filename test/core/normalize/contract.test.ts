import { describe, expect, test } from 'vitest'
import { isObject, type Json, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer, deliveryOf, type Normalized, runContracts } from '../../../src/core/normalize/index.ts'
import { ownBundle } from '../../support/content.ts'

const { integrations } = await ownBundle()
const normalizer = createNormalizer(integrations, tenantId('main'))
const receivedAt = Date.parse('2026-06-01T00:00:00Z')

function deliver(source: string | null, payload: Json | Uint8Array): readonly Normalized[] {
  const body = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload))
  return normalizer.normalize({
    seq: 1,
    source,
    transport: 'webhook',
    contentType: 'application/json',
    receivedAt,
    body,
  })
}

const results = runContracts(integrations)

test('every mapping that takes something in has a test in its manifest', () => {
  const tested = new Set(
    integrations.flatMap((one) =>
      one.tests.flatMap((each) =>
        normalizer
          .normalize(deliveryOf(each, one.id))
          .map((found) =>
            found.kind === 'event' ? found.event.inbound : found.kind === 'dropped' ? found.rule.id.split('/')[1] : '',
          )
          .map((inbound) => `${one.id}/${inbound}`),
      ),
    ),
  )
  const mappings = integrations.flatMap((one) => one.inbound.map(({ id }) => `${one.id}/${id}`))
  expect(mappings.filter((one) => !tested.has(one))).toEqual([])
})

test('every integration asserts the OCSF form of an event', () => {
  const without = integrations
    .filter((one) => one.inbound.length > 0 && !one.tests.some((each) => isObject(each.expect.ocsf)))
    .map((one) => one.id)
  expect(without).toEqual([])
})

test.each(results.map((one) => [`${one.integration}: ${one.name}`, one] as const))('%s', (_name, one) => {
  expect(one.differences.map(({ path, expected, actual }) => ({ path, expected, actual }))).toEqual([])
})

/** Every value of a payload, replaced in turn by what it should not be. */
function* mutations(value: Json): Generator<Json> {
  for (const odd of [
    null,
    0,
    -1,
    1e308,
    '',
    '\u0000\u202e',
    [],
    {},
    [[[]]],
    'x'.repeat(70_000),
    { constructor: 1, toString: 'x' },
  ] as Json[])
    yield odd
  if (Array.isArray(value)) {
    yield []
    for (const [index, item] of (value as readonly Json[]).entries())
      for (const odd of mutations(item)) yield value.with(index, odd) as Json
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const { [key]: _gone, ...rest } = value
      yield rest
      for (const odd of mutations(value[key] as Json)) yield { ...value, [key]: odd }
    }
  }
}

const hostile = integrations.filter((one) => one.inbound.length > 0 && one.tests.some((spec) => isObject(spec.payload)))

/** What comes as text: the first payload of each integration that has no JSON in its tests. */
const texts = integrations.flatMap(({ id, inbound, tests }) => {
  const payload = tests.find((spec) => typeof spec.payload === 'string')?.payload
  return inbound.length > 0 && !hostile.some((one) => one.id === id) && typeof payload === 'string'
    ? [{ id, payload }]
    : []
})

test('every integration that takes something in is tried with what is hostile', () => {
  const tried = [...hostile, ...texts].map((one) => one.id)
  expect(integrations.filter((one) => one.inbound.length > 0 && !tried.includes(one.id)).map((one) => one.id)).toEqual(
    [],
  )
})

describe.each(texts)('$id survives as text', ({ id, payload }) => {
  const bytes = Buffer.from(payload)

  test('cut at every byte, every byte turned, and no text: every record ends in exactly one place, bounded', () => {
    const bodies = Array.from({ length: Math.min(bytes.length, 600) }, (_, at) => [
      bytes.subarray(0, at),
      Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 1)]),
    ]).flat()
    for (const body of [...bodies, Buffer.concat([bytes, Buffer.from([0xff, 0xfe, 0])])]) {
      const results = deliver(id, body)
      expect(results.length).toBeGreaterThan(0)
      for (const one of results) {
        if (one.kind === 'dead') expect(one.code).not.toBe('internal')
        if (one.kind === 'event') expect(Number.isSafeInteger(one.event.occurredAt)).toBe(true)
      }
    }
  })

  test('a line of ten megabytes', () => {
    expect(deliver(id, Buffer.from(`${payload.trimEnd()} big=${'x'.repeat(10_000_000)}`)).length).toBeGreaterThan(0)
  })
})

describe.each(
  hostile.map((one) => ({
    id: one.id,
    payload: one.tests.find((spec) => isObject(spec.payload))?.payload as JsonObject,
  })),
)('$id survives', ({ id, payload }) => {
  const text = JSON.stringify(payload)

  test('wrong types everywhere: every record ends in exactly one place, bounded', () => {
    let count = 0
    for (const mutated of mutations(payload)) {
      if (++count > 1500) break
      const results = deliver(id, mutated)
      expect(results.length).toBeGreaterThan(0)
      for (const [index, one] of results.entries()) {
        expect(one.kind === 'event' ? one.event.index : one.index).toBe(index)
        if (one.kind === 'dead') {
          expect(one.excerpt.length).toBeLessThanOrEqual(1000)
          expect(one.code).not.toBe('internal')
        }
        if (one.kind !== 'event') continue
        expect(Number.isSafeInteger(one.event.occurredAt)).toBe(true)
        expect(one.event.occurredAt).toBeLessThanOrEqual(receivedAt + 300_000)
        expect(one.alert?.title ?? 'x').toMatch(/^[^\p{Cc}\u202e]{1,301}$/u)
        for (const observable of one.event.observables) expect(observable.value.length).toBeLessThanOrEqual(2000)
      }
    }
    expect(count).toBeGreaterThan(20)
  })

  test.each([
    ['truncated', Buffer.from(text.slice(0, -3)), 'unparsable'],
    [
      'not UTF-8',
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])]),
      'not-utf8',
    ],
    ['with a key twice', Buffer.from(`${text.slice(0, -1)},"zz":1,"zz":2}`), 'duplicate-key'],
    ['with a key twice, once escaped', Buffer.from(`${text.slice(0, -1)},"zz":1,"\\u007az":2}`), 'duplicate-key'],
    ['nested too deep', Buffer.from(`${text.slice(0, -1)},"deep":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'too-deep'],
    ['empty', Buffer.alloc(0), 'empty'],
    ['a number', Buffer.from('17'), 'unparsable'],
    ['a list of numbers', Buffer.from('[1]'), 'not-an-object'],
  ])('%s: one dead letter with its reason', (_name, body, code) => {
    const results = deliver(id, body)
    expect(results.length).toBe(1)
    expect(results[0]).toMatchObject({ kind: 'dead', code })
  })

  test('a record of ten megabytes', () => {
    const results = deliver(id, Buffer.from(`${text.slice(0, -1)},"big":"${'x'.repeat(10_000_000)}"}`))
    expect(results.length).toBeGreaterThan(0)
  })

  test('members named like prototypes: they are data and change nothing', () => {
    const results = deliver(
      id,
      Buffer.from(`${text.slice(0, -1)},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`),
    )
    expect(results.length).toBeGreaterThan(0)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('a time far in the future is clamped and said so', () => {
    const future = text.replace(/2026-05-12/g, '2036-05-12')
    for (const one of deliver(id, Buffer.from(future)))
      if (one.kind === 'event' && future !== text && one.event.timeNote !== 'missing')
        expect(one.event.occurredAt).toBeLessThanOrEqual(receivedAt + 300_000)
  })
})
