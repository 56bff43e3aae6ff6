import { expect, test } from 'vitest'
import { githubPublisher } from '../../../src/github/publish/github-publisher.ts'
import type { Proposal } from '../../../src/repo/index.ts'
import { testGithub } from '../../support/github.ts'

const at = Date.parse('2026-06-02T10:00:00Z')
const where = { owner: 'acme', repo: 'soc' }
const proposal: Proposal = {
  key: 'incident-7-report',
  title: 'Keep the report of incident 7',
  body: 'Closed as true-positive.',
  files: [
    { path: 'incidents/7/report.md', text: '# Incident 7\n' },
    { path: 'incidents/7/checklist.md', text: '- [ ] look again\n' },
  ],
  direct: false,
}

async function world() {
  const github = await testGithub()
  const rest = github.as('lead')
  const publisher = githubPublisher({ ...where, client: async () => rest as never })
  const pulls = async () => (await rest.rest.pulls.list({ ...where, state: 'all' })).data
  return { github, rest, publisher, pulls }
}

test('a proposal is one pull request, however often it is published', async () => {
  const { rest, publisher, pulls } = await world()
  const first = await publisher.publish(proposal, at)
  expect(first).toMatchObject({
    branch: 'gitsoc/incident-7-report',
    isNew: true,
    url: expect.stringMatching(/\/pull\/\d+$/),
  })
  expect(await publisher.publish(proposal, at + 1)).toEqual({ ...first, isNew: false })
  expect(await pulls()).toMatchObject([{ title: proposal.title, state: 'open' }])
  const { data } = await rest.rest.repos.compareCommits({ ...where, base: 'main', head: first.branch })
  expect(data.files?.map(({ filename }) => filename).sort()).toEqual([
    'incidents/7/checklist.md',
    'incidents/7/report.md',
  ])
})

test('what is said anew goes onto the same branch and pull request', async () => {
  const { publisher, pulls } = await world()
  const first = await publisher.publish(proposal, at)
  const files = [{ path: 'incidents/7/report.md', text: '# Incident 7, again\n' }]
  const second = await publisher.publish({ ...proposal, files }, at + 1)
  expect(second).toMatchObject({ url: first.url, isNew: true })
  expect(second.commit).not.toBe(first.commit)
  expect(await pulls()).toHaveLength(1)
})

test('what people closed stays closed', async () => {
  const { rest, publisher, pulls } = await world()
  const first = await publisher.publish(proposal, at)
  const [pull] = await pulls()
  await rest.rest.pulls.update({ ...where, pull_number: pull?.number ?? 0, state: 'closed' })
  expect(await publisher.publish(proposal, at + 1)).toEqual({ ...first, isNew: false })
  expect(await pulls()).toMatchObject([{ state: 'closed' }])
})

test('a direct one is a commit on the default branch, once', async () => {
  const { rest, publisher, pulls } = await world()
  const before = await rest.rest.git.getRef({ ...where, ref: 'heads/main' })
  const first = await publisher.publish({ ...proposal, direct: true }, at)
  expect(first).toMatchObject({ branch: 'main', url: null, isNew: true })
  expect(first.commit).not.toBe(before.data.object.sha)
  expect(await publisher.publish({ ...proposal, direct: true }, at)).toEqual({ ...first, isNew: false })
  expect(await pulls()).toEqual([])
})

test('a crash between branch and pull request is made up for', async () => {
  const { github, publisher, pulls } = await world()
  github.fail(({ method, path }) => (method === 'POST' && path.endsWith('/pulls') ? { status: 500 } : null))
  await expect(publisher.publish(proposal, at)).rejects.toThrow()
  github.fail(null)
  expect(await publisher.publish(proposal, at)).toMatchObject({ isNew: true, url: expect.stringContaining('/pull/') })
  expect(await pulls()).toHaveLength(1)
})
