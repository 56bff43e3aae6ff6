import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'

const fixture = 'test/fixtures/playbooks/lost-device/found.yaml'
const body = { incident: 7, report: 'r-9', device: 'laptop-9', person: 'user9@example.com' }

async function dryRun(...args: readonly string[]) {
  return gitsoc('playbook', 'dry-run', 'lost-device', '--incident', fixture, ...args)
}

async function fileOf(value: unknown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-dry-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, 'body.json'), typeof value === 'string' ? value : JSON.stringify(value))
  return join(dir, 'body.json')
}

test('a dry run shows the way, the exact requests with what undoes them, and secrets as ***', async () => {
  const { out, exitCode } = await dryRun()
  expect(exitCode).toBe(0)
  expect(out).toContain('sends: POST https://graph.microsoft.com/v1.0/users/user17%40example.com/revokeSignInSessions')
  expect(out).toContain('authorization: Bearer ***')
  expect(out).toContain('no way back: revoked tokens stay revoked')
  expect(out).not.toMatch(/secret:/)
})

test('a dry run of a request begins with the inputs that the webhook makes of it', async () => {
  const { json, exitCode } = await dryRun('--request', await fileOf(body), '--json')
  expect(exitCode).toBe(0)
  expect(json()).toMatchObject({
    playbook: 'lost-device',
    effects: expect.arrayContaining([expect.objectContaining({ target: 'user9@example.com' })]),
  })
})

test('a dry run of a request prints a fixture that has it', async () => {
  const { out } = await dryRun('--request', await fileOf(body), '--fixture')
  expect(out).toMatch(/request:\n {2}incident: 7\n {2}report: r-9\n/)
  expect(out).not.toMatch(/^inputs:/m)
})

test.each<[name: string, args: () => Promise<readonly string[]>, exitCode: number, said: RegExp]>([
  [
    'for another incident',
    async () => ['--request', await fileOf({ ...body, incident: 8 })],
    1,
    /request is for incident 8/,
  ],
  ['that is not meant', async () => ['--request', await fileOf({ ...body, person: '' })], 1, /inputs\.person is ""/],
  [
    'without an input',
    async () => ['--request', await fileOf({ incident: 7, report: 'r' })],
    1,
    /inputs: .*not defined/,
  ],
  ['that is no object', async () => ['--request', await fileOf('[1]')], 2, /no JSON object/],
  ['that is not there', async () => ['--request', '/nowhere/body.json'], 2, /no JSON object/],
  [
    'beside inputs',
    async () => ['--request', await fileOf(body), '--input', 'device=x'],
    2,
    /request gives the inputs/,
  ],
])('a dry run of a request %s says why it would not start', async (_name, args, exitCode, said) => {
  const ended = await dryRun(...(await args()))
  expect([ended.exitCode, ended.err]).toEqual([exitCode, expect.stringMatching(said)])
})

test('a dry run takes inputs from the command line, and says which one is missing', async () => {
  const other = ['playbook', 'dry-run', 'lost-device', '--incident', 'test/fixtures/playbooks/lost-device/denied.yaml']
  const { out } = await gitsoc(...other, '--input', 'person=user8@example.com')
  expect(out).toContain('on user8@example.com')
  const ended = await gitsoc(
    'playbook',
    'dry-run',
    'lost-device',
    '--incident',
    'test/fixtures/playbooks/ddos/lasts.yaml',
  )
  expect(ended.err).toMatch(/must have required property 'device'/)
})
