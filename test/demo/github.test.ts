import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

test('the walk over GitHub comes to its end: issues, a refusal, a decision, a verdict, pull requests', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-walk-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const { stdout } = await promisify(execFile)(process.execPath, ['test/demo/github.ts', dir], { timeout: 170_000 })
  for (const said of [
    /#\d+ \[CRITICAL\] INC-2: /,
    /outsider: \/approve[^\n]*\n[^\n]*not done/,
    /analyst: \/approve[^\n]*\n[^\n]*approved by analyst/,
    /analyst: \/why[^\n]*\n[^\n]*CRITICAL 100/,
    /analyst: \/close true-positive[^\n]*\n[^\n]*closed/,
    /Keep finding what incident 2 was/,
    /Keep the report of incident 2/,
    /check gitsoc\/plan: success/,
    /lead merges #5[^\n]*\n {2}status gitsoc\/deployed: success, bundle [0-9a-f]{16} is in service/,
    // A command that is there to be copied stands in one line.
    /\n {2}npx gitsoc incidents list --all --store \S+ --tenant demo\n/,
  ])
    expect(stdout).toMatch(said)
  expect(stdout, 'nothing invisible in a terminal').not.toMatch(/\p{Cf}/u)
}, 180_000)
