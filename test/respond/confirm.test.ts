import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/index.ts'
import { allow, bundleWith, suspendFirst, worldOf } from './world.ts'

/** Okta's users as its management API shows them: what is asked of it, in the order in which it came. */
async function startOkta(does: 'what it is asked' | 'nothing') {
  const calls: string[] = []
  let status = 'ACTIVE'
  const server = createServer((request, response) => {
    request.resume()
    calls.push(`${request.method} ${request.url}`)
    if (request.method === 'POST') {
      if (does === 'what it is asked') status = 'SUSPENDED'
      // Hangs up: whether it was done nobody knows.
      return void response.destroy()
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: '00u17', status }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const live = {
    config: (id: string) => (id === 'okta' ? { mode: 'live', orgUrl: url, privateAddresses: true } : {}),
    secrets: () => ['token'],
  }
  return { calls, live }
}

/** The manifest as it is, but for the hosts that it may reach: the stand-in is on loopback. */
async function content() {
  const path = 'integrations/okta/integration.yaml'
  const manifest = await readFile(path, 'utf8')
  return bundleWith(suspendFirst, allow, { [path]: manifest.replace(/^ {2}egress: .*\n/m, '') })
}

const post = 'POST /api/v1/users/user17%40example.com/lifecycle/suspend'
const get = 'GET /api/v1/users/user17%40example.com'

test('a call whose answer was lost is settled by asking the vendor, not by calling again', async () => {
  const okta = await startOkta('what it is asked')
  const world = await worldOf(await content())
  await world.responder({ live: okta.live }).drain()
  expect(okta.calls).toEqual([post, get])
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: 'done' }])
  expect(await world.rows('select status from run')).toEqual([{ status: 'completed' }])
})

test('a process that dies between call and outcome leaves it to the next one, which asks the vendor', async () => {
  const okta = await startOkta('what it is asked')
  const world = await worldOf(await content())
  const dying: Store = {
    ...world.store,
    transaction(work) {
      if (okta.calls.length > 0) throw new Error('dead')
      return world.store.transaction(work)
    },
  }
  await expect(world.responder({ store: dying, live: okta.live }).drain()).rejects.toThrow('dead')
  expect(okta.calls).toEqual([post])
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: null }])
  await world.rows('delete from replica returning id')
  await world.responder({ live: okta.live }).drain()
  expect(okta.calls).toEqual([post, get])
  expect(await world.rows('select outcome from effect')).toEqual([{ outcome: 'done' }])
})

test('when the vendor says that it was not done and it is not safe to repeat, a person decides', async () => {
  const okta = await startOkta('nothing')
  const world = await worldOf(await content())
  await world.responder({ live: okta.live }).drain()
  expect(okta.calls).toEqual([post, get])
  expect(await world.approvals()).toMatchObject([{ kind: 'unclear', status: 'pending' }])
})
