import { expect, test } from 'vitest'
import {
  countProjections,
  foldMarks,
  listProjections,
  retryProjections,
  send,
  takeDue,
} from '../../src/projection/index.ts'
import { channelWorld } from './channel-world.ts'

const away = { kind: 'away', why: 'timeout' } as const

test('the most severe goes first, then what waits longest, and each is written once', async () => {
  const world = await channelWorld()
  await world.change(1, 'one', 'LOW')
  await world.change(2, 'two', 'CRITICAL')
  await world.change(3, 'three', null)
  await world.change(4, 'four', 'CRITICAL')
  await world.change(1, 'one again', 'LOW')
  const done = await world.drainOf().drain()
  expect(done).toEqual({ written: 4, nextAt: null })
  expect(world.requests.map((one) => one.text)).toEqual(['two', 'four', 'one again', 'three'])
  expect(await world.drainOf().drain()).toEqual({ written: 0, nextAt: null })
})

test('what changes without changing what is shown asks nothing of the other side', async () => {
  const world = await channelWorld()
  await world.change(1, 'one')
  await world.drainOf().drain()
  await world.change(1, 'one', 'HIGH')
  await world.drainOf().drain()
  expect(world.requests).toHaveLength(1)
})

test('several replicas write each subject once', async () => {
  const world = await channelWorld()
  for (let number = 1; number <= 12; number++) await world.change(number, `incident ${number}`)
  await Promise.all([world.drainOf().drain(), world.drainOf().drain(), world.drainOf().drain()])
  expect(world.requests.map((one) => one.subject).sort()).toEqual([...world.outside.keys()].sort())
  expect(world.outside.size).toBe(12)
})

test('twenty writes a minute, three seconds apart, whichever replica makes them', async () => {
  const world = await channelWorld({ budget: [{ writes: 20, perMs: 60_000, burst: 1 }] })
  for (let number = 1; number <= 5; number++) await world.change(number, `incident ${number}`)
  await world.drainOf().drain()
  const times = world.requests.map((one) => one.at)
  expect(times.slice(1).map((at, index) => at - (times[index] ?? 0))).toEqual([3000, 3000, 3000, 3000])
})

test('a budget that is used up for long ends the pass and is waited for', async () => {
  const world = await channelWorld({ budget: [{ writes: 60, perMs: 3_600_000, burst: 2 }] })
  for (let number = 1; number <= 3; number++) await world.change(number, `incident ${number}`)
  expect(await world.drainOf().drain()).toEqual({ written: 2, nextAt: world.time.at + 60_000 })
  world.time.at += 60_000
  expect(await world.drainOf().drain()).toEqual({ written: 1, nextAt: null })
})

test('an incident that was just written rests, others do not wait for it', async () => {
  const world = await channelWorld({ restMs: 10_000 })
  await world.change(1, 'one')
  await world.drainOf().drain()
  await world.change(1, 'one changed')
  await world.change(2, 'two')
  expect(await world.drainOf().drain()).toEqual({ written: 1, nextAt: world.time.at + 10_000 })
  world.time.at += 10_000
  await world.drainOf().drain()
  expect(world.outside.get('incident/1')).toBe('one changed')
})

test('one that is refused for good is dead, is seen in the list, and is tried again by hand only', async () => {
  const world = await channelWorld()
  world.faults.of = (due) => (due.incident === 1 ? { kind: 'refused', why: '410 issues are off', final: true } : null)
  await world.change(1, 'one')
  await world.change(2, 'two')
  await world.drainOf().drain()
  await world.change(1, 'one changed')
  world.time.at += 86_400_000
  expect(await world.drainOf().drain()).toEqual({ written: 0, nextAt: null })
  const dead = await world.store.transaction((tx) => listProjections(tx, { state: 'dead' }))
  expect(dead).toMatchObject([{ subject: 'incident/1', problem: { kind: 'refused', why: '410 issues are off' } }])
  expect(world.lines).toEqual([
    'github does not take incident/1: 410 issues are off; gitsoc projections list --state dead shows it',
  ])
  world.faults.of = () => null
  expect(await world.store.transaction((tx) => retryProjections(tx, 'github', 'incident/1'))).toBe(1)
  await world.drainOf().drain()
  expect(world.outside.get('incident/1')).toBe('one changed')
})

test('one that is refused again and again dies at the eighth time', async () => {
  const world = await channelWorld()
  world.faults.of = () => ({ kind: 'refused', why: '403' })
  await world.change(1, 'one')
  for (let tries = 0; tries < 20; tries++) {
    await world.drainOf().drain()
    world.time.at += 3_600_000
  }
  expect(world.requests).toHaveLength(8)
})

