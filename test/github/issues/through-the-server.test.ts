import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { githubFor, githubWish } from '../../../src/cli/github-for.ts'
import { listApprovals } from '../../../src/respond/index.ts'
import { createRuntime, serve } from '../../../src/server/index.ts'
import { testGithub } from '../../support/github.ts'
import { testStore } from '../../support/store.ts'
import { contentWithTeam } from './github-world.ts'

async function until<T>(what: string, read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let n = 0; n < 600; n++) {
    const value = await read()
    if (value !== null && value !== undefined && value !== false) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never: ${what}`)
}

test("a vendor's webhook becomes an incident and an issue, a comment lets the action be done, and closing ends both", async () => {
  const github = await testGithub()
  const [lead, analyst] = [github.as('lead'), github.as('analyst')]
  const repo = { owner: 'acme', repo: 'soc' }
  await lead.teams.create({ org: 'acme', name: 'soc-responders' })
  await lead.teams.addOrUpdateMembershipForUserInOrg({
    org: 'acme',
    team_slug: 'soc-responders',
    username: 'analyst',
    role: 'member',
  })
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-github-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const bundle = await contentWithTeam()
  const store = await testStore()
  const kept = { ...store, close: async () => {} }
  const secrets = (name: string) =>
    ({
      'wazuh-hook': ['key'],
      'github-webhook': [github.app.webhookSecret],
      'github-app-key': github.app.privateKey.trim().split('\n'),
    })[name]
  const logged: string[] = []
  const parts = { secrets, clock: Date.now, log: (line: string) => void logged.push(line) }
  const runtime = await createRuntime({ store: kept, bundle, clock: Date.now, workDir: dir })
  const config = {
    appId: github.app.id,
    apiUrl: github.url,
    ...repo,
    issues: { writesPerMinute: 80 },
    deploy: false,
    plan: false,
  }
  const seat = { wish: githubWish(config, secrets), store: kept, bundle: () => bundle, enrichDir: null }
  const [services = []] = await githubFor([seat], { ...parts, mirrorsDir: join(dir, 'github') })
  const server = await serve(runtime, { host: '127.0.0.1', port: 0, config: () => ({}), ...parts, services })
  onTestFinished(() => server.stop())
  github.deliverTo(`${server.url}/github/webhooks`)

  const alert = {
    id: '1.1',
    timestamp: new Date().toISOString(),
    rule: { id: '5712', level: 10, description: 'sshd: brute force, closes #1 for @acme/soc' },
    agent: { id: '1', name: 'bastion-1' },
    data: { srcip: '198.51.100.23', dstuser: 'user17' },
  }
  const posted = await fetch(`${server.url}/in/wazuh`, {
    method: 'POST',
    headers: { 'x-api-key': 'key' },
    body: JSON.stringify(alert),
  })
  expect(posted.status).toBe(202)

  const issueNow = async () => (await lead.issues.listForRepo({ ...repo, state: 'all' })).data[0]
  const asked = await until('an issue that asks', async () => {
    const issue = await issueNow()
    const command = /`(\/approve [0-9a-f]+)`/.exec(issue?.body ?? '')?.[1]
    return issue !== undefined && command !== undefined ? { number: issue.number, command, title: issue.title } : null
  })
  expect(asked.title).not.toMatch(/#1|@acme/)
  await analyst.issues.createComment({ ...repo, issue_number: asked.number, body: `${asked.command} looked at it` })
  await until('a containment that holds', async () => (await issueNow())?.body?.includes('**Holds** (simulated)'))
  const [approval] = await store.transaction((tx) => listApprovals(tx))
  expect(approval?.answers).toMatchObject([{ actor: 'analyst-1', answer: 'approve', reason: 'looked at it' }])
  await analyst.issues.createComment({ ...repo, issue_number: asked.number, body: '/close true-positive' })
  await until('a closed issue', async () => (await issueNow())?.state === 'closed')
  const incidents = await store.transaction((tx) => tx.query<{ status: string }>('select status from incident'))
  expect(incidents.rows).toEqual([{ status: 'closed' }])
  const health = (await (await fetch(`${server.url}/health`)).json()) as { channels: Record<string, unknown> }
  expect(health.channels.github).toMatchObject({ state: 'there', dead: 0 })
  expect(logged.filter((line) => line.startsWith('survived'))).toEqual([])
}, 90_000)
