import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { readRun, turnStopSwitch } from '../../src/respond/index.ts'
import { type Answer, startVendor, vendorManifest } from './vendor.ts'
import { allow, bundleWith, filesIn, worldOf } from './world.ts'

async function live(steps: string, answers: readonly Answer[], config: Record<string, unknown> = {}) {
  const vendor = await startVendor()
  onTestFinished(() => vendor.stop())
  vendor.answers.push(...answers)
  const world = await worldOf(await bundleWith(steps, allow, vendorManifest))
  const parts = {
    live: {
      config: (id: string) =>
        id === 'vendor' ? { mode: 'live', url: vendor.url, privateAddresses: true, ...(config as object) } : {},
      secrets: (name: string) => (name === 'vendor-token' ? ['the-token-value', 'old'] : undefined),
    },
  }
  const go = async (passMs = 0) => {
    world.time.at += passMs
    await world.responder(parts).drain()
  }
  /** Drains until the run is over or nothing but a person can help, with the clock going on from pause to pause. */
  const play = async () => {
    for (let turn = 0; turn < 30; turn++) {
      await go()
      const [run] = await world.rows<{ status: string; wake: number }>('select status, wake_at as wake from run')
      if (run?.status !== 'waiting' || run.wake >= 1_000_000 + 8 * 3_600_000) return
      world.time.at = run.wake
    }
  }
  const show = async () => {
    const [run] = await world.rows<{ id: string }>('select id from run')
    const found = await world.store.transaction((tx) => readRun(tx, run?.id ?? ''))
    if (found === null) throw new Error('the run is gone')
    return found
  }
  return { ...world, vendor, go, play, show, parts }
}

const step = (action: string, more = '') =>
  `  - { id: act, action: vendor.${action}, with: { user: u17 }, expires: 1h${more} }\n`
const patient = ', retry: { attempts: 3, backoff: 10s, max: 1m }, timeout: 1s'
const nobodyKnows = ['waiting', null] as const
const ended = (status: string, outcome: string) => [status, outcome] as const

test.each<
  [
    what: string,
    action: string,
    answers: readonly Answer[],
    end: readonly [string, string | null],
    done: number,
    calls: readonly string[],
  ]
>([
  ['a clear answer', 'lock', [200], ended('completed', 'done'), 1, ['POST /lock/u17']],
  ['a refusal', 'lock', [403], ended('failed', 'failed'), 0, ['POST /lock/u17']],
  [
    'too many requests, twice',
    'lock',
    [429, 429],
    ended('completed', 'done'),
    1,
    ['POST /lock/u17', 'POST /lock/u17', 'POST /lock/u17'],
  ],
  [
    'too many requests, even where nothing is repeated',
    'wipe',
    [429],
    ended('completed', 'done'),
    1,
    ['POST /wipe/u17', 'POST /wipe/u17'],
  ],
  [
    'an error of the vendor, who then says that nothing was done',
    'lock',
    [500],
    ended('completed', 'done'),
    1,
    ['POST /lock/u17', 'GET /state/u17', 'POST /lock/u17'],
  ],
  [
    'an answer that is lost, and a vendor that says it was done',
    'lock',
    ['lost'],
    ended('completed', 'done'),
    1,
    ['POST /lock/u17', 'GET /state/u17'],
  ],
  ['silence', 'lock', ['never'], ended('completed', 'done'), 1, ['POST /lock/u17', 'GET /state/u17', 'POST /lock/u17']],
  [
    'errors without end',
    'lock',
    [500, 500, 500, 500],
    ended('failed', 'failed'),
    0,
    ['POST /lock/u17', 'GET /state/u17', 'POST /lock/u17', 'GET /state/u17', 'POST /lock/u17', 'GET /state/u17'],
  ],
  [
    'an answer larger than is read',
    'lock',
    ['huge'],
    ended('completed', 'done'),
    1,
    ['POST /lock/u17', 'GET /state/u17'],
  ],
  ['garbage where no answer was declared', 'lock', ['garbage'], ended('completed', 'done'), 1, ['POST /lock/u17']],
  ['a redirect', 'lock', ['redirect'], ended('failed', 'failed'), 0, ['POST /lock/u17']],
  [
    'a lost answer of what must not be repeated, seen to be done',
    'stamp',
    ['lost'],
    ended('completed', 'done'),
    1,
    ['POST /stamp/u17', 'GET /state/u17'],
  ],
  [
    'an error of what must not be repeated, seen not to be done',
    'stamp',
    [500],
    nobodyKnows,
    0,
    ['POST /stamp/u17', 'GET /state/u17'],
  ],
  ['a lost answer of what can be neither repeated nor seen', 'wipe', ['lost'], nobodyKnows, 1, ['POST /wipe/u17']],
])('%s', async (_what, action, answers, [status, outcome], done, calls) => {
  const world = await live(step(action, patient), answers)
  await world.play()
  const run = await world.show()
  expect([run.status, run.effects[0]?.outcome]).toEqual([status, outcome])
  expect(world.vendor.calls).toEqual(calls)
  expect(world.vendor.done.get(`${action} u17`) ?? 0).toBe(done)
  expect(run.effects[0]?.attempts).toHaveLength(calls.length)
  expect(run.effects[0]?.attempts.every((one) => one.verdict !== null)).toBe(true)
  if (status === 'waiting')
    expect(await world.approvals()).toMatchObject([{ kind: 'unclear', options: ['done', 'repeat', 'give-up'] }])
})

