import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import type { SourceFile } from '../../src/core/content/index.ts'
import { startLockedChild } from '../../src/preview/locked-child.ts'
import { lockedOptions } from '../../src/preview/locked-process.ts'

vi.setConfig({ testTimeout: 120_000 })

test.each([
  ['read outside of the program', `import('node:fs').then((fs) => fs.readFileSync('/etc/hostname'))`],
  ['read the repository', `import('node:fs').then((fs) => fs.readdirSync('.git'))`],
  ['read the store', `import('node:fs').then((fs) => fs.readdirSync('var'))`],
  ['write a file', `import('node:fs').then((fs) => fs.writeFileSync('src/x', ''))`],
  ['start a process', `import('node:child_process').then((one) => one.execSync('id'))`],
  ['start a thread', `import('node:worker_threads').then((one) => new one.Worker('0', { eval: true }))`],
])('a locked process cannot %s', (_name, code) => {
  const script = `${code}.then(() => console.log('done'), (error) => console.log(error.code))`
  const out = execFileSync(process.execPath, [...lockedOptions([], 64), '-e', script], {
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(out.toString().trim()).toBe('ERR_ACCESS_DENIED')
})

const start = (files: readonly SourceFile[]) => ({
  commit: 'head',
  tenant: 'main',
  files,
  before: null,
  fixtures: [],
  enrichDir: null,
})

test('content that needs more memory than there is ends as a problem', async () => {
  const files = Array.from({ length: 120 }, (_, n) => ({
    path: `rules/detection/x${n}.yaml`,
    text: `x: [${'[a, b], '.repeat(100_000)}]`,
  }))
  const { result } = await startLockedChild(start(files), { timeoutMs: 120_000, memoryMb: 40 }).answer()
  expect(result).toMatchObject({
    ok: false,
    problems: [{ code: 'preview/ended', message: expect.stringContaining('more than 40 MB of memory') }],
  })
})

test('a replay that takes too long is ended and told', async () => {
  const child = startLockedChild(start([]), { timeoutMs: 1, memoryMb: 256 })
  const { result } = await child.answer()
  expect(result).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('longer than') }] })
})
