import { expect, test } from 'vitest'
import { changeIncident, saveIncidents } from '../../../src/cases/index.ts'
import { rebuildIssues } from '../../../src/github/issues/rebuild.ts'
import { channelHealth, listProjections, retryProjections } from '../../../src/projection/index.ts'
import { madeIncident } from '../../cases/made.ts'
import { githubWorld } from './github-world.ts'

const markers = async (world: Awaited<ReturnType<typeof githubWorld>>) =>
  (await world.github.as('lead').issues.listForRepo({ ...world.repo, state: 'all', per_page: 100 })).data
    .map((one) => one.body?.split('\n')[0])
    .sort()

test('a crash after creating an issue or its comment makes no second one', async () => {
  const world = await githubWorld()
  await world.drain()
  for (const cut of [/\/issues$/, /\/comments$/]) {
    // GitHub does what it is asked, and we never hear of it.
    let lost = 0
    world.github.fail(null)
    const realFetch = globalThis.fetch
    globalThis.fetch = async (input, init) => {
      const answer = await realFetch(input, init)
      if (init?.method === 'POST' && cut.test(String(input)) && lost++ === 0) throw new TypeError('connection lost')
      return answer
    }
    await world.feature.drain.drain()
    globalThis.fetch = realFetch
    expect(lost).toBeGreaterThan(0)
    world.time.ahead += 180_000
  }
  await world.settle()
  expect(await markers(world)).toEqual(['<!-- gitsoc:incident main/1 -->'])
  expect((await world.comments()).filter((one) => one.body?.includes('gitsoc:status'))).toHaveLength(1)
})

test('a marker that somebody else writes is not taken for ours', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.github
    .as('outsider')
    .issues.create({ ...world.repo, title: 'mine', body: '<!-- gitsoc:incident main/1 -->\n' })
  world.github.fail(({ method, path }) => (method === 'POST' && path.endsWith('/issues') ? 'reset' : null))
  await world.feature.drain.drain()
  world.github.fail(null)
  world.time.ahead += 180_000
  await world.settle()
  expect((await world.issue()).user?.login).toBe('gitsoc[bot]')
})

test('24 hours without GitHub: nothing is lost, the critical ones come first, and each is written as it is at the end', async () => {
  const world = await githubWorld()
  const save = (number: number, severity: string) =>
    world.store.transaction(async (tx) => {
      await saveIncidents(tx, [madeIncident({ number, title: `incident ${number}` })])
      await tx.query('update incident set severity = $2 where tenant = $1 and number = $3', [
        tx.tenant,
        severity,
        number,
      ])
    })
  await world.github.down()
  for (let hour = 0; hour < 24; hour++) {
    await save(10 + hour, hour % 8 === 7 ? 'CRITICAL' : 'LOW')
    await world.feature.drain.drain()
    world.time.ahead += 3_600_000
  }
  await changeIncident(world.store, {
    number: 12,
    actor: 'lead-1',
    at: world.clock(),
    change: { kind: 'note', text: 'seen meanwhile' },
  })
  const away = await world.store.transaction((tx) => listProjections(tx, { state: 'dead' }))
  expect(away).toEqual([])
  await world.github.up()
  for (let n = 0; n < 5; n++) {
    await world.settle()
    world.time.ahead += 600_000
  }
  const issues = (await world.github.as('lead').issues.listForRepo({ ...world.repo, state: 'all', per_page: 100 })).data
  const numbers = issues.toSorted((a, b) => a.number - b.number).map((one) => Number(/INC-(\d+)/.exec(one.title)?.[1]))
  expect(numbers.toSorted((a, b) => a - b)).toEqual([1, ...Array.from({ length: 24 }, (_, n) => 10 + n)])
  // The first may be the probe that found GitHub there again.
  expect(numbers.slice(0, 4)).toEqual(expect.arrayContaining([17, 25, 33]))
  expect((await world.issue(12)).body).toContain('note: seen meanwhile')
  expect(world.lines.filter((line) => line.startsWith('github'))).toEqual([
    'github does not answer: what is to be told it waits',
    expect.stringMatching(/^github is back after \d+ s$/),
  ])
}, 120_000)

test.each([
  [
    'a secondary limit',
    { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '120' } },
    120_000,
  ],
  ['too many requests', { status: 429 }, 60_000],
  [
    'the limit of the hour',
    { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999' } },
    3_600_000,
  ],
] as const)('%s is kept as GitHub asks', async (_name, fault, pauseMs) => {
  const world = await githubWorld()
  world.github.fail(({ path }) => (path.endsWith('/issues') ? fault : null))
  const before = world.clock()
  const { nextAt } = await world.feature.drain.drain()
  const asked = world.github.asked.length
  expect(Math.abs((nextAt ?? 0) - before - pauseMs)).toBeLessThan(10_000)
  await world.feature.drain.drain()
  expect(world.github.asked.length, 'nothing is asked before that').toBe(asked)
  world.github.fail(null)
  world.time.ahead += pauseMs + 10_000
  await world.settle()
  expect(await markers(world)).toHaveLength(1)
})

