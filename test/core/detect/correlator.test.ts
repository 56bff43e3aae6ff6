import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  alertOfCorrelation,
  type CorrelationRule,
  compileCorrelationRule,
  compileSigmaRule,
  createCorrelator,
  createMatcher,
  createSigmaState,
  restoreSigmaState,
  type SigmaState,
  takeSigmaChanges,
} from '../../../src/core/detect/index.ts'
import { type Event, eventId, type Json, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const tenant = tenantId('main')
const base = Date.parse('2026-05-12T08:00:00Z')
const minute = 60_000

function load<T>(result: { ok: true; value: T } | { ok: false; problems: readonly { message: string }[] }): T {
  if (result.ok) return result.value
  throw new Error(result.problems.map((one) => one.message).join('; '))
}

const denied = load(
  compileSigmaRule(
    documentOf(
      'rules/detection/denied.yaml',
      'title: denied\nid: r-denied\nname: denied\nlevel: low\nlogsource: { product: p }\ndetection: { s: { kind: denied }, condition: s }\n',
    ),
  ),
)

const sourceOf = (correlation: JsonObject) =>
  documentOf('rules/correlation/x.yaml', JSON.stringify({ title: 'x', id: 'c-1', level: 'high', correlation }))
const ruleOf = (correlation: JsonObject): CorrelationRule =>
  load(compileCorrelationRule(sourceOf(correlation), [denied]))

const threeDenied = ruleOf({
  ...{ type: 'event_count', rules: ['denied'], 'group-by': ['user'], timespan: '10m', condition: { gte: 3 } },
})
const threeUsers = ruleOf({
  ...{ type: 'value_count', rules: ['denied'], 'group-by': ['ip'], timespan: '10m' },
  condition: { gte: 3, field: 'user' },
})

interface Seen {
  readonly minutes: number
  readonly user?: string
  readonly ip?: string
}

let count = 0
function eventOf({ minutes, user = 'u', ip = 'i' }: Seen): Event {
  const occurredAt = base + minutes * minute
  return {
    ...{ id: eventId(tenant, 's', String(count++)), tenant, source: 's', inbound: 'x', seq: 1, index: 0 },
    ...{ occurredAt, timeNote: 'as-sent', receivedAt: occurredAt, logsource: { product: 'p' }, observables: [] },
    record: { kind: 'denied', user, ip },
  }
}

const matcher = createMatcher([denied])
function run(rules: readonly CorrelationRule[], seen: readonly Seen[], state: SigmaState = createSigmaState()) {
  const correlator = createCorrelator(rules)
  return seen.flatMap((one, index) => {
    const event = eventOf(one)
    return correlator.observe(state, event, matcher.match(event)).map((hit) => ({ index, hit, event }))
  })
}
const indexes = (...args: Parameters<typeof run>) => run(...args).map((one) => one.index)
const at = (...minutes: readonly number[]): Seen[] => minutes.map((one) => ({ minutes: one }))

describe('event_count', () => {
  test.each([
    ['fires on the match that completes the count', at(0, 1, 2), [2]],
    ['counts within the timespan only', at(0, 6, 12), []],
    ['slides: the last three are what counts', at(0, 6, 12, 13), [3]],
    ['leaves the edge of the window out', at(0, 5, 10), []],
    ['starts anew after it has fired', at(0, 1, 2, 3, 4), [2]],
    ['and can fire again', at(0, 1, 2, 3, 4, 5), [2, 5]],
    ['takes matches that come late, in event time', at(5, 6, 2), [2]],
    [
      'keeps for late matches what they can still be counted with',
      [...at(0, 0.5), { minutes: 71, user: 'z' }, ...at(2)],
      [3],
    ],
    ['does not count what is later than an hour and the timespan', [...at(0, 1), ...at(200), ...at(2)], []],
  ])('%s', (_name, seen, expected) => expect(indexes([threeDenied], seen)).toEqual(expected))

  test('counts by group', () => {
    const users = ['a', 'b', 'a', 'b', 'a']
    expect(
      indexes(
        [threeDenied],
        users.map((user, minutes) => ({ user, minutes })),
      ),
    ).toEqual([4])
  })

  test('a group cannot be imitated with the values of another', () => {
    const rule = ruleOf({ ...groupedByTwo })
    const seen = [
      { user: 'a', ip: 'b","c' },
      { user: 'a","b', ip: 'c' },
      { user: 'a', ip: 'b","c' },
    ]
    expect(
      indexes(
        [rule],
        seen.map((one, minutes) => ({ ...one, minutes })),
      ),
    ).toEqual([])
  })

  const groupedByTwo = {
    ...{ type: 'event_count', rules: ['r-denied'], 'group-by': ['user', 'ip'], timespan: '10m', condition: { gte: 3 } },
  }
})

describe('value_count', () => {
  const users = (...list: readonly string[]) => list.map((user, minutes) => ({ user, minutes }))
  test.each([
    ['counts different values', users('a', 'b', 'c'), [2]],
    ['does not count a value twice', users('a', 'b', 'a', 'B'), []],
    ['a repeated value stays as long as its newest match', users('a', 'b', 'a', 'x1', 'b'), [3]],
  ])('%s', (_name, seen, expected) => expect(indexes([threeUsers], seen)).toEqual(expected))

  test('repeating one value thousands of times does not push the others out', () => {
    const flood = Array.from({ length: 6000 }, (_, index) => ({ user: 'a', minutes: 2 + index / 6000 }))
    const seen = [{ user: 'b', minutes: 1 }, ...flood, { user: 'c', minutes: 4 }]
    expect(indexes([threeUsers], seen)).toEqual([seen.length - 1])
  })

  test('an event without the field does not count', () => {
    const correlator = createCorrelator([threeUsers])
    const state = createSigmaState()
    for (let minutes = 0; minutes < 4; minutes++) {
      const event = { ...eventOf({ minutes }), record: { kind: 'denied', ip: 'i' } }
      expect(correlator.observe(state, event, matcher.match(event))).toEqual([])
    }
  })
})

test('the alert says how often, since when and for whom, and names the events', () => {
  const [found] = run([threeDenied], at(0, 1, 2))
  if (found === undefined) throw new Error('the correlation did not fire')
  const alert = alertOfCorrelation(found.event, found.hit)
  expect(alert).toMatchObject({ title: 'x', severity: 4, occurredAt: base + 2 * minute })
  expect(alert.details).toEqual({ count: 3, since: base, user: 'u' })
  expect(alert.eventIds).toHaveLength(3)
})

test('a rule that only a correlation counts is silent, unless it generates alerts of its own', () => {
  expect([...createCorrelator([threeDenied]).silent]).toEqual(['r-denied'])
  expect([...createCorrelator([{ ...threeDenied, generate: true }]).silent]).toEqual([])
})

const seenList = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 400 }),
    user: fc.constantFrom('a', 'b', 'c', 'd'),
    ip: fc.constantFrom('i', 'j'),
  }),
  { minLength: 1, maxLength: 60 },
)

