import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readContainments } from '../../../src/cases/index.ts'
import { createResponder, reconcileContainment } from '../../../src/respond/index.ts'
import { allow, bundleWith, suspendFirst, worldOf } from '../world.ts'

const day = 86_400_000
const manifest = 'integrations/okta/integration.yaml'
const okta = readFileSync(manifest, 'utf8')

/** A vendor on this machine that remembers what it was told, an account that was suspended there, and a reconciler. */
async function contained(answers: { status: number }) {
  const told: string[] = []
  const server = createServer((request, response) => {
    told.push(`${request.method} ${request.url}`)
    response.writeHead(answers.status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = (id: string) => (id === 'okta' ? { mode: 'live', orgUrl: url, privateAddresses: true } : {})
  const live = { config, secrets: () => ['secret-of-a-test'] }
  const bundle = await bundleWith(suspendFirst, allow, {
    [manifest]: okta.replace(/egress: .*/, 'egress: [127.0.0.1]'),
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
  return { told, apply, holding }
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
