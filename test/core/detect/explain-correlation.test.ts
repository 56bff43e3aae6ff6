import { expect, test } from 'vitest'
import {
  compileOverlay,
  compileRuleSet,
  createTuning,
  type Overlay,
  traceCorrelation,
} from '../../../src/core/detect/index.ts'
import { type Event, eventId, type JsonObject, tenantId } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

const tenant = tenantId('main')
const logsource = { product: 'test' }

function eventOf(record: JsonObject, second: number, seq: number): Event {
  const occurredAt = Date.UTC(2026, 4, 12) + second * 1000
  return {
    ...{ id: eventId(tenant, 's', String(seq)), tenant, source: 's', inbound: 'x', seq, index: 0 },
    ...{ occurredAt, timeNote: 'as-sent', receivedAt: occurredAt, logsource, observables: [], record },
  }
}

function trace(
  correlation: JsonObject,
  records: readonly (readonly [second: number, record: JsonObject])[],
  overlays: readonly JsonObject[] = [],
) {
  const documents = [
    { title: 'failed', id: 'failed', logsource, detection: { sel: { a: 'failed' }, condition: 'sel' } },
    {
      title: 'many',
      id: 'many',
      correlation: { rules: ['failed'], timespan: '1m', 'group-by': ['user'], ...correlation },
    },
  ].map((one, index) => documentOf(`rules/${index}.yaml`, JSON.stringify(one)))
  const { detections, correlations, results } = compileRuleSet(documents)
  const [rule] = correlations
  if (rule === undefined) throw new Error(JSON.stringify(results.map((one) => one.problems)))
  const tuning = createTuning(overlays.map(overlayOf), detections)
  const following = traceCorrelation(rule, detections, correlations, [], tuning)
  return records.map(([second, record], seq) => {
    const step = following.observe(eventOf(record, second, seq))
    return step === null ? null : [step.outcome, step.count, ...step.group.map(([, value]) => value)]
  })
}

const failed = (user: string, host?: string): JsonObject => ({
  a: 'failed',
  user,
  ...(host === undefined ? {} : { host }),
})

function overlayOf(overlay: JsonObject): Overlay {
  const about = { id: 'ours', title: 'ours', owner: 'team', reason: 'known', expires: '2030-01-01' }
  const compiled = compileOverlay(documentOf('rules/overlays/ours.yaml', JSON.stringify({ ...about, ...overlay })))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

test('events are counted in their group until the condition is met, and others are none of it', () => {
  expect(
    trace({ type: 'event_count', condition: { gte: 2 } }, [
      [0, failed('ann')],
      [1, { a: 'other', user: 'ann' }],
      [2, failed('bob')],
      [3, failed('ann')],
      [4, failed('ann')],
    ]),
  ).toEqual([['counted', 1, 'ann'], null, ['counted', 1, 'bob'], ['fires', 2, 'ann'], ['counted', 1, 'ann']])
})

test('a window forgets what is older than its timespan', () => {
  const steps = trace({ type: 'event_count', condition: { gte: 2 } }, [
    [0, failed('ann')],
    [61, failed('ann')],
  ])
  expect(steps).toEqual([
    ['counted', 1, 'ann'],
    ['counted', 1, 'ann'],
  ])
})

test('of values each counts once, and an event without the field is not counted', () => {
  const steps = trace({ type: 'value_count', condition: { field: 'host', gte: 2 } }, [
    [0, failed('ann', 'h1')],
    [1, failed('ann', 'h1')],
    [2, failed('ann')],
    [3, failed('ann', 'h2')],
  ])
  expect(steps).toEqual([
    ['counted', 1, 'ann'],
    ['counted', 1, 'ann'],
    ['ignored', 0, 'ann'],
    ['fires', 2, 'ann'],
  ])
})

test('what an overlay withholds is not counted', () => {
  const records = [
    [0, failed('ann')],
    [1, failed('ann', 'build-1')],
    [2, failed('ann')],
  ] as const
  const overlay = { rules: { id: ['failed'] }, exclude: { host: 'build-1' } }
  expect(trace({ type: 'event_count', condition: { gte: 3 } }, records, [overlay])).toEqual([
    ['counted', 1, 'ann'],
    null,
    ['counted', 2, 'ann'],
  ])
})
