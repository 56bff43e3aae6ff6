import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readContainments } from '../../../src/cases/index.ts'
import {
  containmentStatus,
  createReconciler,
  createResponder,
  createVendorWatch,
  reconcileContainment,
} from '../../../src/respond/index.ts'
import { allow, bundleWith, suspendFirst, worldOf } from '../world.ts'

const day = 86_400_000
const manifest = 'integrations/okta/integration.yaml'
const okta = readFileSync(manifest, 'utf8')

/** A vendor on this machine that remembers what it was told, an account that was suspended there, and a reconciler. */
async function contained(answers: { status: number; body?: string }, isIdempotent = false) {
  const told: string[] = []
  const server = createServer((request, response) => {
    told.push(`${request.method} ${request.url}`)
    response.writeHead(answers.status, { 'content-type': 'application/json' }).end(answers.body ?? '{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = (id: string) => (id === 'okta' ? { mode: 'live', orgUrl: url, privateAddresses: true } : {})
  const live = { config, secrets: () => ['secret-of-a-test'] }
  const bundle = await bundleWith(suspendFirst, allow, {
    [manifest]: okta
      .replace(/egress: .*/, 'egress: [127.0.0.1]')
      .replace(
        'title: Suspend an Okta user',
        isIdempotent ? 'title: Suspend an Okta user\n    idempotent: true' : '$&',
      ),
  })
  const world = await worldOf(bundle)
  const parts = { store: world.store, bundleOf: () => bundle, clock: () => world.time.at, places: world.places }
  await createResponder({ ...parts, live }).drain()
  world.time.at += day
  const apply = (options: { again?: boolean; live?: boolean } = {}) =>
    reconcileContainment(
      { ...parts, current: bundle, dir: null, ...(options.live === false ? {} : { live }) },
      { actor: 'gitsoc', again: options.again ?? false },
    )
  const holding = async () => (await world.store.transaction((tx) => readContainments(tx, null))).length
  const whole = { ...parts, current: bundle, dir: null, live }
  return { ...world, told, apply, holding, whole }
}

test('what was done at a vendor is taken back there, once', async () => {
  const { told, apply, holding } = await contained({ status: 200 })
  await apply()
  await apply()
  expect(told).toEqual([
    'POST /api/v1/users/user17%40example.com/lifecycle/suspend',
    'POST /api/v1/users/user17%40example.com/lifecycle/unsuspend',
  ])
  expect(await holding()).toBe(0)
})

test('what was done at a vendor is not called taken back where the integration is not live', async () => {
  const { told, apply, holding } = await contained({ status: 200 })
  expect((await apply({ live: false })).left).toEqual([expect.stringContaining('was done for real')])
  expect([told.length, await holding()]).toEqual([1, 1])
})

test('a vendor that refuses is told of, and asked again only by a person', async () => {
  const answers = { status: 200 }
  const { told, apply, holding } = await contained(answers)
  answers.status = 403
  expect((await apply()).left).toEqual([expect.stringContaining('answered 403')])
  await apply()
  expect([told.length, await holding()]).toEqual([2, 1])
  answers.status = 200
  await apply({ again: true })
  expect([told.length, await holding()]).toEqual([3, 0])
})

test('a vendor that fails is asked again, each time after twice as long, where that is safe; it is told once', async () => {
  const answers = { status: 200 }
  const { told, apply, holding, time, rows } = await contained(answers, true)
  answers.status = 500
  const minute = 60_000
  const tried = async (passMs: number) => {
    const before = told.length
    time.at += passMs
    await apply()
    return told.length - before
  }
  expect(await tried(0)).toBe(1)
  expect((await apply()).left).toEqual([expect.stringContaining('it is tried again at')])
  expect([await tried(minute - 1), await tried(1), await tried(minute), await tried(minute)]).toEqual([0, 1, 0, 1])
  expect(await rows(`select from timeline where sentence like 'could not take back%'`)).toHaveLength(1)
  answers.status = 200
  expect(await tried(6 * 60 * minute)).toBe(1)
  expect(await holding()).toBe(0)
})

test('a vendor that fails is not asked again where nobody knows whether that would be twice', async () => {
  const answers = { status: 200 }
  const { told, apply, time } = await contained(answers)
  answers.status = 500
  await apply()
  time.at += 2 * day
  await apply()
  expect(told).toHaveLength(2)
})

test.each([
  ['still says so', '{"status":"SUSPENDED"}', 200, []],
  ['says otherwise', '{"status":"ACTIVE"}', 200, ['gone user17@example.com']],
  ['does not answer', '{}', 503, []],
  ['answers something else', '<html>', 200, []],
])('a vendor that %s is heard', async (_what, body, status, drift) => {
  const answers = { status: 200, body: '{}' }
  const { whole, told, holding, rows } = await contained(answers)
  await rows(`update effect set expires_at = null`)
  Object.assign(answers, { body, status })
  const watch = createVendorWatch(whole, { atOnce: 5, forMs: 300_000 })
  const seen = async () => (await containmentStatus(whole, null, watch)).drift.map((one) => `${one.kind} ${one.target}`)
  expect(await seen()).toEqual(drift)
  expect(await seen()).toEqual(drift)
  expect(told.filter((one) => one.startsWith('GET'))).toHaveLength(1)
  expect(await rows(`select from audit where action = 'containment.gone'`)).toHaveLength(drift.length)
  expect(await holding()).toBe(1)
})

test('so many are asked about at once, the others in their turn, and what is gone is put on record once', async () => {
  const answers = { status: 200, body: '{}' }
  const { whole, told, time, rows } = await contained(answers)
  await rows(`update effect set expires_at = null`)
  answers.body = '{"status":"ACTIVE"}'
  const one = createVendorWatch(whole, { atOnce: 0, forMs: 300_000 })
  expect((await containmentStatus(whole, null, one)).drift).toEqual([])
  const asks = () => told.filter((call) => call.startsWith('GET')).length
  expect(asks()).toBe(0)
  for (const watch of [
    createVendorWatch(whole, { atOnce: 5, forMs: 1000 }),
    createVendorWatch(whole, { atOnce: 5, forMs: 1000 }),
  ]) {
    await containmentStatus(whole, null, watch)
    time.at += 1000
    await containmentStatus(whole, null, watch)
  }
  expect(asks()).toBe(4)
  expect(await rows(`select from audit where action = 'containment.gone'`)).toHaveLength(1)
  expect(await rows(`select from timeline where sentence like '%not so any more'`)).toHaveLength(1)
})

test('the server reports what it could not take back, and where vendors differ', async () => {
  const answers = { status: 200, body: '{"status":"ACTIVE"}' }
  const { whole, rows } = await contained(answers)
  await rows(`update effect set expires_at = null`)
  const reconciler = createReconciler({ ...whole, everyMs: 20 })
  expect(reconciler.report()).toEqual({ at: null, drift: [], left: [] })
  reconciler.start()
  await vi.waitFor(() => expect(reconciler.report().drift).toMatchObject([{ kind: 'gone' }]), 20_000)
  answers.status = 403
  await rows(`update effect set expires_at = 1`)
  await vi.waitFor(
    () => expect(reconciler.report().left).toEqual([expect.stringContaining('could not be taken back')]),
    20_000,
  )
  await reconciler.stop()
})
