import { spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf } from '../support/folder.ts'

/** Starts the server on a store of its own, stops it once it listens, and gives the lines it wrote. */
const started = async (...options: readonly string[]) => (await ranWith({}, ...options)).lines

/** The same with more environment, and which packages it had loaded by then. */
async function ranWith(env: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const dir = folderOf({})
  const loaded = join(dir, 'loaded')
  chmodSync(dir, 0o711)
  const child = spawn(
    process.execPath,
    [
      ...['--import', './test/support/loaded-packages.ts', 'src/main.ts'],
      ...['start', '--port', '0', '--store', join(dir, 'store'), ...options],
    ],
    {
      env: {
        ...process.env,
        DATABASE_URL: '',
        GITSOC_SECRET_WAZUH_HOOK: 'sesame',
        GITSOC_TEST_LOADED: loaded,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (out === '') child.kill('SIGINT')
    out += chunk.toString()
  })
  await new Promise((resolve) => child.once('exit', resolve))
  return { lines: out.trim().split('\n'), packages: readFileSync(loaded, 'utf8').split('\n') }
}

test('the banner says which webhooks take deliveries and which lack something, and no secret', {
  timeout: 60_000,
}, async () => {
  const lines = await started()
  expect(lines[0]).toMatch(/^gitsoc listens on http:\/\/127\.0\.0\.1:\d+, bundle [0-9a-f]{16} of \S+, simulate mode$/)
  expect(lines[1]).toBe(
    '/ingest, /analyze, /stats, /health and /metrics answer programs of this machine; behind a proxy set the secret api-token',
  )
  expect(lines[2]).toMatch(/^webhooks that take deliveries: .*\bwazuh\b/)
  expect(lines[3]).toMatch(/^webhooks that refuse until .*\bokta\b/)
  expect(lines.join('\n')).not.toContain('sesame')
  expect(lines.at(-1)).toBe('stopped, nothing lost')
})

test('with --json every line is JSON: that it listens, and that it has stopped', { timeout: 60_000 }, async () => {
  const [first, ...rest] = (await started('--json')).map((line) => JSON.parse(line))
  expect(first).toMatchObject({
    url: expect.stringMatching(/^http:/),
    live: [],
    api: 'this machine',
    webhooks: { ready: expect.arrayContaining(['wazuh']), refusing: expect.arrayContaining(['okta']) },
  })
  expect(rest).toEqual([{ stopped: true }])
})

const ofGithub = ['probot', '@octokit/rest', '@octokit/core', 'pino']
const ofSlack = ['@slack/bolt', '@slack/web-api', 'express']
const ofBoth = ['undici']

test('without GitHub and Slack nothing is loaded that only those need', { timeout: 60_000 }, async () => {
  const { lines, packages } = await ranWith({})
  expect(lines.at(-1)).toBe('stopped, nothing lost')
  expect(packages).toContain('pg')
  expect(packages.filter((one) => [...ofGithub, ...ofSlack, ...ofBoth].includes(one))).toEqual([])
})

test('with Slack its packages are loaded, and not those of GitHub', { timeout: 60_000 }, async () => {
  const config = join(folderOf({ 'soc.yaml': "slack: { team: T0123ABCD, apiUrl: 'http://127.0.0.1:9/' }" }), 'soc.yaml')
  const secrets = { GITSOC_SECRET_SLACK_BOT: 'xoxb-1', GITSOC_SECRET_SLACK_SIGNING: 'signing' }
  const { packages } = await ranWith(secrets, '--config', config)
  expect(packages).toEqual(expect.arrayContaining(ofSlack))
  expect(packages.filter((one) => ofGithub.includes(one))).toEqual([])
})
