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
import { longestChain, percentileOf } from '../../../src/core/detect/sigma/aggregate.ts'
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
  readonly n?: number
}

let count = 0
function eventOf({ minutes, user = 'u', ip = 'i', n = 1 }: Seen): Event {
  const occurredAt = base + minutes * minute
  return {
    ...{ id: eventId(tenant, 's', String(count++)), tenant, source: 's', inbound: 'x', seq: 1, index: 0 },
    ...{ occurredAt, timeNote: 'as-sent', receivedAt: occurredAt, logsource: { product: 'p' }, observables: [] },
    record: { kind: 'denied', user, ip, n },
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

test.each([['\u0001'], ['€'], ['a'], ['\ud800'], ['"']])(
  'a group of long values of %j has a key that a database can index',
  (unit) => {
    const rule = ruleOf({
      ...{
        type: 'event_count',
        rules: ['denied'],
        'group-by': ['user', 'ip', 'kind'],
        timespan: '10m',
        condition: { gte: 2 },
      },
    })
    const correlator = createCorrelator([rule])
    const state = createSigmaState()
    const long = unit.repeat(5000)
    const see = (user: string) => {
      const event = eventOf({ minutes: 1, user, ip: long })
      return correlator.observe(state, event, createMatcher([denied]).match(event))
    }
    expect(see(long)).toEqual([])
    for (const key of state.windows.keys()) expect(Buffer.byteLength(key)).toBeLessThan(2700)
    expect(see(`${long.slice(0, 100)}b`)).toEqual([])
    expect(see(long)).toHaveLength(1)
  },
)

test('a rule that only a correlation counts is silent, unless it generates alerts of its own', () => {
  expect([...createCorrelator([threeDenied]).silent]).toEqual(['r-denied'])
  expect([...createCorrelator([{ ...threeDenied, generate: true }]).silent]).toEqual([])
})

const denials = { rules: ['denied'], 'group-by': ['user'], timespan: '10m' }
const byIp = { rules: ['denied'], 'group-by': ['ip'], timespan: '10m' }
const other = load(
  compileSigmaRule(
    documentOf(
      'rules/detection/other.yaml',
      'title: other\nid: r-other\nname: other\nlevel: low\nlogsource: { product: p }\ndetection: { s: { user: [a, b] }, condition: s }\n',
    ),
  ),
)
const both = (correlation: JsonObject, id: string) =>
  load(
    compileCorrelationRule(
      documentOf('rules/correlation/x.yaml', JSON.stringify({ title: 'x', id, level: 'high', correlation })),
      [denied, other],
    ),
  )
/** One correlation of each type and of each time of judgement. */
const everyType = [
  threeDenied,
  { ...threeUsers, id: 'c-users' },
  both({ ...denials, type: 'event_count', condition: { lt: 3 } }, 'c-few'),
  both({ ...byIp, type: 'value_count', condition: { field: 'user', eq: 2 } }, 'c-two'),
  both({ ...byIp, type: 'temporal', rules: ['denied', 'other'] }, 'c-temporal'),
  both({ ...byIp, type: 'temporal_ordered', rules: ['other', 'denied'] }, 'c-ordered'),
  both({ ...denials, type: 'value_sum', condition: { field: 'n', gt: 20 } }, 'c-sum'),
  both({ ...byIp, type: 'value_avg', condition: { field: 'n', gte: 5 } }, 'c-avg'),
  both({ ...byIp, type: 'value_percentile', condition: { field: 'user', lte: 30 } }, 'c-share'),
  both({ ...byIp, type: 'value_percentile', condition: { field: 'n', percentile: 90, gt: 7 } }, 'c-p90'),
]

const seenList = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 400 }),
    user: fc.constantFrom('a', 'b', 'c', 'd'),
    ip: fc.constantFrom('i', 'j'),
    n: fc.integer({ min: -3, max: 12 }),
  }),
  { minLength: 1, maxLength: 60 },
)

const everyMatcher = createMatcher([denied, other])
/** What correlations said of events, as plain text, in the order in which it was said. */
function told(rules: readonly CorrelationRule[], events: readonly Event[], state: SigmaState, before?: () => void) {
  const correlator = createCorrelator(rules)
  return events.flatMap((event) => {
    before?.()
    return correlator
      .observe(state, event, everyMatcher.match(event))
      .map(({ rule, group, count: number, values, rules: counted, firstAt, lastAt, eventIds }) =>
        JSON.stringify([event.id, rule.id, group, number, values, counted, firstAt, lastAt, eventIds]),
      )
  })
}

const storedOf = (state: SigmaState) =>
  [...new Map(takeSigmaChanges(state).upserts)].map(([key, doc]) => [key, JSON.stringify(doc)] as const)

