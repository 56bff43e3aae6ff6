import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { Probot, ProbotOctokit } from 'probot'
import { expect, onTestFinished, test } from 'vitest'
import { type Doc, testGithub } from '../../support/github.ts'
import { hmac } from '../../support/sign.ts'

const acme = { owner: 'acme', repo: 'soc' }

interface Heard {
  readonly event: string
  readonly id: string
  readonly payload: Doc
  readonly isSigned: boolean
}

/** A receiver of webhooks that keeps what it hears. */
async function listener(secret: string) {
  const heard: Heard[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    heard.push({
      event: String(request.headers['x-github-event']),
      id: String(request.headers['x-github-delivery']),
      payload: JSON.parse(body) as Doc,
      isSigned: request.headers['x-hub-signature-256'] === `sha256=${hmac(secret, body)}`,
    })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

const kinds = (heard: readonly Heard[]) =>
  heard.map(({ event, payload }) => (payload.action === undefined ? event : `${event}.${payload.action}`))

test('a pull request is opened, pushed to and merged, and every step sends its signed webhook in order', async () => {
  const github = await testGithub()
  const { heard, url } = await listener(github.app.webhookSecret)
  github.deliverTo(url)
  const lead = github.as('lead')
  const main = (await lead.rest.git.getRef({ ...acme, ref: 'heads/main' })).data.object.sha
  const first = await github.commit('acme/soc', 'change', { 'rules/one.yaml': 'one\n' })
  const { data: opened } = await lead.rest.pulls.create({ ...acme, title: 'Change', head: 'change', base: 'main' })
  const second = await github.commit('acme/soc', 'change', { 'rules/two.yaml': 'two\n' })
  const pull = { ...acme, pull_number: opened.number }
  expect(opened.head.sha).toBe(first)
  expect((await lead.rest.pulls.get(pull)).data.head.sha).toBe(second)
  expect((await lead.rest.pulls.listFiles(pull)).data.map((one) => one.filename)).toEqual([
    'rules/one.yaml',
    'rules/two.yaml',
  ])
  const beside = await github.commit('acme/soc', 'main', { 'rules/beside.yaml': 'beside\n' })
  const { data: merged } = await lead.rest.pulls.merge(pull)
  await github.idle()
  const tree = await lead.rest.git.getTree({ ...acme, tree_sha: merged.sha, recursive: '1' })
  expect(tree.data.tree.filter((one) => one.type === 'blob').map((one) => one.path)).toEqual([
    'README.md',
    'rules/beside.yaml',
    'rules/one.yaml',
    'rules/two.yaml',
  ])
  expect(kinds(heard)).toEqual([
    'create',
    'push',
    'pull_request.opened',
    'push',
    'pull_request.synchronize',
    'push',
    'push',
    'pull_request.closed',
  ])
  expect(heard.every((one) => one.isSigned)).toBe(true)
  expect(new Set(heard.map((one) => one.id)).size).toBe(heard.length)
  expect(heard[4]?.payload).toMatchObject({ before: first, after: second, installation: { id: 100 } })
  expect(heard[6]?.payload).toMatchObject({ before: beside, after: merged.sha, ref: 'refs/heads/main', forced: false })
  expect(heard[7]?.payload).toMatchObject({ pull_request: { merged: true, merge_commit_sha: merged.sha } })
  const forced = await github.commit('acme/soc', 'change', {}, { onto: main, message: 'Anew' })
  await github.idle()
  expect(heard.at(-1)?.payload).toMatchObject({ before: second, after: forced, forced: true })
})

test('a fork shares its objects with its parent, and Git fetches what the API shows', async () => {
  const github = await testGithub()
  await github.commit('acme/soc', 'main', { 'rules/base.yaml': 'base\n' })
  const fork = await github.fork('acme/soc')
  const sha = await github.commit(fork, 'theirs', { 'rules/theirs.yaml': 'theirs\n' }, { by: 'outsider' })
  const { data: opened } = await github
    .as('outsider')
    .rest.pulls.create({ ...acme, title: 'Theirs', head: 'outsider:theirs', base: 'main' })
  const files = await github.as('lead').rest.pulls.listFiles({ ...acme, pull_number: opened.number })
  expect(files.data.map((one) => one.filename)).toEqual(['rules/theirs.yaml'])
  const probot = new Probot({ appId: github.app.id, privateKey: github.app.privateKey, baseUrl: github.url })
  const asApp = await probot.auth()
  const { data: minted } = await asApp.rest.apps.createInstallationAccessToken({ installation_id: 100 })
  const basic = Buffer.from(`x-access-token:${minted.token}`).toString('base64')
  const { stdout } = await promisify(execFile)('git', ['ls-remote', `${github.url}/acme/soc.git`, 'refs/pull/*'], {
    env: {
      PATH: process.env.PATH ?? '',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: basic ${basic}`,
    },
  })
  expect(stdout.trim()).toBe(`${sha}\trefs/pull/${opened.number}/head`)
})

test('an installation writes statuses and reactions in its own account and in no other', async () => {
  const github = await testGithub()
  const probot = new Probot({
    appId: github.app.id,
    privateKey: github.app.privateKey,
    baseUrl: github.url,
    Octokit: class extends ProbotOctokit {
      constructor(options: object = {}) {
        super({ ...options, throttle: { enabled: false }, retry: { enabled: false } })
      }
    },
  })
  const octokit = await probot.auth(100)
  const sha = (await octokit.rest.git.getRef({ ...acme, ref: 'heads/main' })).data.object.sha
  await octokit.rest.repos.createCommitStatus({ ...acme, sha, state: 'success', context: 'gitsoc/deployed' })
  expect((await octokit.rest.repos.getCombinedStatusForRef({ ...acme, ref: sha })).data.state).toBe('success')
  const elsewhere = octokit.rest.repos.createCommitStatus({ owner: 'umbrella', repo: 'soc', sha, state: 'success' })
  await expect(elsewhere).rejects.toMatchObject({ status: 403 })
  const { data: repositories } = await octokit.rest.apps.listReposAccessibleToInstallation()
  expect(repositories.repositories.map((one) => one.full_name)).toEqual(['acme/soc'])
  const { data: issue } = await octokit.rest.issues.create({ ...acme, title: 'One' })
  const { data: comment } = await octokit.rest.issues.createComment({ ...acme, issue_number: issue.number, body: 'x' })
  await octokit.rest.reactions.createForIssueComment({ ...acme, comment_id: comment.id, content: '+1' })
  const { data: reactions } = await octokit.rest.reactions.listForIssueComment({ ...acme, comment_id: comment.id })
  expect(reactions.map((one) => one.content)).toEqual(['+1'])
})

test('faults are answered instead of GitHub, and what was held or lost can be delivered again', async () => {
  const github = await testGithub()
  const { heard, url } = await listener(github.app.webhookSecret)
  github.deliverTo(url)
  const lead = github.as('lead')
  github.fail(({ method }) => (method === 'POST' ? { status: 403, headers: { 'retry-after': '60' } } : null))
  await expect(lead.rest.issues.create({ ...acme, title: 'One' })).rejects.toMatchObject({ status: 403 })
  github.fail(null)
  github.hold()
  await lead.rest.issues.create({ ...acme, title: 'Two' })
  await github.idle()
  expect(heard).toEqual([])
  const [lost] = github.take()
  if (lost === undefined) throw new Error('nothing was held')
  expect(await github.deliver(lost)).toBe(200)
  expect(await github.deliver(lost, 'another secret')).toBe(200)
  expect(heard.map((one) => [one.id, one.isSigned])).toEqual([
    [lost.id, true],
    [lost.id, false],
  ])
  await github.down()
  await expect(fetch(`${github.url}/zen`)).rejects.toThrow()
  await github.up()
  expect((await lead.rest.issues.listForRepo(acme)).data.map((one) => one.title)).toEqual(['Two'])
})