test('a fault of the writer is told of and does not stop the others', async () => {
  const world = await channelWorld()
  world.faults.of = (due) => {
    if (due.incident === 1) throw new Error('boom')
    return null
  }
  await world.change(1, 'one')
  await world.change(2, 'two')
  await world.drainOf().drain()
  expect(world.outside.get('incident/2')).toBe('two')
  const [first] = await world.store.transaction((tx) => listProjections(tx, { state: 'waiting' }))
  expect(first?.problem?.why).toBe('a fault of ours: boom')
})

test('a limit is kept for the whole channel', async () => {
  const world = await channelWorld()
  const until = world.time.at + 60_000
  world.faults.of = () => (world.time.at < until ? { kind: 'limited', why: 'slow down', until } : null)
  await world.change(1, 'one')
  await world.change(2, 'two')
  expect(await world.drainOf().drain()).toEqual({ written: 0, nextAt: until })
  expect(world.requests).toHaveLength(1)
  world.time.at = until
  await world.drainOf().drain()
  expect(world.outside.size).toBe(2)
})

test('one bad subject does not make the other side away', async () => {
  const world = await channelWorld()
  world.faults.of = (due) => (due.incident === 1 ? away : null)
  await world.change(1, 'one', 'CRITICAL')
  for (let number = 2; number <= 6; number++) {
    await world.change(number, `incident ${number}`)
    await world.drainOf().drain()
    world.time.at += 5_000
  }
  expect(world.outside.size).toBe(5)
  expect(world.lines).toEqual([])
})

test('an outage of 24 hours: a probe now and then, nothing lost, the critical ones first when it is over', async () => {
  const world = await channelWorld({ budget: [{ writes: 20, perMs: 60_000, burst: 1 }] })
  const begin = world.time.at
  const end = begin + 86_400_000
  world.faults.of = () => (world.time.at < end ? away : null)
  const drain = world.drainOf()
  for (let hour = 0; hour < 24; hour++) {
    await world.change(hour + 1, `opened in hour ${hour}`, hour % 6 === 5 ? 'CRITICAL' : 'LOW')
    await world.change(1 + (hour % 3), `changed in hour ${hour}`, 'LOW')
    while (world.time.at < begin + (hour + 1) * 3_600_000) {
      const { nextAt } = await drain.drain()
      world.time.at = Math.max(
        world.time.at + 20,
        Math.min(nextAt ?? Number.POSITIVE_INFINITY, begin + (hour + 1) * 3_600_000),
      )
    }
  }
  const asked = world.requests.length
  expect(asked, 'about one probe a minute').toBeLessThan(1500)
  expect(asked).toBeGreaterThan(1000)
  expect(await world.store.transaction(countProjections)).toEqual([{ channel: 'github', state: 'waiting', count: 24 }])
  while ((await drain.drain()).nextAt !== null) world.time.at += 60_000
  const after = world.requests.slice(asked).map((one) => one.text)
  // The first is the probe that was answered, whichever that was.
  expect(after.slice(0, 5)).toEqual(expect.arrayContaining([5, 11, 17, 23].map((hour) => `opened in hour ${hour}`)))
  expect(after).toHaveLength(24)
  for (let number = 1; number <= 24; number++)
    expect(world.outside.get(`incident/${number}`)).toBe(
      number <= 3 ? `changed in hour ${[21, 22, 23][number - 1]}` : `opened in hour ${number - 1}`,
    )
  expect(world.lines[0]).toBe('github does not answer: what is to be told it waits')
  expect(world.lines[1]).toMatch(/^github is back after 86\d\d\d s$/)
}, 120_000)

test('a message is sent once, however often it is left and whoever leaves it', async () => {
  const world = await channelWorld()
  const leave = () =>
    world.store.transaction((tx) => send(tx, 'github', { key: 'answer-1', body: { text: 'done' }, rank: 0, at: 1 }))
  expect(await leave()).toBe(true)
  expect(await leave()).toBe(false)
  await world.drainOf().drain()
  expect(await leave()).toBe(false)
  await world.drainOf().drain()
  expect(world.requests).toMatchObject([{ subject: 'message/answer-1', text: '{"text":"done"}' }])
  expect(await world.store.transaction((tx) => send(tx, 'slack', { key: 'x', body: {}, rank: 0, at: 1 }))).toBe(false)
})

test('a replica that died holds its subject until the claim ends', async () => {
  const world = await channelWorld({ leaseMs: 60_000 })
  await world.change(1, 'one')
  await world.store.transaction((tx) => foldMarks(tx, world.time.at))
  await world.store.transaction((tx) => takeDue(tx, 'github', { n: 1, at: world.time.at, leaseMs: 60_000 }))
  expect(await world.drainOf().drain()).toEqual({ written: 0, nextAt: world.time.at + 60_000 })
  world.time.at += 60_000
  expect(await world.drainOf().drain()).toEqual({ written: 1, nextAt: null })
})
