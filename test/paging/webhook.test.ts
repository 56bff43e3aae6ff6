import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { saveIncidents } from '../../src/cases/index.ts'
import { connectPaging, pagerDutySettings } from '../../src/paging/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { bundleWith, suspendFirst } from '../respond/world.ts'
import { pagerDutyWebhooks, routingKey, startPagerDuty } from '../support/pagerduty.ts'
import { testDatabase, testStore } from '../support/store.ts'
import { assessed } from './world.ts'

const team = `id: soc
title: Team
owner: soc
why: test
analysts:
  - { id: analyst-1, email: one@example.com, roles: [analyst] }
  - { id: analyst-2, email: two@example.com, roles: [analyst] }
  - { id: viewer-1, email: viewer@example.com, roles: [viewer] }
`
const policy = 'id: all\ntitle: All\nwhy: test\norder: 1\nlevels: [{ after: 0m, tell: [{ by: pagerduty }] }]\n'

async function world(options: { readonly store?: OpenStore; readonly keys?: readonly string[] } = {}) {
  const pagerDuty = await startPagerDuty()
  for (const [id, email] of [
    ['PU1', 'ONE@example.com'],
    ['PU2', 'two@example.com'],
    ['PU3', 'viewer@example.com'],
    ['PU4', 'nobody@example.com'],
  ] as const)
    pagerDuty.addUser(id, email)
  const bundle = await bundleWith(suspendFirst, undefined, {
    'rules/team/soc.yaml': team,
    'rules/escalation/policies/all.yaml': policy,
  })
  const store = options.store ?? (await testStore())
  const time = { at: Date.now() }
  const paging = connectPaging({
    store,
    bundle: () => bundle,
    settings: {
      eventsUrl: pagerDuty.url,
      apiUrl: pagerDuty.url,
      webhook: { signingSecrets: options.keys ?? ['hook-key'], apiKey: 'rest-key' },
    },
    secrets: (name) => (name === 'pagerduty-routing' ? [routingKey('default')] : undefined),
    slack: false,
    email: null,
    clock: () => time.at,
    log: () => {},
    timeoutMs: 300,
  })
  await paging.tick()
  await store.transaction((tx) => saveIncidents(tx, [assessed('HIGH', { tenant: store.tenant })]))
  await paging.tick()
  const server = createServer((request, response) => {
    paging.handle(request, response).then(
      (isOurs) => void (isOurs || response.writeHead(404).end()),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const rows = <Row>(sql: string) => store.transaction(async (tx) => (await tx.query<Row>(sql)).rows)
  return {
    store,
    time,
    paging,
    pagerDuty,
    rows,
    url,
    hooks: pagerDutyWebhooks(url, ['hook-key']),
    key: `${store.tenant}/INC-1`,
    incident: async () =>
      (await rows<{ status: string; owner: string | null }>('select status, owner from incident'))[0],
    last: async () =>
      (
        await rows<{ actor: string; sentence: string }>('select actor, sentence from timeline order by n desc limit 1')
      )[0],
    sent: () => pagerDuty.events.map((one) => one.event_action),
  }
}

test('called, acknowledged there, acknowledged here by the same person, and that is the end of it', async () => {
  const { hooks, key, incident, paging, sent, pagerDuty, time } = await world()
  expect(sent()).toEqual(['trigger'])
  expect(await hooks.tell('incident.acknowledged', { key })).toMatchObject({ status: 200 })
  expect(await incident()).toEqual({ status: 'acknowledged', owner: 'analyst-1' })
  await paging.tick()
  const echo = sent().length
  expect(sent().slice(1)).toEqual(['acknowledge'])
  // What PagerDuty says about our own event is by no person, and a person's second click changes nothing.
  await hooks.tell('incident.acknowledged', { key, agentType: 'inbound_integration_reference' })
  await hooks.tell('incident.acknowledged', { key })
  time.at += 3_600_000
  await paging.tick()
  expect(sent()).toHaveLength(echo)
  expect(pagerDuty.incidents).toMatchObject([{ status: 'acknowledged', count: 1 }])
})

test('resolved, given to somebody and annotated there is so here', async () => {
  const { hooks, key, incident, last, paging, pagerDuty } = await world()
  await hooks.tell('incident.acknowledged', { key })
  await hooks.tell('incident.reassigned', { key, data: { assignees: [{ id: 'PU2', type: 'user_reference' }] } })
  expect((await incident())?.owner).toBe('analyst-2')
  await hooks.tell('incident.annotated', {
    data: {
      id: 'PN1',
      type: 'incident_note',
      incident_key: undefined,
      incident: { id: 'P1', type: 'incident_reference' },
      content: 'rebooted <it>',
    },
  })
  expect(await last()).toMatchObject({ actor: 'analyst-1', sentence: 'note: in PagerDuty: rebooted <it>' })
  await hooks.tell('incident.resolved', { key, user: 'PU2' })
  expect((await incident())?.status).toBe('resolved')
  await paging.tick()
  expect(pagerDuty.incidents).toMatchObject([{ status: 'resolved' }])
})

test.each([
  ['whose mail address is in no file', 'PU4', /no file of rules\/team/],
  ['whom PagerDuty does not know', 'PU9', /no file of rules\/team/],
  ['without the right', 'PU3', /resolved|needs|may/],
])('what somebody does there %s does not count, and the timeline says so', async (_name, user, why) => {
  const { hooks, key, incident, last } = await world()
  for (const kind of ['resolved', 'acknowledged']) {
    await hooks.tell(`incident.${kind}`, { key, user })
    expect(await incident()).toEqual({ status: 'new', owner: null })
    expect(await last()).toMatchObject({ actor: 'pagerduty', sentence: expect.stringMatching(why) })
    expect((await last())?.sentence).toContain(`(${kind})`)
  }
})

test('an incident of PagerDuty is known by its id whatever key it has, once it was ours', async () => {
  const { hooks, key, incident, pagerDuty } = await world()
  await hooks.tell('incident.triggered', { key, user: null })
  pagerDuty.group('P1', [])
  expect(await hooks.tell('incident.acknowledged', { key: 'd3640fbd41094207a1c11e58e46b1662' })).toMatchObject({
    status: 200,
  })
  expect(await incident()).toEqual({ status: 'acknowledged', owner: 'analyst-1' })
})

test('alerts that PagerDuty puts into one incident are ours by their own keys', async () => {
  const { hooks, rows, key, store, paging, pagerDuty } = await world()
  await store.transaction((tx) => saveIncidents(tx, [assessed('HIGH', { tenant: store.tenant, number: 2 })]))
  await paging.tick()
  pagerDuty.group('P9', ['somebody/else', key, `${store.tenant}/INC-2`, `${store.tenant}/INC-3`, 'other/INC-2'])
  expect(await hooks.tell('incident.acknowledged', { key: 'somebody/else', data: { id: 'P9' } })).toMatchObject({
    status: 200,
  })
  expect(await rows('select number, status, owner from incident order by number')).toEqual([
    { number: 1, status: 'acknowledged', owner: 'analyst-1' },
    { number: 2, status: 'acknowledged', owner: 'analyst-1' },
  ])
})

test('while PagerDuty does not say what it is about, a webhook of an unknown key is refused for now', async () => {
  const { hooks, key, incident, pagerDuty } = await world()
  pagerDuty.group('P9', [key])
  const body = hooks.body('incident.acknowledged', { key: 'somebody/else', data: { id: 'P9' } })
  pagerDuty.fault({ status: 500 })
  expect((await hooks.post(body)).status).toBe(503)
  pagerDuty.fault(null)
  expect((await hooks.post(body)).status).toBe(200)
  expect((await incident())?.status).toBe('acknowledged')
})

test('what is sent again is done once', async () => {
  const { hooks, key, rows } = await world()
  await hooks.tell('incident.acknowledged', { key })
  const note = hooks.body('incident.annotated', {
    data: { incident_key: undefined, incident: { id: 'P1' }, content: 'once' },
  })
  await Promise.all([hooks.post(note), hooks.post(note)])
  await hooks.post(note)
  expect(await rows(`select from timeline where sentence like '%once'`)).toHaveLength(1)
})

test('while PagerDuty does not say who it was, the webhook is refused for now, and counts when it comes again', async () => {
  const { hooks, key, incident, pagerDuty } = await world()
  const body = hooks.body('incident.acknowledged', { key })
  pagerDuty.fault({ status: 500 })
  expect((await hooks.post(body)).status).toBe(503)
  expect((await incident())?.status).toBe('new')
  pagerDuty.fault(null)
  expect((await hooks.post(body)).status).toBe(200)
  expect((await incident())?.status).toBe('acknowledged')
})

test.each<
  [
    name: string,
    change: (body: string) => { body?: string; signature?: string; keys?: readonly string[] },
    status: number,
  ]
>([
  ['without a signature', () => ({ signature: '' }), 403],
  ['with the signature of another key', () => ({ keys: ['another'] }), 403],
  ['changed after it was signed', (body) => ({ body: body.replace('PU1', 'PU2') }), 403],
  ['that is no JSON', () => ({ body: 'x', keys: ['hook-key'] }), 400],
  ['that is too large', (body) => ({ body: `${body}${' '.repeat(262_145)}`, keys: ['hook-key'] }), 413],
])('a webhook %s changes nothing', async (_name, change, status) => {
  const { hooks, key, incident, url } = await world()
  const body = hooks.body('incident.acknowledged', { key })
  const { body: changed = body, signature, keys } = change(body)
  const sender = pagerDutyWebhooks(url, keys ?? ['hook-key'])
  const signed = keys === undefined && signature === undefined ? await signatureOf(body) : signature
  expect((await sender.post(changed, signed)).status).toBe(status)
  expect((await incident())?.status).toBe('new')
})

async function signatureOf(body: string): Promise<string> {
  const { createHmac } = await import('node:crypto')
  return `v1=${createHmac('sha256', 'hook-key').update(body).digest('hex')}`
}

test('while a key is replaced either of two signatures is enough, on both sides', async () => {
  const { url, key, incident } = await world({ keys: ['new-key', 'old-key'] })
  expect((await pagerDutyWebhooks(url, ['older-key', 'old-key']).tell('incident.acknowledged', { key })).status).toBe(
    200,
  )
  expect((await incident())?.status).toBe('acknowledged')
})

test('events about what was not called for here, of long ago, and of other kinds change nothing', async () => {
  const { hooks, key, incident, time, last } = await world()
  for (const parts of [
    { key: 'main/INC-2', data: { id: 'P8' } },
    { key: 'other/INC-1', data: { id: 'P8' } },
    { key: undefined, data: { id: 'P8' } },
    { key, at: time.at - 8 * 86_400_000 },
  ])
    expect((await hooks.tell('incident.acknowledged', parts as { key: string })).status).toBe(200)
  expect((await hooks.tell('incident.triggered', { key })).status).toBe(200)
  const before = await last()
  expect((await hooks.tell('incident.acknowledged', { key, user: null })).status).toBe(200)
  expect((await hooks.tell('incident.acknowledged', { key, agentType: 'inbound_integration_reference' })).status).toBe(
    200,
  )
  expect((await incident())?.status).toBe('new')
  expect(await last()).toEqual(before)
})

test('two tenants: an acknowledgement counts at its own', async () => {
  const url = await testDatabase()
  const one = await world({ store: await testStore({ url, tenant: 'one' }) })
  const two = await world({ store: await testStore({ url, tenant: 'two' }) })
  expect(one.pagerDuty.incidents[0]?.dedupKey).toBe('one/INC-1')
  await two.hooks.tell('incident.acknowledged', { key: 'one/INC-1', data: { id: 'P8' } })
  expect((await one.incident())?.status).toBe('new')
  await one.hooks.tell('incident.acknowledged', { key: 'one/INC-1' })
  expect((await one.incident())?.status).toBe('acknowledged')
  expect((await two.incident())?.status).toBe('new')
})

test.each<[name: string, config: object, secrets: readonly string[], services: readonly string[], why: RegExp | null]>([
  ['nothing', {}, [], ['default'], null],
  ['only the mode of the integration', { mode: 'live' }, [], ['default'], null],
  ['a secret without a mapping', {}, ['pagerduty-routing'], [], /has no "pagerduty:/],
  ['a mapping without the routing key', { webhook: false }, [], ['default'], /pagerduty-routing is missing/],
  [
    'a service of a policy without its key',
    { webhook: false },
    ['pagerduty-routing'],
    ['default', 'night'],
    /pagerduty-routing-night is missing/,
  ],
  ['webhooks without their key', { webhook: true }, ['pagerduty-routing'], ['default'], /pagerduty-webhook is missing/],
  [
    'webhooks without the API key',
    { webhook: true },
    ['pagerduty-routing', 'pagerduty-webhook'],
    [],
    /pagerduty-api is missing/,
  ],
  ['an address that anybody reads', { eventsUrl: 'http://events.example.com' }, [], [], /https/],
])('of a configuration with %s there is one line', (_name, config, secrets, services, why) => {
  const found = pagerDutySettings({ ...config }, (name) => (secrets.includes(name) ? ['x'] : undefined), services)
  if (why === null) expect(found).toEqual({ ok: true, settings: null })
  else expect(found).toMatchObject({ ok: false, why: expect.stringMatching(why) })
})
