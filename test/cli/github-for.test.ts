import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { githubFor } from '../../src/cli/github-for.ts'
import { enableChannel, isEnabled } from '../../src/projection/index.ts'
import { ownBundle } from '../support/content.ts'
import { testStore } from '../support/store.ts'

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString()
const secrets = (name: string) =>
  name === 'github-webhook' ? ['a secret'] : name === 'github-app-key' ? key.trim().split('\n') : undefined

const partsOf = async () => {
  const bundle = await ownBundle()
  return {
    store: await testStore(),
    secrets,
    bundle: () => bundle,
    clock: Date.now,
    log: () => {},
    mirrorsDir: '/nowhere',
    enrichDir: null,
  }
}

test('where GitHub is not configured nothing is kept for it any more', async () => {
  const parts = await partsOf()
  await enableChannel(parts.store, 'github', 1)
  for (const service of await githubFor({}, parts)) await service.start()
  expect(await parts.store.transaction((tx) => isEnabled(tx, 'github'))).toBe(false)
})

test.each([
  ['half a configuration', { appId: 7 }, secrets, /github\.owner is missing/],
  ['an empty secret', { appId: 7, owner: 'acme', repo: 'soc' }, () => [], /github-webhook is empty/],
  [
    'issues that are neither on nor off',
    { appId: 7, owner: 'acme', repo: 'soc', issues: 'some' },
    secrets,
    /github\.issues is true, false or/,
  ],
  [
    'more writes than GitHub takes',
    { appId: 7, owner: 'acme', repo: 'soc', issues: { writesPerMinute: 500 } },
    secrets,
    /1 to 80/,
  ],
])('%s is refused in one line', async (_name, config, given, message) => {
  const parts = await partsOf()
  const refused = githubFor(config, { ...parts, secrets: given })
  await expect(refused).rejects.toThrow(message)
  await expect(refused).rejects.not.toThrow(/\n/)
})
