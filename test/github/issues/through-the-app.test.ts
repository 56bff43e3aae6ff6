import { expect, onTestFinished, test } from 'vitest'
import { saveIncidents } from '../../../src/cases/index.ts'
import { type IssuesFeature, issuesFeature, type Seat } from '../../../src/github/index.ts'
import { enableChannel } from '../../../src/projection/index.ts'
import type { Store } from '../../../src/store/index.ts'
import { madeIncident } from '../../cases/made.ts'
import { githubWorld } from '../app/github-world.ts'
import { contentWithTeam } from './github-world.ts'

/** Two tenants, each with a repository, an incident and the app between them. */
async function twoTenants() {
  const bundle = await contentWithTeam()
  const features: IssuesFeature[] = []
  const featureOf = (seat: Seat) => {
    const made = issuesFeature(seat, {
      bundle: () => bundle,
      restMs: 0,
      budget: [{ writes: 1000, perMs: 1, burst: 100_000 }],
    })
    features.push(made)
    return made
  }
  const world = await githubWorld({ acme: [featureOf], umbrella: [featureOf] })
  world.now = Date.now()
  for (const org of ['acme', 'umbrella']) {
    const lead = world.github.as('lead')
    await lead.teams.create({ org, name: 'soc-responders' })
    await lead.teams.addOrUpdateMembershipForUserInOrg({
      org,
      team_slug: 'soc-responders',
      username: 'analyst',
      role: 'member',
    })
  }
  for (const [name, store] of Object.entries(world.stores)) {
    await enableChannel(store, 'github', world.now)
    await store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 1, title: `of ${name}` })]))
  }
  onTestFinished(async () => {
    for (const one of features) await one.stop?.()
  })
  const settle = async () => {
    for (let round = 0; round < 8; round++) {
      for (const one of features) await one.drain.drain()
      await world.settle()
    }
  }
  await settle()
  const statusOf = async (store: Store) =>
    (await store.transaction((tx) => tx.query<{ status: string }>('select status from incident where number = 1')))
      .rows[0]?.status
  const issueOf = async (owner: string) =>
    (await world.github.as('lead').issues.listForRepo({ owner, repo: 'soc', state: 'all' })).data
  const say = async (owner: string, body: string) =>
    world.github
      .as('analyst')
      .issues.createComment({ owner, repo: 'soc', issue_number: (await issueOf(owner))[0]?.number ?? 0, body })
  return { ...world, settle, statusOf, issueOf, say }
}

test('each tenant has its own issues, and what is said under one changes nothing of the other', async () => {
  const world = await twoTenants()
  expect((await world.issueOf('acme')).map((one) => one.title)).toEqual([expect.stringContaining('of acme')])
  expect((await world.issueOf('umbrella')).map((one) => one.title)).toEqual([expect.stringContaining('of umbrella')])
  await world.say('acme', '/ack')
  await world.settle()
  expect(await world.statusOf(world.stores.acme)).toBe('acknowledged')
  expect(await world.statusOf(world.stores.umbrella)).toBe('new')
})

test('deliveries that come twice, late and in the wrong order come to the same; forged ones to nothing', async () => {
  const world = await twoTenants()
  world.github.hold()
  await world.say('acme', '/ack')
  await world.say('acme', '/note the second')
  await world.github.idle()
  const held = world.github.take().filter((one) => one.event === 'issue_comment')
  expect(held).toHaveLength(2)
  world.github.release()
  const forged = structuredClone(held[0])
  if (forged === undefined) throw new Error('nothing was said')
  const status = await world.github.deliver({ ...forged, id: 'forged' }, 'another secret')
  expect(status).toBeGreaterThanOrEqual(400)
  await world.settle()
  expect(await world.statusOf(world.stores.acme)).toBe('new')
  for (const one of [...held.toReversed(), ...held]) await world.github.deliver(one)
  await world.settle()
  expect(await world.statusOf(world.stores.acme)).toBe('acknowledged')
  const notes = await world.stores.acme.transaction((tx) =>
    tx.query(`select from timeline where sentence = 'note: the second'`),
  )
  expect(notes.rowCount).toBe(1)
  const [issue] = await world.issueOf('acme')
  const comments = (
    await world.github.as('lead').issues.listComments({ owner: 'acme', repo: 'soc', issue_number: issue?.number ?? 0 })
  ).data
  expect(comments.filter((one) => one.body?.startsWith('<!-- gitsoc:answer'))).toHaveLength(2)
})

test('a delivery that was lost is found by looking', async () => {
  const world = await twoTenants()
  world.github.hold()
  await world.say('acme', '/ack')
  await world.github.idle()
  world.github.take()
  world.github.release()
  await world.app.look()
  await world.settle()
  expect(await world.statusOf(world.stores.acme)).toBe('acknowledged')
})
