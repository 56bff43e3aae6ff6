import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anchorAudit, createAnchorer, verifyAnchors } from '../../src/anchor/index.ts'
import { commitFiles } from '../../src/repo/index.ts'
import { appendAudit, type Store, verifyAudit } from '../../src/store/index.ts'
import { gitsoc } from '../support/cli.ts'
import { asOwner, testDatabase, testStore } from '../support/store.ts'

const at = Date.parse('2026-06-01T10:00:00Z')
const branch = 'gitsoc/audit'

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-anchor-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

function repository(): string {
  const dir = scratch()
  execFileSync('git', ['init', '-q', '--bare', dir])
  return dir
}

const act = (store: Store, n: number, actor = 'analyst') =>
  store.transaction(async (tx) => {
    for (let i = 0; i < n; i++)
      await appendAudit(tx, { at: at + i, actor, action: 'note', subject: `incident/${i}`, details: { i } })
  })

test('an anchored chain holds, and what was added since is counted', async () => {
  const store = await testStore()
  const place = { repository: repository(), branch }
  await act(store, 3)
  const first = await anchorAudit(store, place, at)
  expect(first.isNew).toBe(true)
  expect(await anchorAudit(store, place, at + 1)).toEqual({ ...first, isNew: false })
  await act(store, 2)
  await anchorAudit(store, place, at + 2)
  await act(store, 4)
  expect(await verifyAnchors(store, place)).toMatchObject({
    ...{ entries: 9, broken: null },
    anchors: { count: 2, entriesSince: 4, isSigned: false, last: { at: at + 2 } },
  })
})

test('a chain that was rewritten whole by the owner of the database is found by its anchor only', async () => {
  const url = await testDatabase()
  const store = await testStore({ url })
  const place = { repository: repository(), branch }
  await act(store, 3)
  await anchorAudit(store, place, at)
  await asOwner(
    url,
    'alter table audit disable trigger all; delete from audit; delete from audit_head; alter table audit enable trigger all',
  )
  await act(store, 4, 'somebody else')
  expect((await verifyAudit(store)).broken).toBeNull()
  expect((await verifyAnchors(store, place)).broken?.why).toContain('not part of the chain')
})

test('a branch that holds anything else is not written to, whoever asks', async () => {
  const store = await testStore()
  const place = { repository: repository(), branch }
  await act(store, 1)
  await commitFiles(place.repository, {
    ...{ branch: 'main', onto: null, message: 'work', at, files: [{ path: 'README.md', text: 'x' }] },
  })
  await commitFiles(place.repository, {
    ...{ branch: 'feature', onto: 'main', message: 'work', at, files: [{ path: 'audit/main.json', text: 'x' }] },
  })
  await expect(anchorAudit(store, { ...place, branch: 'feature' }, at)).rejects.toThrow(/feature holds other files/)
  expect((await anchorAudit(store, place, at)).isNew).toBe(true)
})

test('tenants are anchored beside one another on one branch', async () => {
  const url = await testDatabase()
  const [one, other] = [await testStore({ url }), await testStore({ url, tenant: 'other' })]
  const place = { repository: repository(), branch }
  await act(one, 1)
  await act(other, 2)
  await anchorAudit(one, place, at)
  await anchorAudit(other, place, at)
  expect(await verifyAnchors(one, place)).toMatchObject({ entries: 1, broken: null, anchors: { count: 1 } })
  expect(await verifyAnchors(other, place)).toMatchObject({ entries: 2, broken: null, anchors: { count: 1 } })
})

test('signatures are asked for when signers are named: nobody else can add an anchor', async () => {
  const dir = scratch()
  const key = (name: string) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)])
    return join(dir, name)
  }
  const [ours, foreign] = [key('ours'), key('foreign')]
  const signers = join(dir, 'signers')
  const publicKey = execFileSync('ssh-keygen', ['-y', '-f', ours], { encoding: 'utf8' })
  writeFileSync(signers, `gitsoc@localhost namespaces="git" ${publicKey}`)
  const store = await testStore()
  const place = { repository: repository(), branch }
  const signed = { ...place, allowedSigners: signers }
  await act(store, 1)
  await anchorAudit(store, { ...place, signingKey: ours }, at)
  expect(await verifyAnchors(store, signed)).toMatchObject({ broken: null, anchors: { isSigned: true } })
  await act(store, 1)
  await anchorAudit(store, { ...place, signingKey: foreign }, at)
  expect((await verifyAnchors(store, signed)).broken?.why).toMatch(/is not signed by an allowed signer/)
  expect((await verifyAnchors(store, place)).broken).toBeNull()
})

test.each([
  ['a head of an older time is told', '1'],
  ['a file that is no anchor is told', 'x'],
])('%s', async (_name, kind) => {
  const store = await testStore()
  const bare = repository()
  const place = { repository: bare, branch }
  await act(store, 1)
  await anchorAudit(store, place, at)
  const git = (args: readonly string[], input = '') =>
    execFileSync('git', ['-C', bare, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
      ...{ input, encoding: 'utf8' as const },
    }).trim()
  const older = git(['rev-parse', `${branch}^{tree}`])
  await act(store, 1)
  await anchorAudit(store, place, at + 1)
  const text = git(['hash-object', '-w', '--stdin'], 'nothing')
  const inner = git(['mktree'], `100644 blob ${text}\tmain.json\n`)
  const tree = kind === '1' ? older : git(['mktree'], `040000 tree ${inner}\taudit\n`)
  git(['update-ref', `refs/heads/${branch}`, git(['commit-tree', '-p', branch, '-m', 'x', tree])])
  expect((await verifyAnchors(store, place)).broken?.why).toMatch(/goes back from entry 2 to 1|holds no anchor/)
})

test('the branch goes to another repository, and a push that failed is made up for', async () => {
  const store = await testStore()
  const [bare, other] = [repository(), repository()]
  const place = { repository: bare, branch, remote: join(scratch(), 'none') }
  await act(store, 1)
  await expect(anchorAudit(store, place, at)).rejects.toThrow()
  const { commit, isNew } = await anchorAudit(store, { ...place, remote: other }, at + 1)
  expect(isNew).toBe(false)
  expect(execFileSync('git', ['-C', other, 'rev-parse', branch], { encoding: 'utf8' }).trim()).toBe(commit)
})

test('a folder that is no repository is named', async () => {
  const store = await testStore()
  await act(store, 1)
  await expect(anchorAudit(store, { repository: join(scratch(), 'none'), branch }, at)).rejects.toThrow(
    /none is no Git repository/,
  )
})

test.each([
  ['a head that is none', ['--head', '1:zz'], 'gitsoc: "1:zz" is no head'],
  [
    'signers that cannot be read',
    ['--anchor', '--signers', 'no-such-file'],
    'gitsoc: the file of signers no-such-file',
  ],
])('%s is wrong usage, and not told as tampering', async (_name, options, why) => {
  const ended = await gitsoc('audit', 'verify', ...options)
  expect(ended.exitCode).toBe(2)
  expect(ended.err).toContain(why)
})

test('the server anchors at start and when it stops', async () => {
  const store = await testStore()
  const place = { repository: repository(), branch }
  await act(store, 1)
  const problems: unknown[] = []
  const anchorer = createAnchorer({
    ...{ store, place, everyMs: 3_600_000, clock: () => at },
    onError: (error) => problems.push(error),
  })
  anchorer.start()
  await act(store, 1)
  await anchorer.stop()
  expect(problems).toEqual([])
  expect((await verifyAnchors(store, place)).anchors.entriesSince).toBe(0)
})
