import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitsoc-integrations-'))
  for (const folder of ['rules', 'playbooks', 'integrations']) cpSync(folder, join(dir, folder), { recursive: true })
})
afterEach(() => {
  rmSync(dir, { recursive: true })
})

const run = (...args: readonly string[]) => gitsoc('integrations', ...args, '--content', dir)

function change(id: string, from: string, to: string): number {
  const path = join(dir, `integrations/${id}/integration.yaml`)
  const before = readFileSync(path, 'utf8')
  const after = before.replace(from, to)
  expect(after).not.toBe(before)
  writeFileSync(path, after)
  return before.slice(0, before.indexOf(from)).split('\n').length
}

test('says that all contracts are kept, and ends with 0', async () => {
  const { out: text, exitCode } = await run('test')
  expect(text).toMatch(/^\d+ integrations keep the \d+ tests of their contracts\n$/)
  expect(exitCode).toBe(0)
})

test('shows what was expected, what is and where, and ends with 1', async () => {
  const line = change('falco', 'alert: { severity: medium', 'alert: { severity: low')
  const { out: text, exitCode } = await run('test', 'falco')
  expect(text).toContain(`integrations/falco/integration.yaml:${line}:`)
  expect(text).toContain('alert.severity\n  expected "low"\n  is       "medium"\n')
  expect(text).toContain('1 of 1 tests failed\n')
  expect(exitCode).toBe(1)
})

test('an integration that takes something in and has no test is a failure', async () => {
  const path = join(dir, 'integrations/falco/integration.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').split('\ntests:')[0] as string)
  const { out: text, exitCode } = await run('test', 'falco')
  expect(text).toContain('"falco" takes something in and has no test')
  expect(exitCode).toBe(1)
})

test('--json is one line with every test and the OCSF form of its events', async () => {
  const { out: text } = await run('test', 'falco', '--json')
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
  const { out: text } = await run('list', 'okta')
  expect(text).toContain('/in/okta, proof: static-header')
  expect(text).toContain('takes    system-log (alerts): Okta System Log')
  expect(text).toContain('can      suspend_user (destructive)')
  const { out: json } = await run('list', 'okta', '--json')
  expect(JSON.parse(json)).toMatchObject({ integrations: [{ id: 'okta', webhook: { proof: 'static-header' } }] })
})

test.each(['list', 'test'])('an id that no integration has is wrong usage of %s', async (command) => {
  const { err, exitCode } = await run(command, 'nothing-like-this')
  expect(exitCode).toBe(2)
  expect(err).toMatch(/^gitsoc: .*\nhint: /)
})
