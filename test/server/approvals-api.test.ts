import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { keepBundle } from '../../src/respond/index.ts'
import { createApprovalsApi } from '../../src/server/approvals-api.ts'
import { approverOf } from '../../src/server/approver-tokens.ts'
import { bundleWith, suspendFirst, worldOf } from '../respond/world.ts'

const token = (name: string) => `${name}-0123456789abcdef0123`
const people = [
  `${token('a')} analyst-1 responder`,
  `${token('b')} analyst-2 responder,incident-lead`,
  `${token('c')} viewer-1 viewer`,
  `${token('d')} playbook-author responder`,
]

const kim = { id: 'kim', email: 'kim@example.com', github: 'kim-on-github', slack: null, roles: ['responder'] }

/** A question that waits, and the API over its store. */
async function serving(secrets: readonly string[] = people, policy?: string) {
  const bundle = await bundleWith(suspendFirst, policy)
  const world = { ...(await worldOf(bundle)), bundle }
  await world.drain()
  const [approval] = await world.approvals()
  if (approval === undefined) throw new Error('nothing was asked')
  const api = createApprovalsApi({
    store: world.store,
    team: () => ({ analysts: [kim], teams: [], rights: world.bundle.team.rights }),
    secrets: (name) => (name === 'approver-tokens' && secrets.length > 0 ? secrets : undefined),
    clock: () => world.time.at,
    count: () => {},
  })
  const server = createServer((request, response) => void api(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const call = async (path: string, body?: unknown, as: string | null = token('a'), method?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: as === null ? {} : { authorization: `Bearer ${as}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const path = `/approvals/${approval.id}`
  return { ...world, approval, call, path, good: { answer: 'approve', digest: approval.digest } }
}

test('approvals are listed, shown with what they are bound to, and answered by whom the token stands for', async () => {
  const { call, path, good, approval, ...world } = await serving()
  expect(await call('/approvals')).toMatchObject({ status: 200, body: { approvals: [{ id: approval.id }] } })
  expect(await call(path)).toMatchObject({
    body: { approval: { digest: approval.digest }, boundTo: { step: 'suspend', matches: true } },
  })
  expect(await call(path, { ...good, actor: 'boss', roles: ['admin'] })).toEqual({
    status: 200,
    body: { ok: true, status: 'approved', missing: 0 },
  })
  expect((await world.approvals())[0]?.answers).toMatchObject([{ actor: 'analyst-1', answer: 'approve' }])
  expect(await call(`${path}/revoke`, { reason: 'wrong' })).toMatchObject({ status: 200 })
  expect((await world.approvals())[0]?.status).toBe('pending')
  expect(await call('/approvals?all=true', undefined, token('b'))).toMatchObject({ status: 200 })
})

test.each<[name: string, body: unknown, as: string | null, status: number, error: RegExp]>([
  ['without a token', {}, null, 401, /token/],
  ['with a wrong token', {}, 'x'.repeat(30), 401, /token/],
  ['without the digest', { answer: 'approve' }, token('a'), 400, /digest/],
  [
    'with the digest of something else',
    { answer: 'approve', digest: 'a'.repeat(64) },
    token('a'),
    409,
    /not what was shown/,
  ],
  ['without the role', { answer: 'approve', digest: true }, token('c'), 409, /one of the roles/],
  ['of the owner', { answer: 'approve', digest: true }, token('d'), 409, /owns the playbook/],
  ['without an answer', { digest: true }, token('a'), 400, /answer/],
  ['that says neither yes nor no', { answer: 'maybe', digest: true }, token('a'), 409, /approved or denied/],
  ['that denies without a reason', { answer: 'deny', digest: true, reason: ' ' }, token('a'), 400, /reason/],
  ['that is no JSON', '{', token('a'), 400, /JSON/],
  ['that is a list', '[1]', token('a'), 400, /JSON/],
  ['that is too large', 'x'.repeat(20_000), token('a'), 400, /16 KB/],
])('an answer %s changes nothing', async (_name, body, as, status, error) => {
  const { call, path, approval, approvals } = await serving()
  const sent =
    typeof body === 'object' && body !== null && 'digest' in body && body.digest === true
      ? { ...body, digest: approval.digest }
      : body
  const answered = await call(path, sent, as)
  expect([answered.status, answered.body.error]).toEqual([status, expect.stringMatching(error)])
  expect(await approvals()).toMatchObject([{ status: 'pending', answers: [] }])
})

test('late and replayed answers, and answers after a denial, are void', async () => {
  const { call, path, good, time, approval, drain } = await serving()
  expect(await call(path, { ...good, answer: 'deny', reason: 'a drill' })).toMatchObject({ status: 200 })
  expect(await call(path, { ...good, answer: 'deny', reason: 'a drill' })).toMatchObject({ status: 409 })
  expect(await call(path, good, token('b'))).toMatchObject({
    status: 409,
    body: { error: 'the approval is denied already' },
  })
  const other = await serving()
  other.time.at = other.approval.expiresAt
  expect(await other.call(other.path, other.good)).toMatchObject({
    status: 409,
    body: { error: 'the approval has expired' },
  })
  time.at = approval.expiresAt
  await drain()
})

test('of two channels that answer at the same time exactly one wins', async () => {
  const { call, path, good, answer, approval, drain, rows, approvals } = await serving()
  const [http, cli] = await Promise.all([
    call(path, good),
    answer(approval.id, { actor: 'analyst-9', answer: 'deny', reason: 'no', digest: approval.digest }),
  ])
  expect([http.status === 200, cli.ok].filter(Boolean)).toHaveLength(1)
  const [settled] = await approvals()
  expect(settled?.status).toBe(http.status === 200 ? 'approved' : 'denied')
  expect(settled?.answers).toHaveLength(1)
  await drain()
  expect(await rows('select from effect')).toHaveLength(http.status === 200 ? 1 : 0)
})

test('whoever guesses tokens is refused for a minute, also with the right one', async () => {
  const { call, time } = await serving()
  for (let n = 0; n < 10; n++)
    expect((await call('/approvals', undefined, `wrong-${n}-0123456789012345`)).status).toBe(401)
  expect((await call('/approvals')).status).toBe(429)
  time.at += 60_000
  expect((await call('/approvals')).status).toBe(200)
})

test('whoever calls without end is slowed down, others are not', async () => {
  const { call } = await serving()
  const statuses: number[] = []
  for (let n = 0; n < 121; n++) statuses.push((await call('/approvals/ap-none')).status)
  expect([statuses.filter((one) => one === 404).length, statuses.at(-1)]).toEqual([120, 429])
  expect((await call('/approvals', undefined, token('b'))).status).toBe(200)
})

test.each([
  ['/approvals/x', 'GET', 404],
  ['/approvals/ap-1', 'GET', 404],
  ['/approvals/ap-1/other', 'GET', 404],
  ['/approvals', 'DELETE', 405],
  ['/approvals/ap-1', 'PUT', 405],
])('%s with %s is answered %i', async (path, method, status) => {
  const { call } = await serving()
  expect((await call(path, undefined, token('a'), method)).status).toBe(status)
})

test('without the secret everything is closed', async () => {
  const { call } = await serving([])
  expect((await call('/approvals')).status).toBe(503)
})

test.each([
  ['short analyst-1 responder', 'short'],
  [`${token('a')} analyst-1`, token('a')],
  [`${token('a')}`, token('a')],
  ['', ''],
  [`${token('a')} analyst-1 responder`, ''],
])('the value %j gives nobody a right for %j', (value, given) => {
  expect(approverOf([value], `Bearer ${given}`)).toBeNull()
})

test('a person whom the team knows is one person, whatever the token calls them, and known as the author by every name', async () => {
  const tokens = [`${token('e')} kim@example.com responder`, `${token('f')} Kim-On-GitHub responder`]
  const two =
    'rules:\n  - { effects: [destructive], answer: ask, approvers: { roles: [responder], quorum: 2 }, reason: two }\n'
  const { call, path, good, approvals } = await serving([...people, ...tokens], two)
  expect((await call(path, good, token('e'))).body).toMatchObject({ status: 'pending', missing: 1 })
  expect(await call(path, good, token('f'))).toMatchObject({ status: 409, body: { error: 'kim has answered already' } })
  expect((await approvals())[0]?.answers.map((one) => one.actor)).toEqual(['kim'])

  const other = await serving([...people, ...tokens])
  await other.store.transaction((tx) =>
    keepBundle(tx, other.bundle, { at: 1, authors: { contain: ['kim@example.com', 'Kim'] } }),
  )
  const answered = await other.call(other.path, other.good, token('f'))
  expect([answered.status, answered.body.error]).toEqual([409, 'whoever wrote the playbook cannot approve its actions'])
})
