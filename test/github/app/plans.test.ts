import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type FeatureOf, type PlanFeature, planFeature } from '../../../src/github/index.ts'
import { createInbox } from '../../../src/ingest/index.ts'
import { fixtureFile, planFiles, record, ruleFile } from '../../preview/plan-content.ts'
import { type GithubWorld, githubWorld } from './github-world.ts'

// Every plan starts three processes.
vi.setConfig({ testTimeout: 180_000 })

const acme = { owner: 'acme', repo: 'soc' }
const withRule = (name: string) => ({
  [`rules/detection/${name}.yaml`]: ruleFile(name, name),
  [`rules/detection/fixtures/${name}.yaml`]: fixtureFile(name),
})

/** A world with content on the default branch of a private repository. */
async function planWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-plans-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const made: PlanFeature[] = []
  const feature: FeatureOf = (seat) => {
    const one = planFeature({ settings: { branch: null }, mirrorsDir: dir, enrichDir: null })(seat)
    made.push(one)
    return one
  }
  const world = await githubWorld({ acme: [feature] })
  const { github } = world
  const lead = github.as('lead')
  await github.commit('acme/soc', 'main', planFiles())
  await world.settle()
  const open = async (branch: string, head = branch, by: 'lead' | 'outsider' = 'lead') => {
    const { data } = await github.as(by).rest.pulls.create({ ...acme, title: branch, head, base: 'main' })
    return data.number
  }
  return {
    world,
    github,
    lead,
    open,
    plan: async () => {
      await world.settle()
      for (const one of made) await one.drain()
      await world.settle()
    },
    drain: () => Promise.all(made.map((one) => one.drain())),
    checks: async (ref: string) => (await lead.rest.checks.listForRef({ ...acme, ref, filter: 'all' })).data.check_runs,
    comments: async (issue_number: number) => (await lead.rest.issues.listComments({ ...acme, issue_number })).data,
  }
}

test('a pull request gets one check run for each head, and one comment that is edited', async () => {
  const { world, github, lead, open, plan, checks, comments } = await planWorld()
  await lead.rest.repos.update({ ...acme, private: true })
  await received(world, record(0, 'export', 'user1'))
  const broken = ruleFile('export', 'export').replace('condition: selection', 'condition: selektion')
  const first = await github.commit('acme/soc', 'change', {
    ...withRule('export'),
    'rules/detection/export.yaml': broken,
  })
  const number = await open('change')
  await lead.rest.issues.createComment({ ...acme, issue_number: number, body: '<!-- gitsoc:preview -->\nmine' })
  await plan()
  expect(await checks(first)).toMatchObject([{ name: 'gitsoc/plan', status: 'completed', conclusion: 'failure' }])
  const { data: annotations } = await lead.rest.checks.listAnnotations({
    ...acme,
    check_run_id: (await checks(first))[0]?.id ?? 0,
  })
  expect(annotations).toMatchObject([
    { path: 'rules/detection/export.yaml', start_line: 11, annotation_level: 'failure' },
  ])
  const second = await github.commit('acme/soc', 'change', withRule('export'))
  await plan()
  expect(await checks(second)).toMatchObject([{ name: 'gitsoc/plan', conclusion: 'success' }])
  const all = await comments(number)
  expect(all).toHaveLength(2)
  expect(all[0]?.body).toContain('mine')
  expect(all[1]?.body).toMatch(/^<!-- gitsoc:preview -->\n### alerts \+1 -0/)
  await github.deliver(github.delivered.findLast((one) => one.payload.action === 'synchronize') ?? never())
  await plan()
  expect(world.counts.get('planned')).toBe(2)
  await lead.rest.checks.rerequestRun({ ...acme, check_run_id: (await checks(second))[0]?.id ?? 0 })
  await plan()
  expect(world.counts.get('planned')).toBe(3)
  expect(await checks(second)).toMatchObject([{ conclusion: 'success' }])
  expect(await comments(number)).toHaveLength(2)
})

test('a fork is looked at like any branch, and history is not shown where anybody can read', async () => {
  const { world, github, open, plan, checks, comments } = await planWorld()
  await received(world, record(0, 'export', 'secret-user'))
  const fork = await github.fork('acme/soc')
  const head = await github.commit(fork, 'theirs', withRule('export'), { by: 'outsider' })
  const number = await open('theirs', 'outsider:theirs', 'outsider')
  await plan()
  const [check] = await checks(head)
  const [comment] = await comments(number)
  expect(check).toMatchObject({ name: 'gitsoc/plan', conclusion: 'success', external_id: `pull/${number}` })
  expect(comment?.body).toContain('there is no history')
  expect(`${comment?.body}${check?.output.text}`).not.toContain('secret-user')
})

test('a branch that is forced to another commit while its plan is made is looked at anew, the older one is cancelled', async () => {
  const { world, github, open, plan, drain, checks, comments } = await planWorld()
  const main = (await github.as('lead').rest.git.getRef({ ...acme, ref: 'heads/main' })).data.object.sha
  const first = await github.commit('acme/soc', 'change', withRule('export'))
  const number = await open('change')
  await world.settle()
  const planning = drain()
  await vi.waitFor(async () => expect(await checks(first)).toMatchObject([{ status: 'in_progress' }]), 60_000)
  const second = await github.commit('acme/soc', 'change', withRule('import'), { onto: main })
  await world.settle()
  await planning
  await plan()
  expect(await checks(first)).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }])
  expect(await checks(second)).toMatchObject([{ status: 'completed', conclusion: 'success' }])
  expect(await comments(number)).toHaveLength(1)
  expect(world.counts.get('planned')).toBe(1)
})

test('a pull request whose webhook is lost is found by looking; one without content is passed at once', async () => {
  const { world, github, open, plan, checks, comments } = await planWorld()
  github.hold()
  const head = await github.commit('acme/soc', 'words', { 'docs/words.md': 'words\n' })
  const number = await open('words')
  await github.idle()
  github.take()
  github.release()
  await world.app.look()
  await plan()
  expect(await checks(head)).toMatchObject([{ conclusion: 'success', output: { title: 'no content is touched' } }])
  expect(await comments(number)).toEqual([])
  expect(world.counts.get('planned')).toBeUndefined()
})

test('a GitHub that fails while a plan is told is tried again, and comes to one comment', async () => {
  const { world, github, open, plan, checks, comments } = await planWorld()
  const head = await github.commit('acme/soc', 'change', withRule('export'))
  const number = await open('change')
  await world.settle()
  github.fail(({ method, path }) => (method === 'POST' && path.endsWith('/comments') ? { status: 502 } : null))
  await plan()
  expect(world.counts.get('plan-failed')).toBe(1)
  github.fail(null)
  world.now += 120_000
  await plan()
  expect(await checks(head)).toMatchObject([{ conclusion: 'success' }])
  expect(await comments(number)).toHaveLength(1)
})

/** An event of yesterday, worked off. */
async function received(world: GithubWorld, event: string): Promise<void> {
  const store = world.stores.acme
  const { firstSeq } = await createInbox(store).accept([
    {
      ...{ source: 'generic', transport: 'webhook', contentType: 'application/json' },
      receivedAt: world.now - 86_400_000,
      body: Buffer.from(`${event}\n`),
    },
  ])
  await store.transaction((tx) =>
    tx.query(`insert into delivery_count (tenant, seq, events, bundle) values ($1, $2, 1, '')`, [tx.tenant, firstSeq]),
  )
}

function never(): never {
  throw new Error('it was not delivered')
}
