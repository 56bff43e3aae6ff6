import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { compileBundle } from '../../../src/core/content/index.ts'
import {
  createFollower,
  type Deployment,
  type DeployParts,
  deployByCommand,
  deployFeature,
  listDeployments,
} from '../../../src/github/index.ts'
import type { Store } from '../../../src/store/index.ts'
import { fixtureFile, planFiles, ruleFile } from '../../preview/plan-content.ts'
import { readAuditActions } from '../../support/audit-actions.ts'
import { gitsoc } from '../../support/cli.ts'
import { testRepository } from '../../support/repository.ts'
import { testDatabase } from '../../support/store.ts'
import { type GithubWorld, githubWorld } from './github-world.ts'

// Every deploy tries the content in a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const acme = { owner: 'acme', repo: 'soc' }
const content = planFiles()
const deployments = (store: Store) => store.transaction((tx) => listDeployments(tx, 50))
const outline = (all: readonly Deployment[]) => all.map((one) => [one.commit, one.result, one.kind])
const statuses = (world: GithubWorld, sha: string) => world.github.statuses(sha).map((one) => one.state)

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-deploy-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A world with content on the default branch of both tenants' repositories, deployed by looking. */
async function deployWorld(settings: Partial<DeployParts['settings']> = {}, more: Partial<DeployParts> = {}) {
  const feature = deployFeature({
    settings: { branch: null, signatures: { kind: 'none' }, ...settings },
    mirrorsDir: scratch(),
    ...more,
  })
  const world = await githubWorld({ acme: [feature], umbrella: [feature] })
  world.github.hold()
  const first = await world.github.commit('acme/soc', 'main', content)
  await world.github.idle()
  world.github.take()
  world.github.release()
  return { world, first, store: world.stores.acme }
}

const withRule = (name: string, fixture = fixtureFile(name)) => ({
  [`rules/detection/${name}.yaml`]: ruleFile(name, name),
  [`rules/detection/fixtures/${name}.yaml`]: fixture,
})

test('what is merged is in service, recorded with who and by which pull request, and told on the commit', async () => {
  const { world, first, store } = await deployWorld()
  const { github } = world
  await world.app.look()
  await github.commit('acme/soc', 'change', withRule('export'))
  const lead = github.as('lead')
  const { data: pull } = await github
    .as('analyst')
    .rest.pulls.create({ ...acme, title: 'x', head: 'change', base: 'main' })
  const { data: merged } = await lead.rest.pulls.merge({ ...acme, pull_number: pull.number })
  await world.settle()
  const all = await deployments(store)
  expect(outline(all)).toEqual([
    [merged.sha, 'deployed', 'push'],
    [first, 'deployed', 'push'],
  ])
  expect(all[0]).toMatchObject({ previous: first, actor: 'github:analyst', pull: pull.number, problems: [] })
  expect(all[0]?.reason).toBe('pushed; 2 rules tested, 0 fixtures of playbooks played')
  const digest = String(all[0]?.digest)
  expect(github.statuses(merged.sha)).toMatchObject([
    { context: 'gitsoc/deployed', state: 'success', description: `bundle ${digest.slice(0, 16)} is in service` },
  ])
  expect(await readAuditActions(store)).toEqual([
    ['deploy', `commit/${first}`],
    ['deploy', `commit/${merged.sha}`],
  ])
  expect(await deployments(world.stores.umbrella)).toEqual([])
})

test('a push whose webhook is lost is found by looking, and one that comes twice is deployed once', async () => {
  const { world, store } = await deployWorld()
  const { github } = world
  github.hold()
  const second = await github.commit('acme/soc', 'main', withRule('export'))
  await github.idle()
  const lost = github.take()
  github.release()
  await world.app.look()
  expect(outline(await deployments(store))).toEqual([[second, 'deployed', 'push']])
  for (const one of [...lost, ...lost]) await github.deliver(one)
  await world.settle()
  expect(await deployments(store)).toHaveLength(1)
  expect(statuses(world, second)).toEqual(['success'])
})

test('pushes whose webhooks come in the wrong order lead to the newest head, once', async () => {
  const { world, store } = await deployWorld()
  const { github } = world
  github.hold()
  await github.commit('acme/soc', 'main', withRule('export'))
  const newest = await github.commit('acme/soc', 'main', withRule('import'))
  await github.idle()
  for (const one of github.take().toReversed()) await github.deliver(one)
  await world.settle()
  expect(outline(await deployments(store))).toEqual([[newest, 'deployed', 'push']])
})

