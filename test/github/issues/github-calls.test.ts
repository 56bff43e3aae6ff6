import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { CallFailed } from '../../../src/github/issues/call-failed.ts'
import { type Authorized, createCalls } from '../../../src/github/issues/github-calls.ts'
import { takeOnce } from '../../../src/github/issues/handled.ts'
import { testStore } from '../../support/store.ts'

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Calls to a server that answers as told. */
async function callsTo(answer: (request: IncomingMessage) => Answer | null) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const { status = 200, headers = {}, body = {} } = answer(request) ?? {}
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const authorized: Authorized = (request, route, given) => request(route, given)
  return {
    asked,
    calls: createCalls({
      apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      owner: 'acme',
      repo: 'soc',
      authorized: async () => authorized,
      clock: () => 1_000_000,
      callMs: 5000,
    }),
  }
}

const failureOf = async (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof CallFailed ? error.failure : error),
  )

test.each([
  ['an active member', { body: { state: 'active', role: 'member' } }, true],
  ['somebody who was invited', { body: { state: 'pending', role: 'member' } }, false],
  ['nobody of the team', { status: 404 }, false],
])('%s', async (_name, answer, expected) => {
  const { calls, asked } = await callsTo(() => answer)
  expect(await calls.isMember('soc-responders', 'octo-cat')).toBe(expected)
  expect(asked).toEqual(['GET /orgs/acme/teams/soc-responders/memberships/octo-cat'])
})

test.each([
  ['bad credentials', { status: 401 }, { kind: 'barred', todo: expect.stringContaining('github-app-key') }],
  [
    'a suspended app',
    { status: 403, body: { message: 'This installation has been suspended' } },
    { kind: 'barred', todo: expect.stringContaining('Unsuspend') },
  ],
  [
    'a permission that is missing',
    { status: 403, body: { message: 'Resource not accessible by integration' } },
    { kind: 'barred', todo: expect.stringContaining('grant the app') },
  ],
  [
    'an archived repository',
    { status: 403, body: { message: 'Repository was archived so is read-only.' } },
    { kind: 'barred', todo: expect.stringContaining('out of the archive') },
  ],
  [
    'a secondary limit without a time',
    { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } },
    { kind: 'limited', until: 1_060_000 },
  ],
  ['a limit with a time', { status: 429, headers: { 'retry-after': '30' } }, { kind: 'limited', until: 1_030_000 }],
  [
    'a limit with a time that nobody waits for',
    { status: 429, headers: { 'retry-after': '99999999' } },
    { kind: 'limited', until: 4_600_000 },
  ],
  [
    'no requests left',
    { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1200' } },
    { kind: 'limited', until: 1_200_000 },
  ],
  ['what is not valid', { status: 422, body: { message: 'Validation Failed' } }, { kind: 'refused', final: true }],
  ['what was deleted', { status: 410 }, { kind: 'refused', final: true }],
  ['an error of theirs', { status: 502 }, { kind: 'away' }],
])('%s is taken for what it is, and not asked twice', async (_name, answer, expected) => {
  const { calls, asked } = await callsTo(() => answer)
  expect(await failureOf(calls.createComment(7, 'text'))).toMatchObject(expected)
  expect(asked).toHaveLength(1)
})

test('lists are read to their end', async () => {
  const { calls, asked } = await callsTo((request) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'))
    const count = page < 3 ? 100 : 5
    return { body: Array.from({ length: count }, (_, n) => ({ number: page * 1000 + n })) }
  })
  expect(await calls.openWith('incident')).toHaveLength(205)
  expect(asked).toHaveLength(3)
})

test('of two that take a comment for handled at once one gets it', async () => {
  const store = await testStore()
  const taken = await Promise.all([1, 2, 3].map(() => store.transaction((tx) => takeOnce(tx, 'comment/1', 1))))
  expect(taken.filter(Boolean)).toHaveLength(1)
})
