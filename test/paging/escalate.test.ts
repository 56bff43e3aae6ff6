import { expect, test } from 'vitest'
import { changeIncident } from '../../src/cases/index.ts'
import { bundleWith, suspendFirst, worldOf } from '../respond/world.ts'
import { testDatabase, testStore } from '../support/store.ts'
import { assessed, escalationWorld, minute, policyOf } from './world.ts'

const critical = policyOf(
  'critical',
  10,
  `when: { fact: severity, operator: equal, value: CRITICAL }
onCall: { line: [early, late] }
levels:
  - { after: 0m, tell: [{ by: pagerduty }, { by: slack, channel: "#soc" }] }
  - { after: 10m, tell: [{ by: slack, who: { onCall: line } }, { by: email, who: { roles: [incident-lead] } }] }
  - { after: 20m, tell: [{ by: github, who: { onCall: line } }] }
repeat: { every: 10m, times: 1 }
`,
)
const high = policyOf(
  'high',
  50,
  'when: { fact: severity, operator: equal, value: HIGH }\nlevels: [{ after: 5m, tell: [{ by: pagerduty, service: second }] }]\n',
)

test('an incident that nobody acknowledges is told level by level, round by round, and each is on record', async () => {
  const world = await escalationWorld([critical, high])
  await world.save(assessed('CRITICAL'))
  expect(await world.tick()).toBe(1)
  expect(await world.pages()).toEqual([{ subject: 'incident', service: 'default' }])
  expect(await world.calls()).toMatchObject([{ channel: '#soc', email: null }])
  world.time.at += 10 * minute - 1
  expect(await world.tick()).toBe(0)
  world.time.at += 1
  expect(await world.tick()).toBe(1)
  expect((await world.calls()).map((one) => one.email)).toEqual([null, 'early@example.com'])
  expect(world.mails.map((one) => one.to)).toEqual(['lead@example.com'])
  world.time.at += 10 * minute
  await world.tick()
  expect(await world.rows('select owner from incident')).toEqual([{ owner: 'early' }])
  world.time.at += 20 * minute
  // The clock was not looked at for a while: the first level of the second round and the next are due together.
  expect([await world.tick(), await world.tick(), await world.tick()]).toEqual([1, 1, 0])
  expect((await world.calls()).map((one) => one.email)).toEqual([null, 'early@example.com', null, 'late@example.com'])
  world.time.at += 10 * minute
  await world.tick()
  expect(await world.rows('select owner from incident')).toEqual([{ owner: 'late' }])
  world.time.at += 600 * minute
  expect(await world.tick()).toBe(0)
  expect(await world.rows('select ended, next_at as "nextAt" from escalation')).toEqual([
    { ended: 'all levels were told', nextAt: null },
  ])
  expect((await world.timeline()).filter((one) => one.startsWith('escalation critical'))).toEqual([
    'escalation critical, level 1: told PagerDuty (default), Slack (#soc)',
    'escalation critical, level 2: told Slack (early), mail (lead)',
    'escalation critical, level 3: told assigned to early',
    'escalation critical, level 1, round 2: told PagerDuty (default), Slack (#soc)',
    'escalation critical, level 2, round 2: told Slack (late), mail (lead)',
    'escalation critical, level 3, round 2: told assigned to late',
  ])
  expect((await world.audit()).filter((one) => one === 'escalation.tell')).toHaveLength(6)
})

test.each(['acknowledged', 'contained', 'resolved'] as const)(
  'nobody is told any more once the incident is %s',
  async (status) => {
    const world = await escalationWorld([critical])
    await world.save(assessed('CRITICAL'))
    await world.tick()
    const change = { kind: 'status', status, verdict: 'true-positive' } as const
    const done = await changeIncident(world.store, { number: 1, actor: 'early', at: world.time.at, change })
    expect(done).toMatchObject({ ok: true })
    world.time.at += 60 * minute
    expect(await world.tick()).toBe(0)
    expect(await world.rows('select ended from escalation')).toEqual([{ ended: `the incident is ${status}` }])
    expect(await world.calls()).toHaveLength(1)
  },
)

test('an acknowledgement that was not looked at yet counts at the moment of telling', async () => {
  const world = await escalationWorld([critical])
  await world.save(assessed('CRITICAL'))
  await world.tick()
  await world.rows(`delete from projection_channel where channel = 'escalation'`)
  const change = { kind: 'status', status: 'acknowledged' } as const
  await changeIncident(world.store, { number: 1, actor: 'early', at: world.time.at, change })
  world.time.at += 10 * minute
  expect(await world.tick()).toBe(0)
  expect(await world.calls()).toHaveLength(1)
})

test('an incident that gets worse goes over to the policy of the lower order, and never back', async () => {
  const world = await escalationWorld([high, critical])
  await world.save(assessed('HIGH'))
  await world.tick()
  await world.save(assessed('CRITICAL'))
  await world.tick()
  expect(await world.rows('select policy, started_at as "startedAt" from escalation')).toEqual([
    { policy: 'critical', startedAt: world.time.at },
  ])
  await world.save(assessed('HIGH'))
  world.time.at += 10 * minute
  await world.tick()
  expect(await world.rows('select policy, level from escalation')).toEqual([{ policy: 'critical', level: 2 }])
})