test('the command line deploys, lists and goes back, and says why it refuses', async () => {
  vi.stubEnv('DATABASE_URL', await testDatabase())
  onTestFinished(() => void vi.unstubAllEnvs())
  const repository = testRepository(content)
  const first = repository.commit()
  const deploy = (...args: readonly string[]) => gitsoc('deploy', ...args, '--content', repository.dir, '--as', 'admin')
  expect(await deploy('HEAD', '--reason', 'first')).toMatchObject({ exitCode: 0, out: expect.stringContaining(first) })
  repository.put('rules/detection/export.yaml', ruleFile('export', 'export'))
  repository.commit()
  const refused = await deploy('HEAD', '--reason', 'next')
  expect(refused).toMatchObject({ exitCode: 1, out: expect.stringContaining('rules/detection/export.yaml:') })
  repository.put('rules/detection/fixtures/export.yaml', fixtureFile('export'))
  repository.commit()
  expect((await deploy('HEAD', '--reason', 'next')).exitCode).toBe(0)
  expect(await deploy('HEAD', '--reason', 'again')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('already'),
  })
  expect(await deploy('--rollback', '--reason', 'too loud')).toMatchObject({ out: expect.stringContaining(first) })
  expect(await deploy('--reason', 'nothing')).toMatchObject({ exitCode: 2 })
  const listed = (await gitsoc('deploys', 'list', '--json')).json() as readonly Deployment[]
  expect(listed.map((one) => [one.result, one.kind])).toEqual([
    ['deployed', 'rollback'],
    ['deployed', 'command'],
    ['refused', 'command'],
    ['deployed', 'command'],
  ])
  expect((await gitsoc('deploys', 'list')).out).toMatch(/^4 .* in service .*admin .*rolled back: too loud/)
})

