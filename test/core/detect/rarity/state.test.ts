import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createRarityDetector,
  createRarityState,
  learntBy,
  type RarityState,
  restoreRarityState,
  takeRarityChanges,
} from '../../../../src/core/detect/index.ts'
import type { Event, Json } from '../../../../src/core/model/index.ts'
import { day, eventAt, hour, minute, ruleOf, smallRules } from './made.ts'

const nowhere = () => null
const told = (rules: typeof smallRules, events: readonly Event[], state: RarityState) => {
  const detector = createRarityDetector(rules)
  return events.flatMap((event, index) =>
    detector
      .observe(state, event, nowhere)
      .map((hit) => ({ ...hit, rule: hit.rule.id, level: hit.rule.severity, view: null, index })),
  )
}

/** A store that takes changes as the database does. */
function createStored() {
  const rows = new Map<string, string>()
  return {
    rows,
    take(state: RarityState) {
      const { upserts, deletes } = takeRarityChanges(state)
      for (const key of deletes) rows.delete(key)
      for (const [key, doc] of upserts) rows.set(key, JSON.stringify(doc))
    },
    /** The rows in an order of the store's own. */
    restore: () =>
      restoreRarityState(
        [...rows].sort(([a], [b]) => (a < b ? 1 : -1)).map(([key, doc]) => [key, JSON.parse(doc) as Json] as const),
      ),
  }
}

const eventsOf = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: 0, max: 900 }),
      user: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      place: fc.constantFrom('DE', 'FR', 'BR', 'VN', 'NZ', '\u0000\ud800'),
      team: fc.constantFrom('x', 'y'),
    }),
    { minLength: 1, maxLength: 120 },
  )
  // Mostly in order, as events come; the rest late by up to hours.
  .map((list) => {
    const sorted = list.toSorted((one, two) => one.minutes - two.minutes)
    return sorted.map(({ minutes, ...record }, index) =>
      eventAt((index % 5 === 3 ? minutes - (minutes % 170) : minutes) * minute, record),
    )
  })

test('batches and restarts change nothing: the same alerts, and byte for byte the same stored state', () => {
  let alerts = 0
  fc.assert(
    fc.property(eventsOf, fc.array(fc.nat(120), { maxLength: 4 }), (events, cuts) => {
      const whole = createRarityState()
      const wanted = told(smallRules, events, whole)
      alerts += wanted.length
      const atOnce = createStored()
      atOnce.take(whole)

      const stored = createStored()
      let state = createRarityState()
      const seen: typeof wanted = []
      const ends = [...new Set([...cuts.filter((cut) => cut < events.length), events.length])].sort((a, b) => a - b)
      let from = 0
      for (const end of ends) {
        seen.push(
          ...told(smallRules, events.slice(from, end), state).map((hit) => ({ ...hit, index: hit.index + from })),
        )
        stored.take(state)
        state = stored.restore()
        from = end
      }
      expect(JSON.stringify(seen)).toBe(JSON.stringify(wanted))
      expect([...stored.rows].sort()).toEqual([...atOnce.rows].sort())
    }),
    { numRuns: 300 },
  )
  expect(alerts).toBeGreaterThan(300)
})

test('tables stay within their caps, and no entity and value is told twice in a window', () => {
  fc.assert(
    fc.property(eventsOf, (events) => {
      const state = createRarityState()
      const hits = told(smallRules, events, state)
      for (const { tables } of learntBy(state))
        for (const { name, size } of tables)
          expect(size).toBeLessThanOrEqual({ entities: 3, values: 4, peers: 300, groups: 2, said: 5 }[name] ?? 0)
      const times = Map.groupBy(hits, (hit) => JSON.stringify([hit.rule, hit.entity, hit.value]))
      for (const list of times.values())
        for (const [n, hit] of list.entries())
          for (const other of list.slice(n + 1))
            expect(
              Math.abs((events[hit.index]?.occurredAt ?? 0) - (events[other.index]?.occurredAt ?? 0)),
            ).toBeGreaterThanOrEqual(4 * hour)
    }),
    { numRuns: 200 },
  )
})

const places = { entity: { label: 'user', fields: ['user'] }, value: { label: 'place', fields: ['place'] } }

test('a flood of made-up entities pushes out nobody who has history, and take no more room than the cap', () => {
  const rule = ruleOf({
    first_seen: { ...places, window: '30d', warmUp: { events: 3 }, caps: { entities: 1000 } },
  })
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  const observe = (ms: number, record: Record<string, string>) =>
    detector.observe(state, eventAt(ms, record), nowhere).length
  for (let n = 0; n < 4; n++) for (let u = 0; u < 200; u++) observe(n * hour, { user: `real${u}`, place: 'DE' })
  observe(4 * hour, { user: 'newcomer', place: 'DE' })
  observe(5 * hour, { user: 'newcomer', place: 'DE' })
  for (let n = 0; n < 100_000; n++) observe(day + n, { user: `made-up${n}`, place: `p${n}` })
  const [learnt] = learntBy(state)
  expect(learnt?.tables.find((one) => one.name === 'entities')?.size).toBeLessThanOrEqual(1000)
  expect(learnt?.tables.find((one) => one.name === 'entities')?.established).toBe(200)
  expect(learnt?.counts.evicted).toBeGreaterThan(99_000)
  expect(observe(2 * day, { user: 'real7', place: 'BR' })).toBe(1)
  // Seen twice, it outlived those that were seen once: its next event is the third.
  observe(2 * day, { user: 'newcomer', place: 'DE' })
  expect(observe(2 * day + 1, { user: 'newcomer', place: 'BR' })).toBe(1)
}, 60_000)

