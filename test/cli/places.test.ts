import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'

const top = mkdtempSync(join(tmpdir(), 'gitsoc-places-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))

const git = (dir: string, ...args: readonly string[]) =>
  execFileSync('git', ['-C', dir, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args])

/** A repository that people work in: on `main`, with a file, cloned from another one as `origin`. */
function worked(): string {
  const [far, dir] = [join(top, 'far'), join(top, 'worked')]
  for (const one of [far, dir]) mkdirSync(one)
  git(far, 'init', '-q', '--bare', '-b', 'trunk')
  writeFileSync(join(dir, 'README.md'), 'x\n')
  writeFileSync(join(dir, 'key.pub'), 'ssh-ed25519 AAAA x\n')
  git(dir, 'init', '-q', '-b', 'main')
  git(dir, 'add', '.')
  git(dir, 'commit', '-q', '-m', 'one')
  git(dir, 'branch', 'feature')
  git(dir, 'remote', 'add', 'origin', far)
  git(dir, 'push', '-q', 'origin', 'main:trunk')
  git(dir, 'remote', 'set-head', 'origin', 'trunk')
  git(dir, 'branch', 'trunk')
  return dir
}

const dir = worked()
const none = join(top, 'none')
mkdirSync(none)

describe.each<[name: string, config: string, error: RegExp]>([
  ['a folder that is no repository', `audit: { repository: ${none} }`, /^gitsoc: audit: .* is no Git repository$/m],
  [
    'a key that is not there',
    `audit: { repository: ${dir}, key: /nowhere/key }`,
    /audit: the key \/nowhere\/key cannot/,
  ],
  ['the public key', `audit: { repository: ${dir}, key: ${dir}/key.pub }`, /key\.pub is no private key/],
  [
    'a remote that is not there',
    `audit: { repository: ${dir}, push: nope }`,
    /audit: "nope" is neither a remote .*origin/,
  ],
  ['the branch that is checked out', `audit: { repository: ${dir}, branch: main }`, /main is the branch that people/],
  ['the default branch of the remote', `audit: { repository: ${dir}, branch: trunk }`, /trunk is the default branch/],
  ['a branch with other files', `audit: { repository: ${dir}, branch: feature }`, /feature holds other files/],
  ['a name that no branch has', `audit: { repository: ${dir}, branch: a..b }`, /"a\.\.b" is no name of a branch/],
  ['proposals for no repository', `closing: { repository: ${none} }`, /^gitsoc: closing: .* is no Git repository$/m],
  ['proposals from no branch', `closing: { repository: ${dir}, base: nope }`, /closing: .* has no branch "nope"/],
  ['proposals to no remote', `closing: { repository: ${dir}, push: nope }`, /closing: "nope" is neither a remote/],
])('a configuration with %s', (_name, config, error) => {
  test('keeps the server from starting, in one line with what to do', async () => {
    const file = join(top, 'config.yaml')
    writeFileSync(file, `${config}\n`)
    const ended = await gitsoc('start', '--port', '0', '--store', join(none, 'store'), '--config', file)
    expect(ended).toMatchObject({ exitCode: 2, out: '' })
    expect(ended.err).toMatch(error)
    expect(ended.err).toMatch(/^gitsoc: [^\n]+\nhint: [^\n]+\n$/)
  })
})

test.each([
  [['--branch', 'main'], /main is the branch that people work on/],
  [['--branch', 'feature'], /feature holds other files \((README\.md|key\.pub)\)/],
  [['--push', 'nope'], /"nope" is neither a remote of .* \(it has origin\), nor a URL, nor a folder/],
])('an anchor with %s is refused before the store is asked', async (options, error) => {
  const { err, exitCode } = await gitsoc('audit', 'anchor', '--repository', dir, ...options)
  expect(exitCode).toBe(2)
  expect(err).toMatch(error)
  expect(err).toMatch(/^gitsoc: [^\n]+\nhint: [^\n]+\n$/)
})