test('the same events give the same hits and the same state, whenever it was stored and read again', () => {
  let hits = 0
  fc.assert(
    fc.property(seenList, fc.nat(60), (seen, cut) => {
      const events = seen.map(eventOf)
      const straight = createSigmaState()
      const whole = told(everyType, events, straight)
      hits += whole.length
      const state = createSigmaState()
      const first = told(everyType, events.slice(0, cut), state)
      const stored = new Map(storedOf(state))
      // The store gives rows back in an order of its own.
      const rows = [...stored].reverse().map(([key, doc]) => [key, JSON.parse(doc) as Json] as const)
      const restored = restoreSigmaState(state.watermark, rows)
      restored.sweptAt = state.sweptAt
      expect([...first, ...told(everyType, events.slice(cut), restored)]).toEqual(whole)
      const windowsOf = (one: SigmaState) => JSON.stringify([...one.windows].sort(([a], [b]) => (a < b ? -1 : 1)))
      expect(windowsOf(restored)).toBe(windowsOf(straight))
      expect(restored.losses).toEqual(straight.losses)
    }),
    { numRuns: 300 },
  )
  expect(hits).toBeGreaterThan(1000)
})

test('forgetting what is over changes no decision', () => {
  fc.assert(
    fc.property(seenList, (seen) => {
      const events = seen.map(eventOf)
      const remembering = createSigmaState()
      const sweeping = createSigmaState()
      // A sweep is due when event time has moved on: one state is told it was just done, the other that it never was.
      const kept = told(everyType, events, remembering, () => {
        remembering.sweptAt = Number.MAX_SAFE_INTEGER
      })
      const swept = told(everyType, events, sweeping, () => {
        sweeping.sweptAt = Number.MIN_SAFE_INTEGER
      })
      expect(swept).toEqual(kept)
    }),
    { numRuns: 300 },
  )
})

test('every type is met by some events', () => {
  const seen = Array.from({ length: 300 }, (_, index) => ({
    ...{
      minutes: index < 200 ? index / 2 : index * 4,
      user: 'abcd'[Math.floor(index / 2) % 4] as string,
      ip: 'ij'[index % 2] as string,
      n: index % 13,
    },
  }))
  const met = new Set(
    told(everyType, seen.map(eventOf), createSigmaState()).map((one) => (JSON.parse(one) as string[])[1]),
  )
  expect([...met].sort()).toEqual(everyType.map((rule) => rule.id).sort())
})

describe('what is not counted is told', () => {
  test('a match that comes too late for its window', () => {
    const state = createSigmaState()
    run([threeDenied], [...at(0, 30), ...at(1)], state)
    expect(state.losses).toEqual({ late: 1, entries: 0, windows: 0 })
    expect(takeSigmaChanges(state).upserts.find(([key]) => key === '"losses"')).toBeDefined()
  })

  test('matches that a full window lets go of', () => {
    const sum = ruleOf({ ...denials, type: 'value_sum', condition: { field: 'n', gt: 1_000_000 } })
    const state = createSigmaState()
    run(
      [sum],
      Array.from({ length: 5003 }, (_, index) => ({ minutes: index / 5003 })),
      state,
    )
    expect(state.losses.entries).toBe(3)
    expect([...state.windows.values()][0]?.entries).toHaveLength(5000)
    expect(takeSigmaChanges(state).notices).toEqual([
      'a window of "x" is full: its oldest matches are no longer counted',
    ])
    expect(takeSigmaChanges(state).notices).toEqual([])
  })

  test('groups beyond the cap: the oldest go, whatever the order of storage', () => {
    const correlator = createCorrelator([threeDenied], { windows: 20 })
    const state = createSigmaState()
    const feed = (minutes: number, user: string) => {
      const event = eventOf({ minutes, user })
      return correlator.observe(state, event, matcher.match(event))
    }
    for (let index = 0; index < 21; index++) feed(index / 10, `u${index}`)
    expect(state.losses.windows).toBe(2)
    expect(state.windows.size).toBe(19)
    expect([...state.windows.keys()].some((key) => key.includes('"u0"') || key.includes('"u1"'))).toBe(false)
    expect(takeSigmaChanges(state)).toMatchObject({
      deletes: expect.arrayContaining([expect.stringContaining('"u0"')]) as unknown,
      notices: ['"x" has more than 20 groups: it no longer counts the oldest'],
    })
  })
})