test('a permission that is missing is told as what it is with what to do, and nothing dies of it', async () => {
  const world = await githubWorld()
  const message = 'Resource not accessible by integration'
  world.github.fail(({ method }) => (method === 'POST' ? { status: 403, message } : null))
  for (let n = 0; n < 12; n++) {
    await world.feature.drain.drain()
    world.time.ahead += 700_000
  }
  const [waiting] = await world.store.transaction((tx) => listProjections(tx))
  expect(waiting).toMatchObject({ subject: 'incident/1', state: 'waiting', problem: { kind: 'barred' } })
  expect(waiting?.problem?.why).toContain(`GitHub answered 403: ${message}`)
  expect(waiting?.problem?.todo).toContain('issues: write')
  expect(await world.store.transaction((tx) => channelHealth(tx, 'github'))).toMatchObject({
    state: 'barred',
    todo: expect.stringContaining('grant the app'),
    dead: 0,
  })
  expect(world.lines.filter((line) => line.startsWith('github'))).toEqual([
    expect.stringMatching(/^github lets us write nothing.*403.*grant the app/),
  ])
  world.github.fail(null)
  await world.settle()
  expect(await markers(world)).toHaveLength(1)
  expect(await world.store.transaction((tx) => channelHealth(tx, 'github'))).toMatchObject({ state: 'there' })
})

test('a repository without issues is said to have none, and is tried again by hand', async () => {
  const world = await githubWorld()
  world.github.fail(({ path }) =>
    path.endsWith('/issues') ? { status: 410, message: 'Issues are disabled for this repo' } : null,
  )
  await world.feature.drain.drain()
  const [dead] = await world.store.transaction((tx) => listProjections(tx, { state: 'dead' }))
  expect(dead).toMatchObject({ subject: 'incident/1', problem: { kind: 'refused' } })
  expect(dead?.problem?.why).toContain('GitHub answered 410: Issues are disabled')
  world.github.fail(null)
  await world.store.transaction((tx) => retryProjections(tx, 'github', null))
  await world.settle()
  expect(await markers(world)).toHaveLength(1)
})

test('a request that GitHub never answers is given up and does not hold the others', async () => {
  const world = await githubWorld({ callMs: 300 })
  world.github.fail(({ method, path }) => (method === 'POST' && path.endsWith('/issues') ? 'hang' : null))
  await world.feature.drain.drain()
  expect(await world.problems()).toEqual([expect.stringContaining('GitHub does not answer: no answer within 300 ms')])
  world.github.fail(null)
  world.time.ahead += 600_000
  await world.settle()
  expect(await markers(world)).toHaveLength(1)
})

test('webhooks that were lost are found: a closed issue, a milestone, a command, an edit', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  const before = await world.issue()
  await world.say('/ack')
  await world.github
    .as('analyst')
    .issues.update({ ...world.repo, issue_number: before.number, body: 'gone', state: 'closed' })
  const { data } = await world.github.as('analyst').issues.createMilestone({ ...world.repo, title: 'Exercise 7' })
  await world.github.as('analyst').issues.update({ ...world.repo, issue_number: before.number, milestone: data.number })
  await world.github.idle()
  world.github.take()
  // Found a minute later: what was done last there is done last here.
  world.time.ahead += 60_000
  await world.feature.look?.()
  await world.settle()
  const found = await world.rows('select status, milestone from incident where number = 1')
  expect(found).toEqual([{ status: 'resolved', milestone: 'Exercise 7' }])
  const after = await world.issue()
  expect(after.state).toBe('closed')
  expect(after.body).toContain('gitsoc:incident main/1')
  expect((await world.answers()).join()).toContain('`/ack`')
})

test('an issue that is not there any more is made anew while its incident is worked on', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  const gone = await world.issueNumber()
  world.github.fail(({ path }) =>
    path.endsWith(`/issues/${gone}`) ? { status: 410, message: 'This issue was deleted' } : null,
  )
  await world.dispatch({
    id: 'deleted',
    event: 'issues',
    payload: {
      action: 'deleted',
      issue: await world.issue().catch(() => ({ number: gone })),
      sender: { login: 'lead', type: 'User' },
    },
  })
  await world.settle()
  world.github.fail(null)
  expect(await world.issueNumber()).not.toBe(gone)
})

test('rebuilding puts every issue to what its incident says', async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  const before = await world.issue()
  await world.github
    .as('analyst')
    .issues.update({ ...world.repo, issue_number: before.number, body: 'gone', labels: [] })
  await world.github.idle()
  world.github.take()
  expect(await world.store.transaction(rebuildIssues)).toMatchObject({ incidents: 1, isKept: true })
  await world.settle()
  expect((await world.issue()).body).toBe(before.body)
  expect(await world.labels()).toContain('incident')
})
