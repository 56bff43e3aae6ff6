import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '../../src/cli/failure.ts'
import { register } from '../../src/cli/rules-test.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitsoc-rules-'))
  for (const folder of ['rules', 'playbooks', 'integrations']) cpSync(folder, join(dir, folder), { recursive: true })
})
afterEach(() => {
  rmSync(dir, { recursive: true })
  process.exitCode = undefined
})

async function run(...args: readonly string[]): Promise<{ text: string; exitCode: unknown }> {
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0)
  try {
    const program = new Command('gitsoc').exitOverride()
    register(program)
    await program.parseAsync(['rules', 'test', '--content', dir, ...args], { from: 'user' })
  } finally {
    spy.mockRestore()
  }
  const { exitCode } = process
  return { text: written.join(''), exitCode }
}

const fixture = () => join(dir, 'rules/detection/fixtures/aws_root_used.yaml')
const fires = '{ eventName: CreateUser, userIdentity: { type: Root } }'
const still = '{ eventName: CreateUser, userIdentity: { type: IAMUser } }'

test('says that all rules do what their records say, and ends with 0', async () => {
  const { text, exitCode } = await run()
  expect(text).toMatch(/^\d+ rules do what their \d+ records say\n\d+ correlations have no fixtures\n$/)
  expect(exitCode).toBeUndefined()
})

test('shows the record that did not set its rule off, and the one that did, and ends with 1', async () => {
  writeFileSync(fixture(), `positive:\n  - ${still}\nnegative:\n  - ${fires}\n`)
  const { text, exitCode } = await run('aws_root_used')
  const path = 'rules/detection/fixtures/aws_root_used.yaml'
  expect(text).toContain(`${path}:2:5 "Root user did something" did not fire: `)
  expect(text).toContain('  ✗ userIdentity.type: "Root"\n      seen: "IAMUser"\n')
  expect(text).toContain(`${path}:4:5 "Root user did something" fired: userIdentity.type = "Root"\n`)
  expect(text).toContain('1 of 1 rules failed (2 records)\n')
  expect(exitCode).toBe(1)
})

test('a rule without fixture is not tested, which is a failure', async () => {
  rmSync(fixture())
  const { text, exitCode } = await run()
  expect(text).toContain('the rule has no fixture (write rules/detection/fixtures/aws_root_used.yaml)')
  expect(exitCode).toBe(1)
})

test('a fixture that no rule has is a failure', async () => {
  writeFileSync(join(dir, 'rules/detection/fixtures/renamed.yaml'), `positive: [${fires}]\nnegative: [${still}]\n`)
  const { text, exitCode } = await run()
  expect(text).toContain('rules/detection/fixtures/renamed.yaml:1:1 no rule has this fixture')
  expect(exitCode).toBe(1)
})

test('--json gives one document with every case', async () => {
  writeFileSync(fixture(), `positive:\n  - ${still}\nnegative:\n  - ${still}\n`)
  const { text } = await run('aws_root_used', '--json')
  expect(JSON.parse(text)).toMatchObject({
    ok: false,
    counts: { rules: 1, records: 2, failed: 1 },
    withoutFixture: [],
    rules: [{ ok: false, cases: [{ kind: 'positive', passed: false, place: { line: 2 } }, { passed: true }] }],
  })
})

test('a name that no rule has is wrong usage', async () => {
  const failure = await run('nothing-like-this').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({ exitCode: 2 })
})
