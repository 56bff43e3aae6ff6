import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitsoc-rules-'))
  for (const folder of ['rules', 'playbooks', 'integrations']) cpSync(folder, join(dir, folder), { recursive: true })
})
afterEach(() => {
  rmSync(dir, { recursive: true })
})

const run = (...args: readonly string[]) => gitsoc('rules', 'test', '--content', dir, ...args)

const fixture = () => join(dir, 'rules/detection/fixtures/aws_root_used.yaml')
const fires = '{ eventName: CreateUser, userIdentity: { type: Root } }'
const still = '{ eventName: CreateUser, userIdentity: { type: IAMUser } }'

test('says that all rules do what their records say, and ends with 0', async () => {
  const { out: text, exitCode } = await run()
  expect(text).toMatch(/^\d+ rules do what their \d+ records say\n$/)
  expect(exitCode).toBe(0)
})

test('a correlation is run over its stories; one without is counted and fails nothing', async () => {
  const path = 'rules/correlation/fixtures/okta_mfa_fatigue.yaml'
  const line = (times: number, rest = '') =>
    `[{ events: [{ at: 2026-05-12T08:00:00Z, times: ${times}, every: 10s, as: okta_push_denied${rest} }] }]\n`
  writeFileSync(join(dir, path), `positive: ${line(4, ', alerts: 1')}negative: ${line(3)}`)
  const wrong = await run('okta_mfa_fatigue')
  expect(wrong.out).toContain(`${path}:1:`)
  expect(wrong.out).toContain('did something else: story = "story 1", alerts of line 1 = 0, wanted = 1')
  expect(wrong.exitCode).toBe(1)
  rmSync(join(dir, path))
  const without = await run('okta_mfa_fatigue')
  expect(without).toMatchObject({ out: expect.stringContaining('1 correlations have no fixtures\n'), exitCode: 0 })
})

test('shows the record that did not set its rule off, and the one that did, and ends with 1', async () => {
  writeFileSync(fixture(), `positive:\n  - ${still}\nnegative:\n  - ${fires}\n`)
  const { out: text, exitCode } = await run('aws_root_used')
  const path = 'rules/detection/fixtures/aws_root_used.yaml'
  expect(text).toContain(`${path}:2:5 "Root user did something" did not fire: `)
  expect(text).toContain('  ✗ userIdentity.type: "Root"\n      seen: "IAMUser"\n')
  expect(text).toContain(`${path}:4:5 "Root user did something" fired: userIdentity.type = "Root"\n`)
  expect(text).toContain('1 of 1 rules failed (2 records)\n')
  expect(exitCode).toBe(1)
})

test('a rule without fixture is not tested, which is a failure', async () => {
  rmSync(fixture())
  const { out: text, exitCode } = await run()
  expect(text).toContain('the rule has no fixture (write rules/detection/fixtures/aws_root_used.yaml)')
  expect(exitCode).toBe(1)
})

test('a fixture that no rule has is a failure', async () => {
  writeFileSync(join(dir, 'rules/detection/fixtures/renamed.yaml'), `positive: [${fires}]\nnegative: [${still}]\n`)
  const { out: text, exitCode } = await run()
  expect(text).toContain('rules/detection/fixtures/renamed.yaml:1:1 no rule has this fixture')
  expect(exitCode).toBe(1)
})

test('--json gives one document with every case', async () => {
  writeFileSync(fixture(), `positive:\n  - ${still}\nnegative:\n  - ${still}\n`)
  const { out: text } = await run('aws_root_used', '--json')
  expect(JSON.parse(text)).toMatchObject({
    ok: false,
    counts: { rules: 1, records: 2, failed: 1 },
    withoutFixture: [],
    rules: [{ ok: false, cases: [{ kind: 'positive', passed: false, place: { line: 2 } }, { passed: true }] }],
  })
})

test('a name that no rule has is wrong usage', async () => {
  const { err, exitCode } = await run('nothing-like-this')
  expect(exitCode).toBe(2)
  expect(err).toMatch(/^gitsoc: .*\nhint: /)
})
