import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { type Delivery, type FeatureOf, listDeliveries, retryDeliveries } from '../../../src/github/index.ts'
import type { OpenStore } from '../../../src/store/index.ts'
import { deliveryHeaders } from '../../support/github.ts'
import { githubWorld } from './github-world.ts'

const acme = { owner: 'acme', repo: 'soc' }

/** A feature that notes what it is handed, and fails as often as it is told to. */
function notes(kinds: readonly string[], fail: (one: Delivery) => string | null = () => null) {
  const seen: Delivery[] = []
  const feature: FeatureOf = () => ({
    handlers: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        async (one: Delivery) => {
          const why = fail(one)
          if (why !== null) throw new Error(why)
          seen.push(one)
        },
      ]),
    ),
  })
  return { seen, feature, kinds: () => seen.map((one) => `${one.event}.${one.action}`) }
}

const kept = (store: OpenStore) => store.transaction((tx) => listDeliveries(tx, null, 100))

test('a webhook is on disk before it is acknowledged, and worked off once however often it comes', async () => {
  const noted = notes(['issues', 'issue_comment.created'])
  const world = await githubWorld({ acme: [noted.feature] })
  const { github, stores } = world
  const { data: issue } = await github.as('lead').rest.issues.create({ ...acme, title: 'One' })
  await github.as('lead').rest.issues.createComment({ ...acme, issue_number: issue.number, body: 'x' })
  await github.idle()
  expect(github.delivered.map((one) => one.status)).toEqual([200, 200])
  expect((await kept(stores.acme)).map((one) => [one.event, one.subject, one.status])).toEqual([
    ['issue_comment', 'issue/1', 'waiting'],
    ['issues', 'issue/1', 'waiting'],
  ])
  expect(noted.seen).toEqual([])
  for (const one of github.delivered.slice(0, 2)) expect(await github.deliver(one)).toBe(200)
  await world.settle()
  for (const one of github.delivered.slice(0, 2)) expect(await github.deliver(one)).toBe(200)
  await world.settle()
  expect(noted.kinds()).toEqual(['issues.opened', 'issue_comment.created'])
  expect(Object.fromEntries(world.counts)).toEqual({ kept: 2, duplicate: 4, done: 2 })
})

test('a forged, unsigned or foreign webhook is refused and leaves nothing behind', async () => {
  const noted = notes(['issues', 'ping', 'installation'])
  const world = await githubWorld({ acme: [noted.feature], umbrella: [noted.feature] })
  const { github, stores } = world
  github.hold()
  await github.as('lead').rest.issues.create({ ...acme, title: 'One' })
  await github.idle()
  const [true_] = github.take()
  if (true_ === undefined) throw new Error('nothing was sent')
  const fresh = (payload: Record<string, unknown>) => ({ ...true_, id: randomUUID(), payload })
  const other = { ...(true_.payload.repository as object), full_name: 'acme/other' }
  expect(await github.deliver(fresh(true_.payload), 'guessed')).toBe(401)
  expect(await github.deliver(fresh(true_.payload), 'development')).toBe(401)
  expect(await github.deliver(fresh({ ...true_.payload, installation: { id: 999 } }))).toBe(200)
  await world.app.look()
  expect(await github.deliver(fresh({ ...true_.payload, installation: { id: 999 } }))).toBe(403)
  expect(await github.deliver(fresh({ ...true_.payload, installation: { id: 200 } }))).toBe(403)
  expect(await github.deliver(fresh({ ...true_.payload, repository: other }))).toBe(403)
  expect(await github.deliver(fresh({ ...true_.payload, installation: undefined }))).toBe(403)
  const body = JSON.stringify(true_.payload)
  const { 'x-hub-signature-256': signature, ...unsigned } = deliveryHeaders(true_, body, github.app.webhookSecret)
  const post = async (headers: Record<string, string>, text = body) =>
    (await fetch(world.url, { method: 'POST', headers, body: text })).status
  expect(await post(unsigned)).toBe(401)
  expect(await post({ ...unsigned, 'x-hub-signature-256': signature }, `${body} `)).toBe(401)
  expect(await post({ ...unsigned, 'x-hub-signature-256': signature, 'content-type': 'text/plain' })).toBe(415)
  expect((await fetch(world.url)).status).toBe(405)
  const broken = '{"action": '
  expect(await post(deliveryHeaders(true_, broken, github.app.webhookSecret), broken)).toBe(400)
  await world.settle()
  expect(noted.seen).toHaveLength(1)
  expect(await kept(stores.umbrella)).toEqual([])
  expect(world.counts.get('unknown')).toBe(4)
  expect(world.counts.get('forged')).toBe(4)
  expect(world.logged.join('\n')).not.toContain('One')
})