test('content that does not load stays out of service, says file, line and what to write, and opens one issue', async () => {
  const { world, first, store } = await deployWorld()
  const { github } = world
  const lead = github.as('lead')
  await world.app.look()
  const broken = ruleFile('export', 'export').replace('condition: selection', 'condition: selektion')
  const bad = await github.commit('acme/soc', 'main', { ...withRule('export'), 'rules/detection/export.yaml': broken })
  await world.settle()
  await world.app.look()
  const worse = await github.commit('acme/soc', 'main', { 'rules/detection/login.yaml': 'title: "@acme/soc closes #1' })
  await world.settle()
  expect(outline(await deployments(store))).toEqual([
    [worse, 'refused', 'push'],
    [bad, 'refused', 'push'],
    [first, 'deployed', 'push'],
  ])
  const [, refusal] = await deployments(store)
  expect(refusal?.problems[0]).toMatchObject({ file: 'rules/detection/export.yaml', line: 11 })
  expect(github.statuses(bad)).toMatchObject([
    { state: 'failure', description: expect.stringContaining('rules/detection/export.yaml:11: ') },
  ])
  const issues = await lead.rest.issues.listForRepo({ ...acme, state: 'all' })
  expect(issues.data).toMatchObject([
    { state: 'open', title: `Content is not deployed: ${worse.slice(0, 12)} was refused` },
  ])
  expect(issues.data[0]?.body).toContain('`rules/detection/login.yaml:1`')
  expect(issues.data[0]?.body).not.toMatch(/@acme|#1/)
  const mended = await github.commit('acme/soc', 'main', content)
  const sound = await github.commit('acme/soc', 'main', { 'rules/detection/export.yaml': ruleFile('export', 'export') })
  await world.settle()
  expect((await deployments(store))[0]).toMatchObject({ commit: sound, previous: first })
  expect(statuses(world, mended)).toEqual([])
  expect((await lead.rest.issues.listForRepo({ ...acme, state: 'all' })).data).toMatchObject([{ state: 'closed' }])
})

test('a commit whose own fixture fails is refused with the record that does', async () => {
  const { world, store } = await deployWorld()
  const failing = await world.github.commit('acme/soc', 'main', withRule('export', fixtureFile('import')))
  await world.settle()
  expect(await deployments(store)).toMatchObject([
    {
      commit: failing,
      result: 'refused',
      problems: [
        { file: 'rules/detection/fixtures/export.yaml', line: 2, message: expect.stringContaining('does not fire') },
      ],
    },
  ])
})

test('history that was rewritten is refused until a person forces it', async () => {
  const { world, first, store } = await deployWorld()
  const { github } = world
  const second = await github.commit('acme/soc', 'main', withRule('export'))
  await world.settle()
  const rewritten = await github.commit('acme/soc', 'main', withRule('import'), { onto: first })
  await world.settle()
  expect(outline(await deployments(store))).toEqual([
    [rewritten, 'refused', 'push'],
    [second, 'deployed', 'push'],
  ])
  expect((await deployments(store))[0]?.reason).toContain('does not come after')
  const repository = testRepository(content)
  repository.commit()
  const wish = { actor: 'admin', reason: 'history was cleaned', repository: repository.dir }
  const parts = { store, clock: () => world.now }
  const refused = await deployByCommand(parts, { ...wish, commit: 'HEAD', force: false })
  expect(refused).toMatchObject({ ok: true, deployment: { result: 'refused' } })
  const forced = await deployByCommand(parts, { ...wish, commit: 'HEAD', force: true })
  expect(forced).toMatchObject({
    ok: true,
    deployment: { result: 'deployed', kind: 'command', forced: true, actor: 'admin' },
  })
})

test('a rollback needs no repository, holds against polling, and ends with the next push', async () => {
  const { world, first, store } = await deployWorld()
  const { github } = world
  await world.app.look()
  const loud = await github.commit('acme/soc', 'main', withRule('export'))
  await world.settle()
  const parts = { store, clock: () => world.now }
  const wish = { commit: null, actor: 'admin', reason: 'too loud', force: false, repository: '/nowhere' }
  expect(await deployByCommand(parts, wish)).toMatchObject({
    ok: true,
    deployment: { commit: first, kind: 'rollback' },
  })
  await world.app.look()
  expect(outline(await deployments(store))[0]).toEqual([first, 'deployed', 'rollback'])
  expect(statuses(world, loud)).toEqual(['error', 'success'])
  expect(github.statuses(first)[0]).toMatchObject({
    state: 'success',
    description: expect.stringContaining('too loud'),
  })
  const next = await github.commit('acme/soc', 'main', withRule('import'))
  await world.settle()
  expect(outline(await deployments(store))[0]).toEqual([next, 'deployed', 'push'])
  expect((await readAuditActions(store)).map(([action]) => action)).toEqual([
    'deploy',
    'deploy',
    'deploy.rollback',
    'deploy',
  ])
})

test('while GitHub is away nothing changes, and what was to be told is told afterwards', async () => {
  const { world, first, store } = await deployWorld()
  const { github } = world
  github.fail(({ path, method }) => (method === 'POST' && path.includes('/statuses/') ? { status: 500 } : null))
  await world.app.look()
  expect(outline(await deployments(store))).toEqual([[first, 'deployed', 'push']])
  expect(statuses(world, first)).toEqual([])
  await github.down()
  await world.app.look()
  expect(world.counts.get('look-failed')).toBeGreaterThan(0)
  github.fail(null)
  await github.up()
  await world.app.look()
  expect(await deployments(store)).toHaveLength(1)
  expect(statuses(world, first)).toEqual(['success'])
})

test('every server follows what is deployed, by the bundle that was kept', async () => {
  const { world, store } = await deployWorld()
  const { bundle: old } = compileBundle([], 'old')
  if (old === null) throw new Error('nothing does not compile')
  const served = [old, old]
  const followers = [0, 1].map((n) =>
    createFollower({
      store,
      current: () => served[n] ?? old,
      swap: (next) => {
        served[n] = next
      },
      log: () => {},
      everyMs: 60_000,
    }),
  )
  for (const one of followers) await one.start()
  onTestFinished(async () => {
    for (const one of followers) await one.stop()
  })
  await world.app.look()
  const [deployed] = await deployments(store)
  await vi.waitFor(() => expect(served.map((one) => one.digest)).toEqual([deployed?.digest, deployed?.digest]), 20_000)
})

test.each(['git', 'the API alone'] as const)(
  'a policy for what GitHub verified lets only that through, with %s',
  async (by) => {
    const { world, first, store } = await deployWorld({ signatures: { kind: 'github' } }, { git: by === 'git' })
    await world.app.look()
    expect(await deployments(store)).toMatchObject([
      { commit: first, result: 'refused', reason: expect.stringContaining('unsigned') },
    ])
    world.github.hold()
    const second = await world.github.commit('acme/soc', 'main', withRule('export'))
    world.github.verify(second)
    world.github.release()
    await world.settle()
    expect(outline(await deployments(store))[0]).toEqual([second, 'deployed', 'push'])
  },
)

test('a policy for allowed signers takes their keys and no others', async () => {
  const { gitFacts } = await import('../../../src/github/app/deploy/git-facts.ts')
  const dir = scratch()
  const keys = ['allowed', 'other'].map((name) => {
    const file = join(dir, name)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file])
    return file
  })
  const signers = join(dir, 'signers')
  writeFileSync(signers, `soc@example.com namespaces="git" ${readFileSync(`${keys[0]}.pub`, 'utf8')}`)
  const repository = testRepository({ 'rules/a.yaml': 'a: 1\n' })
  const unsigned = repository.commit()
  const signed = keys.map((key) => {
    repository.git(
      '-c',
      'gpg.format=ssh',
      '-c',
      `user.signingkey=${key}`,
      'commit',
      '-q',
      '-S',
      '--allow-empty',
      '-m',
      'x',
    )
    return repository.git('rev-parse', 'HEAD')
  })
  const why = (commit: string) => gitFacts(repository.dir, commit, { kind: 'signers', file: signers }, null).unsigned()
  expect(await why(unsigned)).toBe('no key of the allowed signers has signed it')
  expect(await why(String(signed[0]))).toBeNull()
  expect(await why(String(signed[1]))).toBe('no key of the allowed signers has signed it')
})
