import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '../../src/cli/failure.ts'
import { register as registerList } from '../../src/cli/integrations-list.ts'
import { register as registerTest } from '../../src/cli/integrations-test.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitsoc-integrations-'))
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
    registerList(program)
    registerTest(program)
    await program.parseAsync(['integrations', ...args, '--content', dir], { from: 'user' })
  } finally {
    spy.mockRestore()
  }
  const { exitCode } = process
  return { text: written.join(''), exitCode }
}

function change(id: string, from: string, to: string): number {
  const path = join(dir, `integrations/${id}/integration.yaml`)
  const before = readFileSync(path, 'utf8')
  const after = before.replace(from, to)
  expect(after).not.toBe(before)
  writeFileSync(path, after)
  return before.slice(0, before.indexOf(from)).split('\n').length
}

test('says that all contracts are kept, and ends with 0', async () => {
  const { text, exitCode } = await run('test')
  expect(text).toMatch(/^\d+ integrations keep the \d+ tests of their contracts\n$/)
  expect(exitCode).toBeUndefined()
})

test('shows what was expected, what is and where, and ends with 1', async () => {
  const line = change('falco', 'alert: { severity: medium', 'alert: { severity: low')
  const { text, exitCode } = await run('test', 'falco')
  expect(text).toContain(`integrations/falco/integration.yaml:${line}:`)
  expect(text).toContain('alert.severity\n  expected "low"\n  is       "medium"\n')
  expect(text).toContain('1 of 1 tests failed\n')
  expect(exitCode).toBe(1)
})

test('an integration that takes something in and has no test is a failure', async () => {
  const path = join(dir, 'integrations/falco/integration.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').split('\ntests:')[0] as string)
  const { text, exitCode } = await run('test', 'falco')
  expect(text).toContain('"falco" takes something in and has no test')
  expect(exitCode).toBe(1)
})

test('--json is one line with every test and the OCSF form of its events', async () => {
  const { text } = await run('test', 'falco', '--json')
  expect(text.trim().split('\n').length).toBe(1)
  expect(JSON.parse(text)).toMatchObject({
    ok: true,
    tests: 1,
    failed: 0,
    untested: [],
    results: [{ integration: 'falco', differences: [], ocsf: [{ class_uid: 2004, severity_id: 3 }] }],
  })
})

test('the list says what is taken in, how deliveries are proven, and what can be done', async () => {
  const { text } = await run('list', 'okta')
  expect(text).toContain('/in/okta, proof: static-header')
  expect(text).toContain('takes    system-log (alerts): Okta System Log')
  expect(text).toContain('can      suspend_user (destructive)')
  const { text: json } = await run('list', 'okta', '--json')
  expect(JSON.parse(json)).toMatchObject({ integrations: [{ id: 'okta', webhook: { proof: 'static-header' } }] })
})

test.each(['list', 'test'])('an id that no integration has is wrong usage of %s', async (command) => {
  const failure = await run(command, 'nothing-like-this').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({ exitCode: 2 })
})
