import { spawn } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf } from '../support/folder.ts'

/** Starts the server on a store of its own, stops it once it listens, and gives the lines it wrote. */
async function started(...options: readonly string[]): Promise<readonly string[]> {
  const dir = folderOf({})
  chmodSync(dir, 0o711)
  const child = spawn(
    process.execPath,
    ['src/main.ts', 'start', '--port', '0', '--store', join(dir, 'store'), ...options],
    {
      env: { ...process.env, DATABASE_URL: '', GITSOC_SECRET_WAZUH_HOOK: 'sesame' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (out === '') child.kill('SIGINT')
    out += chunk.toString()
  })
  await new Promise((resolve) => child.once('exit', resolve))
  return out.trim().split('\n')
}

test('the banner says which webhooks take deliveries and which lack something, and no secret', {
  timeout: 60_000,
}, async () => {
  const lines = await started()
  expect(lines[0]).toMatch(/^gitsoc listens on http:\/\/127\.0\.0\.1:\d+, bundle [0-9a-f]{16} of \S+, simulate mode$/)
  expect(lines[1]).toMatch(/^webhooks that take deliveries: .*\bwazuh\b/)
  expect(lines[2]).toMatch(/^webhooks that refuse until .*\bokta\b/)
  expect(lines.join('\n')).not.toContain('sesame')
  expect(lines.at(-1)).toBe('stopped, nothing lost')
})

test('with --json every line is JSON: that it listens, and that it has stopped', { timeout: 60_000 }, async () => {
  const [first, ...rest] = (await started('--json')).map((line) => JSON.parse(line))
  expect(first).toMatchObject({
    url: expect.stringMatching(/^http:/),
    live: [],
    webhooks: { ready: expect.arrayContaining(['wazuh']), refusing: expect.arrayContaining(['okta']) },
  })
  expect(rest).toEqual([{ stopped: true }])
})