test('the same events give the same hits, whenever the state was stored and read again', () => {
  fc.assert(
    fc.property(seenList, fc.nat(60), (seen, cut) => {
      const rules = [threeDenied, threeUsers]
      const whole = indexes(rules, seen)
      const state = createSigmaState()
      const first = indexes(rules, seen.slice(0, cut), state)
      const { upserts } = takeSigmaChanges(state)
      const stored = JSON.parse(JSON.stringify(upserts)) as (readonly [string, Json])[]
      const restored = restoreSigmaState(state.watermark, stored)
      const second = indexes(rules, seen.slice(cut), restored).map((index) => index + Math.min(cut, seen.length))
      expect([...first, ...second]).toEqual(whole)
    }),
    { numRuns: 300 },
  )
})

test('forgetting what is over changes no decision', () => {
  fc.assert(
    fc.property(seenList, (seen) => {
      const remembering = createSigmaState()
      const correlator = createCorrelator([threeDenied, threeUsers])
      const kept = seen.flatMap((one, index) => {
        // A sweep is due when event time has moved on; this state is told it was just done.
        remembering.sweptAt = Number.MAX_SAFE_INTEGER
        const event = eventOf(one)
        return correlator.observe(remembering, event, matcher.match(event)).map(() => index)
      })
      const sweeping = createSigmaState()
      const swept = seen.flatMap((one, index) => {
        sweeping.sweptAt = Number.MIN_SAFE_INTEGER
        const event = eventOf(one)
        return correlator.observe(sweeping, event, matcher.match(event)).map(() => index)
      })
      expect(swept).toEqual(kept)
    }),
    { numRuns: 500 },
  )
})

test('groups of long ago are forgotten, from memory and from the store', () => {
  const state = createSigmaState()
  run(
    [threeDenied],
    Array.from({ length: 500 }, (_, index) => ({ minutes: 0, user: `u${index}` })),
    state,
  )
  takeSigmaChanges(state)
  run([threeDenied], at(600), state)
  expect(state.windows.size).toBe(1)
  expect(takeSigmaChanges(state).deletes).toHaveLength(500)
})

test.each([
  ['an unknown type', { type: 'temporal_magic' }, 'the type "temporal_magic" is not known'],
  ['a rule that is not there', { rules: ['denid'] }, 'there is no detection rule "denid"'],
  ['no timespan', { timespan: 'soon' }, '"timespan" is a number and a unit'],
  ['no condition', { condition: {} }, '"condition" is one of'],
  ['a count that no window holds', { condition: { gte: 5000 } }, 'counts further than a window holds'],
  ['value_count without a field', { type: 'value_count' }, '"value_count" needs condition.field'],
])('a correlation with %s does not load', (_name, change, message) => {
  const good = { type: 'event_count', rules: ['denied'], timespan: '10m', condition: { gte: 3 } }
  expect(compileCorrelationRule(sourceOf(good), [denied]).ok).toBe(true)
  const result = compileCorrelationRule(sourceOf({ ...good, ...change }), [denied])
  expect(!result.ok && result.problems[0]?.message).toContain(message)
})