test('made-up entities that are nearly established go before old ones that are', () => {
  const rule = ruleOf({ first_seen: { ...places, window: '30d', warmUp: { events: 3 }, caps: { entities: 100 } } })
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  const observe = (ms: number, record: Record<string, string>) =>
    detector.observe(state, eventAt(ms, record), nowhere).length
  for (let n = 0; n < 3; n++) for (let u = 0; u < 60; u++) observe(n * hour, { user: `real${u}`, place: 'DE' })
  for (let n = 0; n < 2000; n++) observe(day + n, { user: `made-up${n >> 1}`, place: 'DE' })
  for (let u = 0; u < 60; u++) expect(observe(2 * day, { user: `real${u}`, place: 'BR' })).toBe(1)
})

test('a table full of entities with history takes no other, and counts it', () => {
  const rule = ruleOf({ first_seen: { ...places, window: '30d', warmUp: { events: 1 }, caps: { entities: 10 } } })
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  for (let n = 0; n < 2; n++)
    for (let u = 0; u < 15; u++) detector.observe(state, eventAt(n * hour, { user: `u${u}`, place: 'DE' }), nowhere)
  const [learnt] = learntBy(state)
  expect(learnt?.tables[0]).toMatchObject({ name: 'entities', size: 10, established: 10 })
  expect(learnt?.counts.full).toBe(10)
})

test('what no event can reach any more is forgotten, from memory and from the store', () => {
  const rule = ruleOf({ first_seen: { ...places, window: '2d', warmUp: { events: 1 } } })
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  const stored = createStored()
  for (let u = 0; u < 300; u++) detector.observe(state, eventAt(0, { user: `u${u}`, place: 'DE' }), nowhere)
  stored.take(state)
  expect(stored.rows.size).toBe(301)
  detector.observe(state, eventAt(10 * day, { user: 'late', place: 'DE' }), nowhere)
  stored.take(state)
  expect(stored.rows.size).toBe(2)
})

test('what is usual changes no row', () => {
  const rule = ruleOf({ first_seen: { ...places, window: '30d', warmUp: { events: 3 } } })
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  for (let n = 0; n < 5; n++) detector.observe(state, eventAt(n * minute, { user: 'u', place: 'DE' }), nowhere)
  takeRarityChanges(state)
  for (let n = 5; n < 200; n++) detector.observe(state, eventAt(n * minute, { user: 'u', place: 'DE' }), nowhere)
  // The rule's own row has the newest event time.
  expect(takeRarityChanges(state).upserts.map(([key]) => key)).toEqual(['r-1'])
})

test('a rule that learns something else starts anew and says so; a new level or cap changes nothing', () => {
  const before = ruleOf({ first_seen: { ...places, window: '30d', warmUp: { events: 2 } } })
  const state = createRarityState()
  const stored = createStored()
  const learn = createRarityDetector([before])
  for (let n = 0; n < 5; n++) learn.observe(state, eventAt(n * hour, { user: 'u', place: 'DE' }), nowhere)
  stored.take(state)
  const louder = ruleOf(
    { first_seen: { ...places, window: '30d', warmUp: { events: 2 }, caps: { entities: 50 } } },
    { level: 'low', title: 'Other words' },
  )
  const same = stored.restore()
  expect(
    createRarityDetector([louder]).observe(same, eventAt(6 * hour, { user: 'u', place: 'BR' }), nowhere),
  ).toHaveLength(1)
  expect(takeRarityChanges(same).notices).toEqual([])

  const longer = ruleOf({ first_seen: { ...places, window: '60d', warmUp: { events: 2 } } })
  const anew = stored.restore()
  expect(
    createRarityDetector([longer]).observe(anew, eventAt(6 * hour, { user: 'u', place: 'BR' }), nowhere),
  ).toHaveLength(0)
  const { notices } = takeRarityChanges(anew)
  expect(notices).toHaveLength(1)
  expect(notices[0]).toContain('starts anew, without what it had learnt since 2026-05-01 00:00 UTC')

  const none = stored.restore()
  createRarityDetector([]).observe(none, eventAt(6 * hour, { user: 'u', place: 'BR' }), nowhere)
  const { deletes, upserts, notices: gone } = takeRarityChanges(none)
  expect([deletes.length, upserts.length, gone.length]).toEqual([stored.rows.size, 0, 1])
})
