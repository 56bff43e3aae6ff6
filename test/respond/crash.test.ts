import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Store } from '../../src/store/index.ts'
import { allow, bundleWith, suspendEach, worldOf } from './world.ts'

const people = ['user17@example.com', 'user18@example.com']
const steps = `  - id: tell
    action: email.send
    with: { to: oncall@example.com, subject: "{{ incident.title }}", text: hello }
${suspendEach}  - { id: call, task: Call them }
`

class Crash extends Error {}

/** A replica of such a lease says that it is there once, however slow the machine is: each transaction has its number. */
const withoutBeats = 600_000

/** A store whose transaction number `n` is lost before it commits, or after it has. */
function crashing(store: Store, n: number, when: 'before commit' | 'after commit'): Store {
  let count = 0
  return {
    ...store,
    async transaction(work) {
      const isLast = ++count === n
      if (isLast && when === 'before commit')
        return store.transaction(async (tx) => {
          await work(tx)
          throw new Crash()
        })
      const done = await store.transaction(work)
      if (isLast) throw new Crash()
      return done
    },
  }
}

/** Everything a run leaves behind, without what differs between stores. */
async function trace(world: Awaited<ReturnType<typeof worldOf>>) {
  const text = JSON.stringify({
    steps: await world.rows('select n, path, status, sentence from run_step order by n'),
    effects: await world.rows('select id, path, target, outcome, inputs, rollback from effect order by id'),
    runs: await world.rows('select id, status, sentence from run'),
    timeline: await world.rows('select n, kind, actor, sentence from timeline order by n'),
    audit: await world.rows('select seq, action, subject from audit order by seq'),
    tasks: await world.rows('select n, title from task order by n'),
    files: await world.files(),
  })
  return text.replaceAll(world.dir, '')
}

test('a responder that dies anywhere, before or after any commit, goes on as if nothing had happened', async () => {
  const bundle = await bundleWith(steps, allow)
  const undisturbed = await worldOf(bundle, { people })
  let transactions = 0
  const counting: Store = {
    ...undisturbed.store,
    transaction: (work) => {
      transactions++
      return undisturbed.store.transaction(work)
    },
  }
  await undisturbed.responder({ store: counting, leaseMs: withoutBeats }).drain()
  const expected = await trace(undisturbed)
  expect(transactions).toBeGreaterThan(4)
  expect(JSON.parse(expected).effects).toHaveLength(3)
  for (const when of ['before commit', 'after commit'] as const) {
    for (let n = 1; n <= transactions; n++) {
      const world = await worldOf(bundle, { people })
      await expect(
        world.responder({ store: crashing(world.store, n, when), leaseMs: withoutBeats }).drain(),
      ).rejects.toThrow(Crash)
      await world.drain()
      await world.drain()
      expect(await trace(world), `died ${when} of transaction ${n}`).toBe(expected)
    }
  }
}, 120_000)

const mailEach =
  '  - { id: tell, forEach: "{{ incident.people }}", action: email.send, with: { to: "{{ item }}", subject: x, text: y }, onError: continue }\n'

test('an effect that was intended and not made is made once the cause is gone', async () => {
  const world = await worldOf(await bundleWith(mailEach, allow), { people })
  const blocked = join(world.dir, 'blocked')
  await writeFile(blocked, 'a file where a folder should be')
  await expect(world.responder({ outboxDir: blocked }).drain()).rejects.toThrow(/EEXIST|ENOTDIR/)
  expect(await world.rows('select outcome, attempts from effect')).toEqual([{ outcome: null, attempts: 0 }])
  expect((await world.steps()).filter((one) => one.status !== 'decided')).toEqual([])
  await world.drain()
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
})

test('what is only simulated is on record with its outcome or not at all', async () => {
  const world = await worldOf(await bundleWith(suspendEach, allow), { people })
  const blocked = join(world.dir, 'blocked')
  await writeFile(blocked, 'a file where a folder should be')
  await expect(world.responder({ artifactsDir: blocked }).drain()).rejects.toThrow(/EEXIST|ENOTDIR/)
  expect(await world.rows('select outcome from effect')).toEqual([])
  await world.drain()
  expect(await world.rows('select outcome, attempts from effect')).toEqual([
    { outcome: 'done', attempts: 1 },
    { outcome: 'done', attempts: 1 },
  ])
  expect(await world.rows('select kind, verdict from effect_attempt where ended_at is not null')).toHaveLength(2)
})

