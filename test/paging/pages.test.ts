import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeIncident } from '../../src/cases/index.ts'
import { createPageWriter } from '../../src/paging/index.ts'
import { maxSummary, pagePayload } from '../../src/paging/page-payload.ts'
import { createDrain } from '../../src/projection/index.ts'
import { routingKey, startPagerDuty } from '../support/pagerduty.ts'
import { assessed, escalationWorld, minute, policyOf } from './world.ts'

const critical = policyOf(
  'critical',
  10,
  'levels: [{ after: 0m, tell: [{ by: pagerduty }] }, { after: 10m, tell: [{ by: pagerduty, service: night }] }]\n',
)

async function paging(options: { readonly secrets?: (service: string) => string | null } = {}) {
  const pagerDuty = await startPagerDuty(['default', 'night'])
  const world = await escalationWorld([critical])
  const drain = createDrain({
    store: world.store,
    channel: 'pagerduty',
    budget: [],
    clock: () => world.time.at,
    log: () => {},
    callMs: 300,
    write: createPageWriter({
      store: world.store,
      eventsUrl: pagerDuty.url,
      timeoutMs: 200,
      clock: () => world.time.at,
      routingKey: options.secrets ?? routingKey,
    }),
  })
  const status = (status: 'acknowledged' | 'resolved') =>
    changeIncident(world.store, {
      number: 1,
      actor: 'early',
      at: world.time.at,
      change: { kind: 'status', status, verdict: 'true-positive' },
    })
  return { ...world, pagerDuty, drain, status, sent: () => pagerDuty.events.map((one) => one.event_action) }
}

test('an incident is called for once, acknowledged and resolved there when it is here', async () => {
  const { tick, drain, pagerDuty, save, status, sent } = await paging()
  await save(assessed('CRITICAL'))
  await tick()
  await drain.drain()
  expect(pagerDuty.incidents).toMatchObject([
    {
      service: 'default',
      dedupKey: 'main/INC-1',
      status: 'triggered',
      count: 1,
      payload: { severity: 'critical', source: 'gitsoc', custom_details: { incident: 'INC-1', score: 80 } },
    },
  ])
  await save(assessed('CRITICAL', { alertCount: 7 }))
  await drain.drain()
  expect(sent()).toEqual(['trigger'])
  await status('acknowledged')
  await drain.drain()
  expect(pagerDuty.incidents).toMatchObject([{ status: 'acknowledged', count: 1 }])
  await status('resolved')
  await drain.drain()
  await drain.drain()
  expect(pagerDuty.incidents).toMatchObject([{ status: 'resolved', count: 1 }])
  expect(sent()).toEqual(['trigger', 'acknowledge', 'resolve'])
})

test('every service that was called is told how it goes on', async () => {
  const { tick, time, drain, pagerDuty, save, status } = await paging()
  await save(assessed('CRITICAL'))
  await tick()
  await drain.drain()
  time.at += 10 * minute
  await tick()
  await status('resolved')
  await drain.drain()
  // The night service was to be called when the incident was over already: nobody is woken for that.
  expect(pagerDuty.incidents.map((one) => [one.service, one.status])).toEqual([['default', 'resolved']])
})

test('what was acknowledged while PagerDuty was away wakes nobody when it is back', async () => {
  const { tick, time, drain, pagerDuty, save, status, sent } = await paging()
  pagerDuty.fault({ status: 503 })
  await save(assessed('CRITICAL'))
  await tick()
  await drain.drain()
  await status('acknowledged')
  pagerDuty.fault(null)
  time.at += 10 * minute
  await drain.drain()
  expect(sent()).toEqual([])
})

test.each([
  ['answers 500', { status: 500 }],
  ['does not answer', { hang: true as const }],
  ['wants to be left alone', { status: 429, headers: { 'retry-after': '60' } }],
])('while PagerDuty %s the call waits, and is made when it is back', async (_name, fault) => {
  const { tick, time, drain, pagerDuty, save, rows, sent } = await paging()
  pagerDuty.fault(fault)
  await save(assessed('CRITICAL'))
  await tick()
  await drain.drain()
  expect(
    await rows(`select from projection where channel = 'pagerduty' and wanted > written and dead_at is null`),
  ).toHaveLength(1)
  pagerDuty.fault(null)
  await drain.drain()
  expect(sent()).toEqual([])
  time.at += 2 * minute
  await drain.drain()
  expect(sent()).toEqual(['trigger'])
})

test('what PagerDuty does not take is put aside with its answer, without the key', async () => {
  const { tick, drain, save, rows } = await paging({ secrets: () => 'a-wrong-key-of-thirty-two-letters' })
  await save(assessed('CRITICAL'))
  await tick()
  await drain.drain()
  const [dead] = await rows<{ why: string }>(`select problem->>'why' as why from projection where dead_at is not null`)
  expect(dead?.why).toMatch(/answered 400.*routing_key/)
  expect(dead?.why).not.toContain('a-wrong-key')
})

test('whatever an incident says, its page is one that PagerDuty takes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 3000 }),
      fc.array(fc.string({ unit: 'binary', maxLength: 500 }), { maxLength: 40 }),
      (text, values) => {
        const incident = assessed('HIGH', {
          title: text,
          sources: values,
          observables: values.map((value) => ({ type: 'user', value, role: 'target' })),
        })
        const payload = pagePayload(incident, text, 'critical')
        expect(String(payload.summary).length).toBeGreaterThan(0)
        expect(String(payload.summary).length).toBeLessThanOrEqual(maxSummary)
        expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThan(64_000)
      },
    ),
    { numRuns: 200 },
  )
})