test.each([
  ['done', 1, { status: 'completed' }],
  ['repeat', 2, { status: 'completed' }],
  ['give-up', 1, { status: 'failed' }],
] as const)('a person says %s of an effect of which nobody knows', async (answer, calls, end) => {
  const world = await live(step('wipe', patient), ['refused'])
  await world.play()
  const [asked] = await world.approvals()
  expect(await world.answer(asked?.id ?? '', { answer })).toMatchObject({ ok: true })
  await world.play()
  expect(world.vendor.calls).toHaveLength(calls)
  expect(await world.show()).toMatchObject(end)
})

test('a vendor that does it and answers too late is asked whether it was done, not called again', async () => {
  const { play, rows, vendor } = await live(step('stamp', patient), [])
  vendor.after = () => wait(1500)
  await play()
  expect(vendor.calls).toEqual(['POST /stamp/u17', 'GET /state/u17'])
  expect(await rows('select outcome from effect')).toEqual([{ outcome: 'done' }])
})

test('a vendor is called no earlier than it says, and the pauses are the same whoever computes them', async () => {
  const world = await live(step('lock', patient), [429])
  world.vendor.retryAfter = '120'
  await world.go()
  const [first] = await world.rows<{ next: number }>('select next_at as next from effect')
  expect(first?.next).toBe(world.time.at + 120_000)
  await world.go(119_999)
  expect(world.vendor.calls).toHaveLength(1)
  await world.go(1)
  expect(world.vendor.calls).toHaveLength(2)
})

test('what a vendor answers is kept as far as it was declared, and secrets are kept nowhere', async () => {
  const world = await live(
    `${step('look').replace(', expires: 1h', '')}  - { id: told, task: "level {{ steps.act.output.level | default(0) }}" }\n`,
    [200],
  )
  await world.play()
  const rows = JSON.stringify(
    await Promise.all(
      ['effect', 'effect_attempt', 'run_step', 'timeline', 'audit', 'task'].map((table) =>
        world.rows(`select * from ${table}`),
      ),
    ),
  )
  expect(rows).toContain('"level":7')
  expect(rows).toContain('level 7')
  for (const hidden of ['top-secret', 'the-token-value', 'not declared']) expect(rows).not.toContain(hidden)
  expect(await filesIn(world.dir)).toEqual({})
})

test('an answer that is not what was declared fails a look and leaves nothing to believe', async () => {
  const world = await live(step('look').replace(', expires: 1h', ''), ['garbage'])
  await world.play()
  expect(await world.show()).toMatchObject({
    status: 'failed',
    steps: [{ sentence: expect.stringContaining('not what was declared') }],
  })
})

test.each<[what: string, config: Record<string, unknown>, why: RegExp]>([
  ['plain http', { url: 'http://vendor.example.com', privateAddresses: false }, /is not https/],
  ['a private address', { url: 'https://127.0.0.1:9', privateAddresses: false }, /no public address/],
  [
    'a private address in another form',
    { url: 'https://[::ffff:10.0.0.1]:9', privateAddresses: false },
    /no public address/,
  ],
  [
    'a name that points to a private address',
    { url: 'https://localhost:9', privateAddresses: false },
    /no public address/,
  ],
  ['no address at all', { url: 'nowhere' }, /no address/],
  ['credentials in the address', { url: 'https://a:b@vendor.example.com' }, /user name or password/],
])('nothing is sent to %s', async (_what, config, why) => {
  const world = await live(step('lock'), [], config)
  await world.play()
  expect(world.vendor.calls).toEqual([])
  expect(await world.show()).toMatchObject({
    status: 'failed',
    effects: [{ outcome: 'failed' }],
    sentence: expect.stringMatching(why),
  })
})

