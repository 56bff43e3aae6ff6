import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { githubFor, githubWish, githubWishOfTenant } from '../../src/cli/github-for.ts'
import { enableChannel, isEnabled } from '../../src/projection/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString()
const secrets = (name: string) =>
  name === 'github-webhook' ? ['a secret'] : name === 'github-app-key' ? key.trim().split('\n') : undefined

const app = { appId: 7, owner: 'acme', repo: 'soc' }

test('where GitHub is not configured nothing is kept for it any more', async () => {
  const bundle = await ownBundle()
  const store = await testStore()
  await enableChannel(store, 'github', 1)
  const seat = { wish: githubWish({}, secrets), store, bundle: () => bundle, enrichDir: null }
  const [services] = await githubFor([seat], { clock: Date.now, log: () => {}, mirrorsDir: '/nowhere' })
  for (const service of services ?? []) await service.start()
  expect(await store.transaction((tx) => isEnabled(tx, 'github'))).toBe(false)
})

test.each([
  ['half a configuration', { appId: 7 }, secrets, /github\.owner is missing/],
  ['an empty secret', { appId: 7, owner: 'acme', repo: 'soc' }, () => [], /github-webhook is empty/],
  ['issues that are neither on nor off', { ...app, issues: 'some' }, secrets, /github\.issues is true, false or/],
  ['more writes than GitHub takes', { ...app, issues: { writesPerMinute: 500 } }, secrets, /1 to 80/],
])('%s is refused in one line', async (_name, config, given, message) => {
  const refused = () => githubWish(config, given)
  expect(refused).toThrow(message)
  expect(refused).not.toThrow(/\n/)
})

test.each([
  ['an app of its own', { ...app, owner: 'umbrella' }, app, /appId is the server's/],
  ['no app at all', { owner: 'umbrella', repo: 'soc' }, {}, /needs the app/],
  ['half a repository', { owner: 'umbrella' }, app, /repo is missing/],
])('another tenant with %s is refused', (_name, config, ofServer, message) => {
  expect(() => githubWishOfTenant(config, ofServer, secrets)).toThrow(message)
})

test('another tenant has a repository of its own in the app of the server', () => {
  const wish = githubWishOfTenant({ owner: 'umbrella', repo: 'soc', deploy: false }, app, secrets)
  expect(wish?.settings).toMatchObject({ appId: 7, owner: 'umbrella', repo: 'soc', deploys: false, plans: true })
  expect(githubWishOfTenant({}, app, secrets)).toBeNull()
})