test('what cannot be told is said in the timeline', async () => {
  const nobody = policyOf(
    'nobody',
    1,
    'levels: [{ after: 0m, tell: [{ by: slack, channel: "#soc" }, { by: pagerduty, service: night }, { by: email, who: { roles: [owner] } }] }]\n',
  )
  const world = await escalationWorld([nobody], { reach: { slack: false, pagerduty: () => false } })
  await world.save(assessed('HIGH'))
  await world.tick()
  expect((await world.timeline()).at(-1)).toBe(
    'escalation nobody, level 1: NOT told: Slack (#soc): it is not configured; PagerDuty (night): there is no routing key for it; mail: nobody of the team is meant by it',
  )
})

test('a process that dies between the mark and the message tells once: both are one transaction', async () => {
  const world = await escalationWorld([critical])
  await world.save(assessed('CRITICAL'))
  await world.tick()
  world.time.at += 10 * minute
  const died = world.escalator({
    email: async () => {
      throw new Error('the machine went away')
    },
  })
  await expect(died.tick()).rejects.toThrow('went away')
  expect(await world.rows('select level from escalation')).toEqual([{ level: 1 }])
  expect(await world.calls()).toHaveLength(1)
  expect(await world.tick()).toBe(1)
  expect((await world.calls()).map((one) => one.email)).toEqual([null, 'early@example.com'])
  expect((await world.timeline()).filter((one) => one.includes('level 2'))).toHaveLength(1)
})

test('an incident that cannot be told keeps no other from being told', async () => {
  const world = await escalationWorld([critical])
  for (const number of [1, 2, 3]) await world.save(assessed('CRITICAL', { number }))
  await world.tick()
  world.time.at += 10 * minute
  const broken = world.escalator({
    email: async (id) => {
      if (id.startsWith('call-1-')) throw new Error('the disk is full')
    },
  })
  await expect(broken.tick()).rejects.toThrow('the disk is full')
  expect(await world.rows('select incident, level from escalation order by incident')).toEqual([
    { incident: 1, level: 1 },
    { incident: 2, level: 2 },
    { incident: 3, level: 2 },
  ])
})

test('of several replicas that look at the same clock one tells', async () => {
  const world = await escalationWorld([critical])
  await world.save(assessed('CRITICAL'))
  await world.tick()
  world.time.at += 10 * minute
  const told = await Promise.all(Array.from({ length: 4 }, () => world.escalator().tick()))
  expect(told.reduce((sum, one) => sum + one, 0)).toBe(1)
  expect(await world.calls()).toHaveLength(2)
  expect(world.mails).toHaveLength(1)
})

test('two tenants on one database escalate each their own', async () => {
  const url = await testDatabase()
  const one = await escalationWorld([critical], { store: await testStore({ url, tenant: 'one' }) })
  const two = await escalationWorld([critical], { store: await testStore({ url, tenant: 'two' }) })
  await one.save(assessed('CRITICAL', { tenant: one.store.tenant }))
  expect([await two.tick(), await one.tick()]).toEqual([0, 1])
  expect(await two.pages()).toEqual([])
  expect(await one.pages()).toHaveLength(1)
})

const withApprovals = policyOf(
  'approvals',
  1,
  `levels: [{ after: 1h, tell: [{ by: pagerduty }] }]
approvals:
  asked: [{ by: slack, who: { roles: [responder] } }]
  escalated: [{ by: pagerduty, service: night }, { by: slack, who: { roles: [incident-lead] } }]
  expiring: { before: 30m, tell: [{ by: email, who: { roles: [incident-lead] } }] }
`,
)

test('people hear that an approval is asked, put to more people, and about to expire: once each', async () => {
  const policy = `rules:\n  - { effects: [destructive], answer: ask, reason: look, approvers: { roles: [responder], expires: 4h, escalate: { after: 1h, to: [incident-lead] } } }\n`
  const world = await worldOf(await bundleWith(suspendFirst, policy))
  const calls = await escalationWorld([withApprovals], { store: world.store })
  calls.time.at = world.time.at
  await world.drain()
  const [approval] = await world.approvals()
  await calls.tick()
  await calls.tick()
  expect(await calls.calls()).toMatchObject([
    { approval: approval?.id, email: 'early@example.com', sentence: expect.stringContaining('an answer is needed') },
    { approval: approval?.id, email: 'late@example.com' },
  ])
  world.time.at += 60 * minute
  calls.time.at = world.time.at
  await world.drain()
  await calls.tick()
  await calls.tick()
  expect((await calls.calls()).at(-1)).toMatchObject({
    email: 'lead@example.com',
    sentence: expect.stringContaining('now incident-lead, responder may'),
  })
  expect(await calls.pages()).toContainEqual({ subject: approval?.id, service: 'night' })
  calls.time.at = (approval?.expiresAt ?? 0) - 30 * minute
  expect(calls.mails).toEqual([])
  await calls.tick()
  await calls.tick()
  expect(calls.mails.map((one) => one.to)).toEqual(['lead@example.com'])
  expect((await calls.timeline()).at(-1)).toMatch(/is about to expire: told mail \(lead\)/)
})
