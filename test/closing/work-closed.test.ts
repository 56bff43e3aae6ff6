import { expect, test } from 'vitest'
import { changeIncident, readCase, saveAlerts, saveIncidents } from '../../src/cases/index.ts'
import { beginClosing, createCloser, proposeFor, workClosed } from '../../src/closing/index.ts'
import type { Verdict } from '../../src/core/model/index.ts'
import type { Proposal, Publisher } from '../../src/repo/index.ts'
import { madeAlert, madeIncident } from '../cases/made.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const bundle = await ownBundle()
const at = Date.parse('2026-06-02T10:00:00Z')

/** Keeps what it is given; each proposal is one however often it comes. */
function memory() {
  const published = new Map<string, Proposal>()
  let fails = 0
  const publisher: Publisher = {
    async publish(proposal) {
      if (fails > 0) {
        fails--
        throw new Error('the repository is away')
      }
      const isNew = !published.has(proposal.key)
      published.set(proposal.key, proposal)
      return { commit: 'c'.repeat(40), branch: `gitsoc/${proposal.key}`, url: null, isNew }
    },
  }
  return { published, publisher, failNext: (n: number) => (fails = n) }
}

async function world(count = 5) {
  const store = await testStore()
  await store.transaction(async (tx) => {
    await saveIncidents(tx, [madeIncident(), madeIncident({ number: 2 })])
    await saveAlerts(
      tx,
      Array.from({ length: count }, (_, n) => madeAlert({ id: `al-${n}`, lastAt: at - 1000 })),
    )
  })
  const close = async (number: number, verdict: Verdict, when = at) =>
    expect(
      await changeIncident(store, {
        number,
        actor: 'a',
        at: when,
        change: { kind: 'status', status: 'closed', verdict },
      }),
    ).toMatchObject({ ok: true })
  const kept = memory()
  let now = at
  const parts = { store, bundle: () => bundle, publisher: kept.publisher, clock: () => now }
  return { store, close, parts, ...kept, pass: (ms: number) => (now += ms) }
}

test('noise leads to a suppression rule that says what it would have withheld', async () => {
  const { store, close } = await world()
  await close(1, 'false-positive')
  const proposed = await proposeFor(store, bundle, 1, at)
  expect(proposed?.proposals.map(({ key, body }) => [key, body.split('\n')[0]])).toEqual([
    ['incident-1-report', expect.stringContaining('closed as false-positive')],
    ['incident-1-okta-mfa-fatigue', 'This exclusion removes 10 alerts of 30 days and no confirmed true positive.'],
  ])
})

test('nothing is proposed of an incident that is open, and it is said why', async () => {
  const { store } = await world()
  expect(await proposeFor(store, bundle, 1, at)).toEqual({
    proposals: [],
    left: [{ what: 'anything', why: 'incident 1 is new, not closed' }],
  })
})

test('a rule that would have hidden a confirmed incident is not proposed, and it is said why', async () => {
  const { store, close } = await world()
  await store.transaction((tx) => saveAlerts(tx, [madeAlert({ id: 'al-real', incident: 2, lastAt: at - 1000 })]))
  await close(2, 'true-positive')
  await close(1, 'false-positive')
  expect((await proposeFor(store, bundle, 1, at))?.left).toEqual([
    { what: 'tuning of okta-mfa-fatigue', why: expect.stringContaining('confirmed true positives') },
  ])
})

test('what was closed before is left alone, what is closed now is worked off once, and again after it was reopened', async () => {
  const { store, close, parts, published, pass } = await world()
  await close(2, 'undetermined', at - 1)
  await beginClosing(store, at)
  expect(await workClosed(parts)).toBe(false)
  await close(1, 'undetermined')
  expect(await Promise.all([workClosed(parts), workClosed(parts)])).toContain(true)
  expect(await workClosed(parts)).toBe(false)
  expect([...published.keys()]).toEqual(['incident-1-report'])
  const reopen = { kind: 'status', status: 'acknowledged' } as const
  expect(await changeIncident(store, { number: 1, actor: 'a', at: at + 1, change: reopen })).toMatchObject({ ok: true })
  pass(10)
  await close(1, 'undetermined', at + 10)
  expect(await workClosed(parts)).toBe(true)
})

test('a repository that is away loses nothing and is not asked in a hurry', async () => {
  const { store, close, parts, published, failNext, pass } = await world()
  await beginClosing(store, at)
  await close(1, 'undetermined')
  const problems: unknown[] = []
  const told = { ...parts, onError: (error: unknown) => problems.push(error) }
  failNext(2)
  expect(await workClosed(told)).toBe(true)
  expect(await workClosed(told)).toBe(false)
  pass(3 * 60_000)
  expect(await workClosed(told)).toBe(true)
  pass(10 * 60_000)
  expect(published.size).toBe(0)
  expect(await workClosed(told)).toBe(true)
  expect(problems).toHaveLength(2)
  expect(published.size).toBe(1)
  const story = (await store.transaction((tx) => readCase(tx, 1)))?.timeline.map(({ sentence }) => sentence)
  expect(story).toContain(`proposed: Keep the report of incident 1 (${'c'.repeat(12)} on gitsoc/incident-1-report)`)
})

test('a worker that died in the middle is taken over, and the same proposal is one', async () => {
  const { store, close, parts, published, pass } = await world()
  await beginClosing(store, at)
  await close(1, 'undetermined')
  const dies: Publisher = {
    publish: async (proposal, when) => {
      await parts.publisher.publish(proposal, when)
      return new Promise(() => {})
    },
  }
  void workClosed({ ...parts, publisher: dies })
  await expect.poll(() => published.size).toBe(1)
  expect(await workClosed(parts)).toBe(false)
  pass(6 * 60_000)
  expect(await workClosed(parts)).toBe(true)
  expect(published.size).toBe(1)
  expect(await workClosed(parts)).toBe(false)
})

test('the server works closed incidents off by itself', async () => {
  const { close, parts, published } = await world()
  const closer = createCloser({ ...parts, everyMs: 20 })
  await closer.start()
  await close(1, 'undetermined')
  await expect.poll(() => published.size).toBe(1)
  await closer.stop()
})