test('a host that the manifest does not name gets nothing', async () => {
  const manifest = vendorManifest['integrations/vendor/integration.yaml'].replace(
    '  secrets:',
    '  egress: ["*.vendor.example.com"]\n  secrets:',
  )
  const world = await worldOf(
    await bundleWith(step('lock'), allow, { 'integrations/vendor/integration.yaml': manifest }),
  )
  const vendor = await startVendor()
  onTestFinished(() => vendor.stop())
  const config = () => ({ mode: 'live', url: vendor.url, privateAddresses: true })
  await world.responder({ live: { config, secrets: () => ['x'] } }).drain()
  expect(vendor.calls).toEqual([])
  expect((await world.steps()).at(-1)?.sentence).toContain(
    'is not among the hosts of the manifest (*.vendor.example.com)',
  )
})

test('without its secret nothing is sent', async () => {
  const world = await live(step('lock'), [])
  await world.responder({ live: { ...world.parts.live, secrets: () => undefined } }).drain()
  expect(world.vendor.calls).toEqual([])
  expect((await world.steps()).at(-1)?.sentence).toContain('there is no secret "vendor-token"')
})

test('what is not configured as live is simulated', async () => {
  const world = await live(step('lock'), [], { mode: 'simulate' })
  await world.play()
  expect(world.vendor.calls).toEqual([])
  expect(await world.show()).toMatchObject({ status: 'completed', effects: [{ mode: 'simulate', outcome: 'done' }] })
})

test("calls above a vendor's rate wait for their turn and do not fail", async () => {
  const steps =
    '  - { id: act, forEach: "{{ [1, 2, 3, 4] }}", concurrency: 4, action: vendor.lock, with: { user: "u{{ item }}" }, expires: 1h }\n'
  const world = await live(steps, [], { ratePerMinute: 1, rateBurst: 2 })
  await world.go()
  expect(world.vendor.calls).toHaveLength(2)
  expect((await world.show()).effects.map((one) => one.outcome)).toEqual(expect.arrayContaining(['done', null]))
  await world.rows(`update rate_budget set at = at - interval '2 minutes' returning tenant`)
  await world.go(120_000)
  expect(world.vendor.calls).toHaveLength(4)
  expect(await world.show()).toMatchObject({ status: 'completed' })
})

test('with the stop switch on nothing is called again', async () => {
  const world = await live(step('lock', patient), [429])
  await world.go()
  await turnStopSwitch(world.store, 'on', { actor: 'lead', reason: 'halt', at: world.time.at })
  await world.go(60_000)
  expect(world.vendor.calls).toHaveLength(1)
  expect(await world.show()).toMatchObject({ status: 'failed', effects: [{ outcome: 'failed' }] })
})

test('several replicas call a vendor once', async () => {
  const steps =
    '  - { id: act, forEach: "{{ [1, 2, 3, 4, 5, 6] }}", concurrency: 3, action: vendor.wipe, with: { user: "u{{ item }}" }, expires: 1h }\n'
  const world = await live(steps, [])
  await Promise.all(Array.from({ length: 4 }, () => world.responder(world.parts).drain()))
  await world.play()
  expect(world.vendor.calls.toSorted()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `POST /wipe/u${n}`))
  expect(await world.show()).toMatchObject({ status: 'completed' })
})

test('an answer in XML is asked for and read by the steps after it; one in anything else is none', async () => {
  const told = `  - { id: who, action: vendor.who, with: { user: u17 }, onError: continue }\n  - { id: tell, task: "{{ steps.who.status }} {{ steps.who.output.Who | default('nobody') }}" }\n`
  const seen = async (answer: Answer) => {
    const world = await live(told, [answer])
    await world.play()
    return (await world.rows<{ text: string }>('select title as text from task')).map((one) => one.text)
  }
  expect(await seen('xml')).toEqual(['done application/xml, text/xml'])
  expect(await seen(200)).toEqual(['failed nobody'])
})

test.each([
  ['is made again where that is safe', 'lock', 2, 'completed'],
  ['is left to a person where it is not', 'stamp', 1, 'waiting'],
] as const)(
  'what was done for the incident before does not confirm that it was done again: it %s',
  async (_what, action, done, status) => {
    const again = (id: string) =>
      `  - { id: ${id}, action: vendor.${action}, with: { user: u17 }, expires: 1h${patient} }\n`
    const { play, rows, vendor } = await live(again('first') + again('second'), [200, 'refused'])
    await play()
    expect(vendor.done.get(`${action} u17`)).toBe(done)
    expect(vendor.calls.filter((one) => one.startsWith('GET'))).toEqual([])
    expect(await rows('select status from run')).toEqual([{ status }])
  },
)
