import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  appManifest,
  convertCode,
  keepSecrets,
  openSetupPage,
  readGithubSettings,
  setupForm,
} from '../../../src/github/index.ts'
import { gitsoc } from '../../support/cli.ts'
import { folderOf } from '../../support/folder.ts'
import { testGithub } from '../../support/github.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ format: 'pem', type: 'pkcs1' })
  .toString()
const elliptic = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const secretsOf = (webhook: string | null, key: string | null) => (name: string) => {
  const value = name === 'github-webhook' ? webhook : name === 'github-app-key' ? key : null
  return value === null ? undefined : value.trim().split('\n')
}
const sound = { appId: 7, owner: 'acme', repo: 'soc' }

test('nothing is configured by nothing; a sound configuration has defaults of github.com', () => {
  expect(readGithubSettings({}, secretsOf('s', rsa))).toBeNull()
  expect(readGithubSettings({ mode: 'live' }, secretsOf('s', rsa))).toBeNull()
  expect(readGithubSettings({ ...sound, mode: 'live' }, secretsOf('s', rsa))?.appId).toBe(7)
  expect(readGithubSettings(sound, secretsOf('new\nold', rsa))).toMatchObject({
    apiUrl: 'https://api.github.com',
    webUrl: 'https://github.com',
    webhookSecrets: ['new', 'old'],
    signatures: { kind: 'none' },
    deploys: true,
    plans: true,
  })
  expect(readGithubSettings(sound, secretsOf('s', rsa.trim().replaceAll('\n', '\\n')))?.privateKey).toContain('PRIVATE')
})

test.each([
  ['an empty webhook secret', sound, '', rsa, 'the secret github-webhook is empty'],
  ['no webhook secret', sound, null, rsa, 'the secret github-webhook is empty'],
  ['no key', sound, 's', null, 'the secret github-app-key is empty'],
  ['a broken key', sound, 's', rsa.slice(0, 300), 'the secret github-app-key is no RSA private key in PEM'],
  ['a key of another kind', sound, 's', elliptic, 'the secret github-app-key is no RSA private key in PEM'],
  ['no repository', { appId: 7, owner: 'acme' }, 's', rsa, 'github.repo is missing'],
  ['an app without number', { ...sound, appId: 'seven' }, 's', rsa, 'github.appId is missing or no number'],
  [
    'an address without encryption',
    { ...sound, apiUrl: 'http://github.example.com' },
    's',
    rsa,
    'github.apiUrl is no https',
  ],
  [
    'signers without a file',
    { ...sound, signatures: 'signers' },
    's',
    rsa,
    'github.signatures is none, github or signers',
  ],
  ['a branch that is an option', { ...sound, branch: '--upload-pack=x' }, 's', rsa, 'github.branch is no name'],
  ['a setting that is none', { ...sound, apiURL: 'x' }, 's', rsa, 'github.apiURL is no setting'],
])('%s is refused in one line with a hint, without a part of any secret', (_name, config, webhook, key, message) => {
  const read = () => readGithubSettings(config, secretsOf(webhook, key))
  expect(read).toThrow(message)
  try {
    read()
  } catch (error) {
    const said = `${(error as Error).message} ${(error as { hint?: string }).hint}`
    expect(said).not.toContain('\n')
    expect(said).not.toContain(rsa.split('\n')[1])
    expect((error as { hint?: string }).hint).toMatch(/\w/)
  }
})

test('the manifest in the repository is the one that setup hands over', () => {
  expect(JSON.parse(readFileSync('.github/app-manifest.json', 'utf8'))).toEqual(
    appManifest({ serverUrl: 'https://soc.example.com/', name: 'gitsoc' }),
  )
})

test('only an app for other organisations too is public', () => {
  const wish = { serverUrl: 'https://soc.example.com', name: 'gitsoc' }
  expect(appManifest(wish).public).toBe(false)
  expect(appManifest({ ...wish, isPublic: true }).public).toBe(true)
})

test('the page hands the manifest to GitHub, and nothing in it ends the form', () => {
  const manifest = appManifest({ serverUrl: 'https://soc.example.com', name: '"><script>alert(1)</script>' })
  const page = setupForm({ manifest, webUrl: 'https://github.com', organization: 'a b', state: 'x&y' })
  expect(page).not.toContain('<script>')
  expect(page).toContain('https://github.com/organizations/a%20b/settings/apps/new?state=x%26y')
  const value = /name="manifest" value="([^"]*)"/.exec(page)?.[1] ?? ''
  const read = value.replace(/&#(\d+);/g, (_all, number) => String.fromCodePoint(Number(number)))
  expect(JSON.parse(read)).toEqual(manifest)
})

test('only a visit that brings the state back gives a code', async () => {
  const page = await openSetupPage((redirect) => `form to ${redirect}`, 'the-state', 60_000)
  expect(await (await fetch(page.url)).text()).toBe(`form to ${page.url}/done`)
  expect((await fetch(`${page.url}/done?code=forged&state=other`)).status).toBe(404)
  expect((await fetch(`${page.url}/done?code=good-code&state=the-state`)).status).toBe(200)
  expect(await page.code).toBe('good-code')
  page.close()
})

test('a code becomes files that only this user reads, and the server can start with them', async () => {
  const github = await testGithub()
  const dir = join(folderOf({}), 'secrets')
  const made = await gitsoc('github', 'setup', '--code', 'good-code', '--api-url', github.url, '--secrets-dir', dir)
  expect(made).toMatchObject({ exitCode: 0, out: expect.stringContaining(`appId: ${github.app.id}`) })
  expect(made.out).not.toContain(github.app.webhookSecret)
  for (const name of ['github-webhook', 'github-app-key']) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
  const read = (name: string) => readFileSync(join(dir, name), 'utf8').trim().split('\n')
  expect(readGithubSettings({ ...sound, appId: github.app.id }, read)?.webhookSecrets).toEqual([
    github.app.webhookSecret,
  ])
  const again = await gitsoc('github', 'setup', '--code', 'good-code', '--api-url', github.url, '--secrets-dir', dir)
  expect(again).toMatchObject({ exitCode: 1, err: expect.stringContaining('is there already') })
  await expect(convertCode(github.url, 'spent-code')).rejects.toThrow('good once')
  await expect(convertCode(github.url, '../app')).rejects.toThrow('no code')
})

test('secrets are never written over', async () => {
  const dir = folderOf({})
  writeFileSync(join(dir, 'github-webhook'), 'kept')
  const app = { id: 1, slug: 'x', page: '', webhookSecret: 'new', privateKey: rsa }
  await expect(keepSecrets(dir, app)).rejects.toThrow('move it away')
  expect(readFileSync(join(dir, 'github-webhook'), 'utf8')).toBe('kept')
})

test.each([
  [
    'a page in a folder that is not there',
    ['--form', '/no/such/folder/page.html'],
    /cannot be written.*\n.*hint: name a file/s,
  ],
  ['an organisation that is none', ['--org', 'a/b', '--form', 'page.html'], /--org is the name of an organisation/],
  [
    'a name that GitHub does not take',
    ['--name', 'x'.repeat(35), '--form', 'page.html'],
    /--name is 1 to 34 characters/,
  ],
])('%s is refused in a line with what to do', async (_name, options, said) => {
  const refused = await gitsoc('github', 'setup', '--url', 'https://soc.example.com', ...options)
  expect(refused.exitCode).toBe(2)
  expect(refused.err).toMatch(said)
  expect(refused.err).not.toContain('a fault of gitsoc')
})