test('an intended effect is settled as it was intended, though the incident has become another since', async () => {
  const steps = `  - { id: tell, action: email.send, with: { to: "{{ incident.people | first | default('nobody') }}", subject: x, text: y } }\n`
  const world = await worldOf(await bundleWith(steps, allow))
  const blocked = join(world.dir, 'blocked')
  await writeFile(blocked, '')
  await expect(world.responder({ outboxDir: blocked }).drain()).rejects.toThrow()
  await world.save(['another@example.com'])
  await world.drain()
  expect(await world.rows('select target, outcome, inputs from effect')).toEqual([
    { target: 'user17@example.com', outcome: 'done', inputs: { to: 'user17@example.com', subject: 'x', text: 'y' } },
  ])
  const written = Object.entries(await world.files()).filter(([file]) => file.startsWith('outbox'))
  expect(written).toHaveLength(1)
  expect(written[0]?.[1]).toContain('user17@example.com')
  expect(written[0]?.[1]).not.toContain('another')
})

test('a loop over more items than one turn takes goes on at once', async () => {
  const each = (id: string) =>
    `  - { id: ${id}, forEach: "{{ incident.people }}", max: 80, do: [{ id: call-${id}, task: "Call {{ item }} ${id}" }] }\n`
  const steps = ['a', 'b', 'c'].map(each).join('')
  const many = Array.from({ length: 80 }, (_, n) => `user${n}@example.com`)
  const world = await worldOf(await bundleWith(steps, allow), { people: many })
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
  expect(await world.rows('select from task')).toHaveLength(240)
})

test('several responders at once do everything once', async () => {
  const bundle = await bundleWith(steps, allow)
  const alone = await worldOf(bundle, { people })
  await alone.drain()
  const world = await worldOf(bundle, { people })
  await Promise.all(Array.from({ length: 4 }, () => world.drain()))
  await world.drain()
  expect(await trace(world)).toBe(await trace(alone))
})

test('a run that cannot go on does not keep the others from going on', async () => {
  const bundle = await bundleWith(steps, allow)
  const world = await worldOf(bundle, { people })
  const broken: Store = {
    ...world.store,
    transaction: (work) =>
      world.store.transaction((tx) =>
        work({
          ...tx,
          write: (statement, values) => {
            const isSteps = JSON.stringify(statement).includes('insert into run_step')
            if (isSteps && String(values?.[1]).includes(first)) throw new Crash()
            return tx.write(statement, values)
          },
        }),
      ),
  }
  const [{ id: first } = { id: '' }] = await world.rows<{ id: string }>('select id from run')
  await world.rows(
    `insert into incident (tenant, number, status, first_at, last_at, doc) select tenant, 2, status, first_at, last_at, jsonb_set(doc, '{number}', '2') from incident returning number`,
  )
  world.time.at += 1
  await world.begin(2)
  await expect(world.responder({ store: broken }).drain()).rejects.toThrow(Crash)
  expect(await world.rows('select incident, status from run order by incident')).toEqual([
    { incident: 1, status: 'running' },
    { incident: 2, status: 'completed' },
  ])
})

test('a playbook runs once per incident, however often it is set off', async () => {
  const world = await worldOf(await bundleWith(steps, allow), { people })
  expect(await world.begin()).toEqual([])
  await world.drain()
  expect(await world.begin()).toEqual([])
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
})

test('a run waits for the content it started with', async () => {
  const world = await worldOf(await bundleWith(steps, allow), { people })
  await world.responder({ knows: false }).drain()
  expect((await world.steps()).filter((one) => one.status !== 'decided')).toEqual([])
  expect(await world.rows('select status from run')).toEqual([{ status: 'running' }])
  await world.drain()
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
})

test('an answer wakes a responder that runs', async () => {
  const world = await worldOf(await bundleWith(suspendEach))
  const responder = world.responder()
  await responder.start()
  try {
    await expect.poll(() => world.approvals(), { timeout: 10_000 }).toHaveLength(1)
    const [approval] = await world.approvals()
    await world.answer(approval?.id ?? '')
    await expect.poll(() => world.rows('select status from run'), { timeout: 4000 }).toEqual([{ status: 'completed' }])
  } finally {
    await responder.stop()
  }
})

test('a claim whose commit was not answered is freed by the process that does not know of it, and made once', async () => {
  const world = await worldOf(await bundleWith(mailEach, allow))
  let lost = 0
  const losing: Store = {
    ...world.store,
    async transaction(work) {
      let claims = false
      const done = await world.store.transaction((tx) =>
        work({
          ...tx,
          write: (statement, values) => {
            claims ||= JSON.stringify(statement).includes('write-calls')
            return tx.write(statement, values)
          },
        }),
      )
      if (claims && lost++ === 0) throw Object.assign(new Error('the server has gone away'), { code: '57P01' })
      return done
    },
  }
  const responder = world.responder({ store: losing })
  await responder.start()
  try {
    await expect
      .poll(() => world.rows('select status from run'), { timeout: 20_000 })
      .toEqual([{ status: 'completed' }])
  } finally {
    await responder.stop()
  }
  expect(lost).toBe(2)
  expect(await world.rows('select n, verdict from effect_attempt')).toEqual([{ n: 1, verdict: 'done' }])
})