test('an alert at the end of a window is of its newest event, not of the one that moved time on', () => {
  const few = ruleOf({ ...denials, type: 'event_count', condition: { lt: 3 } })
  const [found] = run([few], [...at(0, 1), { minutes: 60, user: 'z' }])
  if (found === undefined) throw new Error('the correlation did not fire')
  const alert = alertOfCorrelation(found.event, found.hit)
  expect(alert).toMatchObject({ occurredAt: base + minute, source: 's' })
  expect(alert.details).toMatchObject({ count: 2, user: 'u' })
  expect(alert.finding?.sentence).toBe(
    '2 matches within 10m for user "u"; asked for: less than 3, judged at the end of the window',
  )
})

test('a finding names the rules, the values and the window', () => {
  const users = ['a', 'b', 'c'].map((user, minutes) => ({ user, minutes }))
  const [found] = run([threeUsers], users)
  if (found === undefined) throw new Error('the correlation did not fire')
  expect(alertOfCorrelation(found.event, found.hit).finding).toEqual({
    sentence: '3 different values of user within 10m for ip "i"; asked for: at least 3',
    facts: [
      { name: 'matches', value: '3 of denied' },
      { name: 'values', value: ['a', 'b', 'c'] },
      { name: 'first', value: new Date(base).toISOString() },
      { name: 'last', value: new Date(base + 2 * minute).toISOString() },
    ],
  })
})

test('a flood of one rule does not push the others out of an order', () => {
  const ordered = both({ ...byIp, type: 'temporal_ordered', rules: ['other', 'denied'] }, 'c-ordered')
  const correlator = createCorrelator([ordered])
  const state = createSigmaState()
  const feed = (minutes: number, user: string, kind: string) => {
    const event = { ...eventOf({ minutes }), record: { kind, user, ip: 'i' } }
    return correlator.observe(state, event, everyMatcher.match(event)).length
  }
  for (let index = 0; index < 6000; index++) expect(feed(index / 10_000, 'a', 'x')).toBe(0)
  expect([...state.windows.values()][0]?.entries.length).toBeLessThanOrEqual(2)
  expect(feed(1, 'z', 'denied')).toBe(1)
})

test.each([
  [[], 50, 0],
  [[4], 50, 4],
  [[1, 2, 3, 4], 50, 2.5],
  [[1, 2, 3, 4], 0, 1],
  [[1, 2, 3, 4], 100, 4],
  [[10, 20], 90, 19],
])('of the numbers %j the percentile %i is %d', (numbers, percentile, wanted) => {
  expect(percentileOf(numbers, percentile)).toBe(wanted)
})

test('the longest chain agrees with trying all', () => {
  const naive = (list: readonly number[]): number => {
    const [first, ...rest] = list
    if (first === undefined) return 0
    return Math.max(naive(rest), 1 + naive(rest.filter((one) => one > first)))
  }
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 9 }), (list) => {
      expect(longestChain(list)).toBe(naive(list))
    }),
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
  ['a condition that is no number', { condition: { gte: 'many' } }, '"condition" is one or more of'],
  ['half a match', { condition: { gte: 1.5 } }, 'a count is compared with whole numbers'],
  ['an operator that is none', { condition: { gte: 3, ge: 4 } }, '"ge" is not known in the condition'],
  ['a range that is empty', { condition: { gt: 5, lt: 5 } }, 'nothing that a window can count'],
  ['a member that is none', { groupby: ['x'] }, '"groupby" is not known here'],
  ['one rule in time', { type: 'temporal' }, '"temporal" needs two rules at least'],
  ['a rule twice', { rules: ['denied', 'r-denied'] }, 'names a rule twice'],
  ['two fields to add up', { type: 'value_sum', condition: { field: ['a', 'b'], gt: 1 } }, 'takes one field'],
  [
    'a percentile beyond 100',
    { type: 'value_percentile', condition: { field: 'a', percentile: 101, gt: 1 } },
    '"percentile" is a number from 0 to 100',
  ],
  ['an unknown type', { type: 'temporal_magic' }, 'the type "temporal_magic" is not known'],
  ['a rule that is not there', { rules: ['denid'] }, 'there is no rule "denid"'],
  ['no timespan', { timespan: 'soon' }, '"timespan" is a number and a unit'],
  ['no condition', { condition: {} }, '"condition" is one or more of'],
  ['a count that no window holds', { condition: { gte: 5000 } }, 'counts further than a window holds'],
  ['value_count without a field', { type: 'value_count' }, '"value_count" needs condition.field'],
])('a correlation with %s does not load', (_name, change, message) => {
  const good = { type: 'event_count', rules: ['denied'], timespan: '10m', condition: { gte: 3 } }
  expect(compileCorrelationRule(sourceOf(good), [denied]).ok).toBe(true)
  const result = compileCorrelationRule(sourceOf({ ...good, ...change }), [denied])
  expect(!result.ok && result.problems[0]?.message).toContain(message)
})