test('a body beyond the cap is refused by its announced length and by its bytes, before anything reads it', async () => {
  const world = await githubWorld({ acme: [notes(['issues']).feature] }, { maxBytes: 10_000 })
  const send = (headers: Record<string, string>, bytes: number) =>
    new Promise<number>((resolve, reject) => {
      const all = { ...deliveryHeaders({ id: randomUUID(), event: 'issues' }, '', 'x'), ...headers }
      const post = request(world.url, { method: 'POST', headers: all }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      post.on('error', reject)
      post.write('x'.repeat(bytes))
      if (headers['content-length'] === undefined) post.end()
    })
  expect(await send({ 'content-length': '30000000' }, 1)).toBe(413)
  expect(await send({ 'transfer-encoding': 'chunked' }, 20_000)).toBe(413)
  expect(world.counts.get('too-large')).toBe(2)
})

test('webhooks of one subject keep their order, also when one of them has to wait; others go on', async () => {
  let isDown = true
  const noted = notes(['issues', 'issue_comment'], (one) =>
    isDown && one.event === 'issues' && JSON.stringify(one.payload).includes('"title":"First"') ? 'not now' : null,
  )
  const world = await githubWorld({ acme: [noted.feature] })
  const lead = world.github.as('lead')
  await lead.rest.issues.create({ ...acme, title: 'First' })
  await lead.rest.issues.createComment({ ...acme, issue_number: 1, body: 'x' })
  await lead.rest.issues.create({ ...acme, title: 'Second' })
  await world.settle()
  expect(noted.kinds()).toEqual(['issues.opened'])
  isDown = false
  await world.settle()
  expect(noted.kinds()).toEqual(['issues.opened'])
  world.now += 1000
  await world.settle()
  expect(noted.kinds()).toEqual(['issues.opened', 'issues.opened', 'issue_comment.created'])
})

test('what fails again and again is a dead letter with its reason, lets its subject go on, and can be tried again', async () => {
  let isBroken = true
  const noted = notes(['issues', 'issue_comment'], (one) =>
    isBroken && one.event === 'issues' ? 'the label is unknown' : null,
  )
  const world = await githubWorld({ acme: [noted.feature] })
  const lead = world.github.as('lead')
  await lead.rest.issues.create({ ...acme, title: 'First' })
  await lead.rest.issues.createComment({ ...acme, issue_number: 1, body: 'x' })
  for (let round = 0; round < 8; round++) {
    expect(noted.seen).toEqual([])
    await world.settle()
    world.now += 600_000
  }
  await world.settle()
  expect(noted.kinds()).toEqual(['issue_comment.created'])
  const dead = (await kept(world.stores.acme)).filter((one) => one.status === 'dead')
  expect(dead).toMatchObject([{ event: 'issues', attempts: 8, error: 'the label is unknown' }])
  expect(world.logged).toEqual([expect.stringMatching(/^delivery \S+ \(issues\) is given up: the label is unknown$/)])
  isBroken = false
  expect(await retryDeliveries(world.stores.acme, dead[0]?.id ?? '', world.now)).toBe(1)
  await world.settle()
  expect(noted.kinds()).toEqual(['issue_comment.created', 'issues.opened'])
})

test('whoever crashed while working one off does not keep it for ever', async () => {
  const noted = notes(['issues'])
  const world = await githubWorld({ acme: [noted.feature] })
  await world.github.as('lead').rest.issues.create({ ...acme, title: 'First' })
  await world.github.idle()
  await world.stores.acme.transaction((tx) =>
    tx.query('update github_delivery set claimed_until = $1, attempts = 1', [world.now + 60_000]),
  )
  await world.settle()
  expect(noted.seen).toEqual([])
  world.now += 60_001
  await world.settle()
  expect(noted.kinds()).toEqual(['issues.opened'])
})

test('two tenants hear of their own repositories only', async () => {
  const [mine, theirs] = [notes(['issues', 'organization']), notes(['issues', 'organization'])]
  const world = await githubWorld({ acme: [mine.feature], umbrella: [theirs.feature] })
  await world.app.look()
  await world.github.as('lead').rest.issues.create({ owner: 'umbrella', repo: 'soc', title: 'Theirs' })
  const payload = { action: 'member_added', organization: { login: 'acme' }, installation: { id: 100 } }
  expect(await world.github.deliver({ id: randomUUID(), event: 'organization', payload })).toBe(200)
  await world.settle()
  expect(mine.kinds()).toEqual(['organization.member_added'])
  expect(theirs.kinds()).toEqual(['issues.opened'])
})
