import { describe, expect, test } from 'vitest'
import { learntBy, takeRarityChanges } from '../../../../src/core/detect/index.ts'
import type { JsonObject } from '../../../../src/core/model/index.ts'
import { day, hearing, hour, minute, ruleOf } from './made.ts'

const user = { label: 'user', fields: ['user'] }
const place = { label: 'place', fields: ['place'] }
const firstSeen = (more: JsonObject = {}) =>
  ruleOf({ first_seen: { entity: user, value: place, window: '30d', warmUp: { events: 2 }, ...more } })

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be in a sentence
const commanding = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe('values that attackers choose', () => {
  test.each([
    ['control characters', 'x\u001b[2J\u0000\r\n\u202egnp.exe'],
    ['half a character', `\ud800${'y'.repeat(78)}\udc00`],
    ['a very long value', 'z'.repeat(2_000_000)],
    ['names of members', '__proto__'],
    ['a long list', Array.from({ length: 5000 }, (_, n) => `v${n}`)],
  ])('%s make short well-formed lines and bounded rows', (_name, value) => {
    const { state, hear } = hearing(firstSeen())
    for (const user of ['u', String(value)]) {
      hear(0, { user, place: 'DE' })
      hear(hour, { user, place: 'DE' })
      const [hit] = hear(2 * hour, { user, place: value as string })
      const texts = [hit?.sentence ?? '', ...(hit?.facts ?? []).map((fact) => String(fact.value))]
      expect(hit?.sentence).toContain('is new for user')
      for (const text of texts) {
        expect(text.isWellFormed()).toBe(true)
        expect(text).not.toMatch(commanding)
        expect(text.length).toBeLessThan(500)
      }
    }
    const rows = takeRarityChanges(state).upserts
    for (const [key, doc] of rows) {
      expect(Buffer.byteLength(key)).toBeLessThan(200)
      expect(JSON.stringify(doc)).not.toMatch(/\\u0000|\\ud[89a-f]/)
      expect(JSON.stringify(doc).length).toBeLessThan(3000)
    }
  })

  test('long values that begin alike are different values', () => {
    const { hear } = hearing(firstSeen())
    const long = 'a'.repeat(10_000)
    hear(0, { user: 'u', place: `${long}1` })
    hear(hour, { user: 'u', place: `${long}1` })
    expect(hear(2 * hour, { user: 'u', place: `${long}1` })).toHaveLength(0)
    expect(hear(3 * hour, { user: 'u', place: `${long}2` })).toHaveLength(1)
  })

  test('a new value does not hide in a list behind one that is usual, nor by its case', () => {
    const { hear } = hearing(firstSeen())
    hear(0, { user: 'u', place: 'DE' })
    hear(hour, { user: 'u', place: ['DE', 'DE'] })
    expect(hear(2 * hour, { user: 'U', place: 'de' })).toHaveLength(0)
    expect(hear(3 * hour, { user: 'u', place: ['DE', 'BR'] })).toHaveLength(1)
  })

  test('fields that are objects, null or missing are no values', () => {
    const { state, hear } = hearing(firstSeen())
    for (const record of [
      { user: 'u' },
      { user: 'u', place: null },
      { user: 'u', place: { a: 1 } },
      { user: '', place: 'DE' },
    ])
      expect(hear(0, record)).toHaveLength(0)
    expect(learntBy(state)[0]?.counts.unread).toBe(4)
  })
})

describe('floods', () => {
  test('a user with a new value every minute gives five alerts in a day, of which the last says so', () => {
    const { state, hear } = hearing(firstSeen({ caps: { values: 400 } }))
    hear(0, { user: 'u', place: 'DE' })
    hear(hour, { user: 'u', place: 'DE' })
    const hits = Array.from({ length: 300 }, (_, n) =>
      hear(2 * hour + n * minute, { user: 'u', place: `p${n}` }),
    ).flat()
    expect(hits).toHaveLength(5)
    expect(hits[4]?.sentence).toContain('it was the last of 5 alerts of this rule about it until 2026-05-02 02:00 UTC')
    expect(learntBy(state)[0]?.counts.muted).toBe(295)
    expect(hear(2 * hour + day, { user: 'u', place: 'BR' })).toHaveLength(1)
  })

  test('an entity that is full tells no further values, says so once, and takes none in', () => {
    const { state, hear } = hearing(firstSeen({ caps: { values: 4, alerts: 100 } }))
    hear(0, { user: 'u', place: 'DE' })
    hear(hour, { user: 'u', place: 'DE' })
    const hits = Array.from({ length: 20 }, (_, n) => hear(2 * hour + n * minute, { user: 'u', place: `p${n}` })).flat()
    expect(hits.map((hit) => hit.sentence.includes('as many as the rule keeps'))).toEqual([false, false, true])
    expect(learntBy(state)[0]?.counts.saturated).toBe(17)
    expect(hear(40 * day, { user: 'u', place: 'DE' })).toHaveLength(0)
  })

  test('one entity cannot make a value usual for its peers', () => {
    const rule = firstSeen({ peers: { label: 'team', fields: ['team'], usualFrom: 2, level: 'none' } })
    const { hear } = hearing(rule)
    for (const user of ['victim', 'attacker', 'other'])
      for (const ms of [0, hour]) hear(ms, { user, place: 'DE', team: 't' })
    for (let n = 0; n < 50; n++) hear(2 * hour + (n * day) / 4, { user: 'attacker', place: 'BR', team: 't' })
    expect(hear(20 * day, { user: 'victim', place: 'BR', team: 't' })).toHaveLength(1)
    // Now two have it, and it is usual for the third.
    expect(hear(20 * day + hour, { user: 'other', place: 'BR', team: 't' })).toHaveLength(0)
  })

  test('made-up values do not push out of a group what is usual there', () => {
    const rule = ruleOf({
      rare: {
        ...{ entity: user, value: place, among: { label: 'hosts', fields: [] }, below: { count: 3 } },
        ...{ window: '30d', warmUp: { events: 10 }, caps: { values: 50 } },
      },
    })
    const { state, hear } = hearing(rule)
    for (let n = 0; n < 40; n++) hear(n * minute, { user: `h${n}`, place: `usual${n % 5}` })
    for (let n = 0; n < 5000; n++) hear(day + n, { user: 'h1', place: `made-up${n}` })
    expect(learntBy(state)[0]?.tables.find((one) => one.name === 'values')).toMatchObject({ established: 5 })
    expect(learntBy(state)[0]?.tables.find((one) => one.name === 'values')?.size).toBeLessThanOrEqual(50)
    expect(hear(day + hour, { user: 'h2', place: 'usual3' })).toHaveLength(0)
    expect(hear(day + hour, { user: 'h2', place: 'never' })).toHaveLength(1)
  })
})
