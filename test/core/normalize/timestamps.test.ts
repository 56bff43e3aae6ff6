import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTimestamp, type TimeForm, timeForms } from '../../../src/core/model/index.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number) => String(value).padStart(2, '0')
/** Instants from 1970 to 2199, in milliseconds. */
const instant = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) - 1 })
const day = 86_400_000

describe('a time that is written is read back', () => {
  test('RFC 3339, whatever the offset, the separator and the digits of its fraction', () => {
    fc.assert(
      fc.property(
        instant,
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        fc.constantFrom('T', 't', ' '),
        fc.integer({ min: 3, max: 9 }),
        fc.boolean(),
        (at, offset, separator, digits, colon) => {
          const local = new Date(at + offset * 60_000)
          fc.pre(local.getTime() >= 0)
          const text = local.toISOString()
          const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${colon ? ':' : ''}${two(Math.abs(offset) % 60)}`
          const fraction = text.slice(20, 23).padEnd(digits, '7')
          const written = `${text.slice(0, 10)}${separator}${text.slice(11, 19)}.${fraction}${zone}`
          expect(parseTimestamp(written, 'rfc3339')).toBe(at)
        },
      ),
    )
  })

  test('UTC without a zone, by the second', () => {
    fc.assert(
      fc.property(instant, (at) => {
        const seconds = Math.floor(at / 1000) * 1000
        const text = new Date(seconds).toISOString().slice(0, 19)
        for (const written of [text, text.replace('T', ' '), `${text}Z`])
          expect(parseTimestamp(written, 'utc')).toBe(seconds)
        expect(parseTimestamp(text, 'rfc3339')).toBeNull()
      }),
    )
  })

  test.each<[TimeForm, (at: number) => number | string]>([
    ['epoch-s', (at) => at / 1000],
    ['epoch-s', (at) => (at / 1000).toFixed(3)],
    ['epoch-ms', (at) => at],
    ['epoch-ms', (at) => String(at)],
    ['epoch-us', (at) => at * 1000],
    ['epoch-us', (at) => `${at}999`],
    ['epoch-ns', (at) => `${at}999999`],
    ['cef', (at) => String(at)],
    ['rfc3339', (at) => new Date(at).toISOString()],
  ])('%s', (form, write) => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: Date.UTC(2200, 0, 1) }), (at) => {
        expect(parseTimestamp(write(at), form)).toBe(at)
      }),
    )
  })

  test('RFC 3164 has no year: it gets the one that brings it to the time of receipt, at New Year and on 29 February too', () => {
    const years = fc.integer({ min: 1980, max: 2190 })
    const near = fc.oneof(fc.integer({ min: -300, max: 0 }), fc.constantFrom(-1, 0, -31, -59, -60))
    fc.assert(
      fc.property(
        years,
        fc.integer({ min: 0, max: 366 }),
        near,
        fc.integer({ min: 0, max: 86_399 }),
        (year, into, ago, second) => {
          const receivedAt = Date.UTC(year, 0, 1) + into * day + 43_200_000
          const at = Math.floor(receivedAt / day + ago) * day + second * 1000
          fc.pre(at <= receivedAt)
          const date = new Date(at)
          const text = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`
          expect(parseTimestamp(text, 'syslog', receivedAt)).toBe(at)
          expect(parseTimestamp(text, 'cef', receivedAt)).toBe(at)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('asctime and a named month with its year', () => {
    fc.assert(
      fc.property(instant, (at) => {
        const seconds = Math.floor(at / 1000) * 1000
        const date = new Date(seconds)
        const clock = date.toISOString().slice(11, 19)
        const named = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`
        expect(parseTimestamp(`Tue ${named} ${clock} ${date.getUTCFullYear()} UTC`, 'asctime')).toBe(seconds)
        expect(parseTimestamp(`${named} ${date.getUTCFullYear()} ${clock}`, 'syslog')).toBe(seconds)
      }),
    )
  })
})

test.each([
  ['2016-12-31T23:59:60Z', 'rfc3339', '2016-12-31T23:59:59.000Z'],
  ['2016-12-31T23:59:60.500Z', 'rfc3339', '2016-12-31T23:59:59.500Z'],
  ['2026-03-29T02:30:00', 'utc', '2026-03-29T02:30:00.000Z'],
  ['2026-10-25T02:30:00+02:00', 'rfc3339', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T02:30:00+01:00', 'rfc3339', '2026-10-25T01:30:00.000Z'],
  ['2026-05-12T08:00:00.1Z', 'rfc3339', '2026-05-12T08:00:00.100Z'],
  ['2026-05-12T08:00:00,25Z', 'rfc3339', '2026-05-12T08:00:00.250Z'],
] as const)('%s is %s', (text, form, expected) => {
  expect(new Date(parseTimestamp(text, form) ?? 0).toISOString()).toBe(expected)
})

test.each([
  ['9999999999999999999', 'epoch-ms'],
  ['1e30', 'epoch-s'],
  [Number.POSITIVE_INFINITY, 'epoch-s'],
  [Number.NaN, 'epoch-ms'],
  ['0000-01-01T00:00:00Z', 'rfc3339'],
  ['0001-01-01T00:00:00Z', 'rfc3339'],
  ['1969-12-31T23:59:59Z', 'rfc3339'],
  ['2023-02-29T00:00:00Z', 'rfc3339'],
  ['2026-05-12T08:00:61Z', 'rfc3339'],
  ['2026-05-12T08:60:00Z', 'rfc3339'],
  ['2026-05-12T08:00:00+25:00', 'rfc3339'],
  ['Feb 30 08:00:00', 'syslog'],
  ['Foo 12 08:00:00', 'syslog'],
  ['', 'utc'],
] as const)('%s is no time in %s', (value, form) => {
  expect(parseTimestamp(value, form, Date.UTC(2026, 5, 1))).toBeNull()
})

test('whatever is read is a whole number of milliseconds that a date can have, and nothing throws', () => {
  const anything = fc.oneof(fc.string({ maxLength: 60 }), fc.double(), fc.anything(), fc.date().map(String))
  fc.assert(
    fc.property(anything, fc.constantFrom(...timeForms), instant, (value, form, receivedAt) => {
      const at = parseTimestamp(value, form, receivedAt)
      if (at !== null) {
        expect(Number.isSafeInteger(at)).toBe(true)
        expect(Number.isNaN(new Date(at).getTime())).toBe(false)
      }
    }),
    { numRuns: 1000 },
  )
})
