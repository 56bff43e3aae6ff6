import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readConfig } from '../../src/cli/read-config.ts'
import { serverSettings } from '../../src/cli/server-settings.ts'
import { startServer } from '../../src/cli/start-server.ts'
import type { Bundle } from '../../src/core/content/index.ts'
import type { JsonObject } from '../../src/core/model/index.ts'
import { listDeployments } from '../../src/github/index.ts'
import { fixtureFile, ruleFile } from '../preview/plan-content.ts'
import { folderOf } from '../support/folder.ts'
import { type TestGithub, testGithub } from '../support/github.ts'
import { testDatabase, testStore } from '../support/store.ts'
import { contentWithTeam } from './issues/github-world.ts'

type Owner = 'acme' | 'umbrella'
type Login = 'lead' | 'analyst' | 'outsider'

async function until<T>(what: string, read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let n = 0; n < 900; n++) {
    const value = await read()
    if (value !== null && value !== undefined && value !== false) return value
    await wait(50)
  }
  throw new Error(`never: ${what}`)
}

/** The content without what this test does not need: it is committed file by file. */
const smallFiles = ({ files }: Bundle): Readonly<Record<string, string>> =>
  Object.fromEntries(
    files
      .filter(({ path }) => !path.startsWith('integrations/') || /^integrations\/(wazuh|okta)\//.test(path))
      .map(({ path, text }) => [path, text]),
  )

/** `gitsoc start` for the tenant `main` with acme/soc and the tenant `umbrella` with umbrella/soc. */
async function started(github: TestGithub, tenant: JsonObject) {
  const bundle = await contentWithTeam()
  const url = await testDatabase()
  const stores = { acme: await testStore({ url }), umbrella: await testStore({ url, tenant: 'umbrella' }) }
  vi.stubEnv('GITSOC_SECRET_GITHUB_WEBHOOK', github.app.webhookSecret)
  vi.stubEnv('GITSOC_SECRET_GITHUB_APP_KEY', github.app.privateKey)
  vi.stubEnv('GITSOC_SECRET_WAZUH_HOOK', 'key-of-main')
  vi.stubEnv('GITSOC_SECRET_UMBRELLA__WAZUH_HOOK', 'key-of-umbrella')
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const file = folderOf({
    'config.yaml': JSON.stringify({
      github: {
        ...{ appId: github.app.id, apiUrl: github.url, owner: 'acme', repo: 'soc' },
        ...{ deploy: false, plan: false, issues: { writesPerMinute: 80 } },
      },
      tenants: { umbrella: tenant },
    }),
  })
  const config = await readConfig(join(file, 'config.yaml'))
  const given = { port: 0, config, settings: serverSettings(config, bundle), loaded: bundle }
  const store = { ...stores.acme, close: async () => {} }
  const { serving, told } = await startServer({ host: '127.0.0.1' }, { ...given, store })
  onTestFinished(async () => {
    await serving.stop()
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })
  github.deliverTo(`${serving.url}/github/webhooks`)
  return { stores, told, url: serving.url, files: smallFiles(bundle) }
}

const umbrella = { github: { owner: 'umbrella', repo: 'soc', plan: false, issues: { writesPerMinute: 80 } } }

const post = (url: string, key: string) =>
  fetch(`${url}/in/wazuh`, {
    method: 'POST',
    headers: { 'x-api-key': key },
    body: JSON.stringify({
      id: '1.1',
      timestamp: new Date().toISOString(),
      rule: { id: '5712', level: 10, description: 'sshd: brute force' },
      agent: { id: '1', name: 'bastion-1' },
      data: { srcip: '198.51.100.23', dstuser: 'user17' },
    }),
  })

const issuesOf = async (github: TestGithub, owner: Owner) =>
  (await github.as('lead').issues.listForRepo({ owner, repo: 'soc', state: 'all' })).data

const asking = (github: TestGithub, owner: Owner) =>
  until(`an issue of ${owner} that asks`, async () => {
    const [issue] = await issuesOf(github, owner)
    const command = /`(\/approve [0-9a-f]+)`/.exec(issue?.body ?? '')?.[1]
    return issue !== undefined && command !== undefined && { number: issue.number, command }
  })

const say = async (github: TestGithub, owner: Owner, login: Login, number: number, body: string) => {
  const repo = { owner, repo: 'soc', issue_number: number }
  const { data } = await github.as(login).issues.createComment({ ...repo, body })
  return until(`an answer to ${login}`, async () => {
    const all = (await github.as('lead').issues.listComments({ ...repo, per_page: 100 })).data
    return all.find((one) => one.body?.startsWith(`<!-- gitsoc:answer comment/${data.id} `))?.body
  })
}

test('two tenants in one server: each has its own webhooks, issues, people, decisions and deployments', async () => {
  const github = await testGithub()
  for (const [org, username] of [
    ['acme', 'lead'],
    ['umbrella', 'analyst'],
  ] as const) {
    await github.as('lead').teams.create({ org, name: 'soc-responders' })
    await github.as('lead').teams.addOrUpdateMembershipForUserInOrg({ org, team_slug: 'soc-responders', username })
  }
  const files = smallFiles(await contentWithTeam())
  const first = await github.commit('umbrella/soc', 'main', files)
  const { stores, url, told } = await started(github, { ...umbrella, content: folderOf(files) })
  const theirs = `${url}/tenants/umbrella`
  expect(told.tenants).toEqual([{ name: 'umbrella', path: '/tenants/umbrella', repository: 'umbrella/soc' }])

  // The key of one tenant opens nothing of the other.
  expect((await post(theirs, 'key-of-main')).status).toBe(401)
  expect((await post(url, 'key-of-umbrella')).status).toBe(401)
  expect((await post(`${url}/tenants/nobody`, 'key-of-main')).status).toBe(404)
  expect((await post(url, 'key-of-main')).status).toBe(202)
  const ours = await asking(github, 'acme')
  expect(await issuesOf(github, 'umbrella')).toEqual([])
  expect((await post(theirs, 'key-of-umbrella')).status).toBe(202)
  const other = await asking(github, 'umbrella')

  // Who may decide in the one organisation may not in the other.
  expect(await say(github, 'umbrella', 'lead', other.number, `${other.command} looks fine`)).toContain('not done')
  expect(await say(github, 'acme', 'analyst', ours.number, `${ours.command} looks fine`)).toContain('not done')
  expect(await say(github, 'umbrella', 'analyst', other.number, `${other.command} it was me`)).toContain('approved by')
  await say(github, 'umbrella', 'analyst', other.number, '/close true-positive')
  await until('a closed issue of umbrella', async () => (await issuesOf(github, 'umbrella'))[0]?.state === 'closed')
  expect((await issuesOf(github, 'acme'))[0]?.state).toBe('open')
  const approvals = async (owner: Owner) =>
    (await stores[owner].transaction((tx) => tx.query<{ status: string }>('select status from approval'))).rows
  expect(await approvals('umbrella')).toEqual([{ status: 'approved' }])
  expect(await approvals('acme')).toEqual([{ status: 'pending' }])

  // What is pushed to the one repository is served to its tenant only.
  const pushed = await github.commit('umbrella/soc', 'main', {
    'rules/detection/export.yaml': ruleFile('export', 'export'),
    'rules/detection/fixtures/export.yaml': fixtureFile('export'),
  })
  const ready = async (at: string) => (await fetch(`${at}/readyz`)).text()
  await until('the push in service', async () => (await ready(theirs)).includes(pushed))
  expect(await ready(url)).toContain('worktree')
  const deployed = async (owner: Owner) =>
    (await stores[owner].transaction((tx) => listDeployments(tx, 9))).map((one) => [one.commit, one.result])
  expect(await deployed('umbrella')).toEqual([
    [pushed, 'deployed'],
    [first, 'deployed'],
  ])
  expect(await deployed('acme')).toEqual([])
  const health = (await (await fetch(`${theirs}/health`)).json()) as { channels: Record<string, unknown> }
  expect(health.channels.github).toMatchObject({ state: 'there', dead: 0 })
}, 180_000)

test('a tenant without content of its own is refused: nobody of another organisation gets rights by that', async () => {
  const github = await testGithub()
  await expect(started(github, umbrella)).rejects.toThrow('tenants.umbrella has no content')
})

test.each([
  ['the repository of another tenant', { github: { owner: 'Acme', repo: 'soc' } }, /acme\/soc is configured for two/],
  ['nothing', {}, /the tenant umbrella says nothing/],
  ['half a repository', { github: { owner: 'umbrella' } }, /^tenants.umbrella: github.repo is missing/],
  ['a setting that is no mapping', { content: '.', okta: 'yes' }, /"okta" is no mapping/],
])('a tenant with %s is refused in one line', async (_name, tenant, message) => {
  const github = await testGithub()
  await expect(started(github, tenant)).rejects.toThrow(message)
})
