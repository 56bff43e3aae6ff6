import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProbotOctokit } from 'probot'
import { expect, onTestFinished, test } from 'vitest'
import { apiAuthors } from '../../../src/github/app/deploy/api-authors.ts'

const person = (name: string) => ({ name, email: `${name}@example.com` })
const commit = (sha: string, author: string, more: { committer?: string; message?: string; login?: string } = {}) => ({
  sha,
  commit: { author: person(author), committer: person(more.committer ?? author), message: more.message ?? 'Change it' },
  author: more.login === undefined ? null : { login: more.login },
  committer: null,
})
const added = (path: string) => [{ filename: path, status: 'added' }]
const lock = 'playbooks/lock.yaml'

interface Told {
  /** Commits that changed a file, the newest first; a number is a refusal. */
  readonly lists: Readonly<Record<string, readonly object[] | number>>
  /** Files of a commit. */
  readonly commits: Readonly<Record<string, readonly object[]>>
}

/** GitHub's two answers that are asked for, on loopback. */
async function github({ lists, commits }: Told) {
  const calls: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    calls.push(`${url.pathname}${url.search}`)
    const path = url.searchParams.get('path')
    const answer = path === null ? { files: commits[url.pathname.split('/').at(-1) ?? ''] } : (lists[path] ?? [])
    response.writeHead(typeof answer === 'number' ? answer : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(typeof answer === 'number' ? { message: 'no' } : answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const client = new ProbotOctokit({
    baseUrl: `http://127.0.0.1:${port}`,
    retry: { enabled: false },
    throttle: { enabled: false },
  })
  return { calls, at: { client, owner: 'o', repo: 'r', births: new Map<string, boolean>() } }
}

test('everybody who changed the file is its author: authors, committers, co-authors, by address, name and login', async () => {
  const { at, calls } = await github({
    lists: {
      [lock]: [
        commit('c2', 'bo', {
          committer: 'web',
          message: 'Change it\n\nCo-authored-by: Cy <cy@example.com>\nco-authored-by: Di <di@example.com>',
          login: 'bo-login',
        }),
        commit('c1', 'ann'),
      ],
    },
    commits: { c1: added(lock) },
  })
  expect(await apiAuthors(at, 'f'.repeat(40), ['lock'])).toEqual({
    lock: [
      'bo@example.com',
      'bo',
      'web@example.com',
      'web',
      'bo-login',
      'Cy',
      'cy@example.com',
      'Di',
      'di@example.com',
      'ann@example.com',
      'ann',
    ],
  })
  expect(calls).toEqual([
    `/repos/o/r/commits?sha=${'f'.repeat(40)}&path=playbooks%2Flock.yaml&per_page=100`,
    '/repos/o/r/commits/c1',
  ])
  await apiAuthors(at, 'e'.repeat(40), ['lock'])
  expect(calls).toHaveLength(3)
})

test.each<[string, Told['lists'][string], readonly object[]]>([
  ['that nobody has changed', [], []],
  [
    'whose history is too long',
    Array.from({ length: 100 }, (_one, index) => commit(`c${100 - index}`, 'ann')),
    added(lock),
  ],
  [
    'that was renamed from another',
    [commit('c1', 'ann')],
    [{ filename: lock, status: 'renamed', previous_filename: 'playbooks/old.yaml' }],
  ],
  ['whose first commit does not say that it added it', [commit('c1', 'ann')], []],
  ['of which GitHub does not answer', 500, []],
  ['that is hidden', 404, []],
])('nobody is known as the author of a playbook %s; others are', async (_what, list, files) => {
  const other = 'playbooks/other.yaml'
  const { at } = await github({
    lists: { [lock]: list, [other]: [commit('d1', 'ann')] },
    commits: { c1: files, d1: added(other) },
  })
  expect(Object.keys(await apiAuthors(at, 'f'.repeat(40), ['lock', 'other']))).toEqual(['other'])
})

test('what is no id is not asked about', async () => {
  const { at, calls } = await github({ lists: {}, commits: {} })
  expect(await apiAuthors(at, 'f'.repeat(40), ['../x', 'A', ''])).toEqual({})
  expect(calls).toEqual([])
})

test('a message made to be slow to read is read in time', async () => {
  const message = `Change it\n\nCo-authored-by:\nCo-authored-by: Cy <cy@example.com>  \nCo-authored-by:${' '.repeat(60_000)}`
  const { at } = await github({ lists: { [lock]: [commit('c1', 'ann', { message })] }, commits: { c1: added(lock) } })
  expect(await apiAuthors(at, 'f'.repeat(40), ['lock'])).toEqual({
    lock: ['ann@example.com', 'ann', 'Cy', 'cy@example.com'],
  })
})
