import { execFileSync } from 'node:child_process'
import { appendFile, chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compileBundle } from '../../src/core/content/index.ts'
import { readCommit, readWorkingTree } from '../../src/repo/index.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsoc-repo-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function put(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true })
  await writeFile(join(dir, path), text)
}

function git(...args: string[]): string {
  const { PATH = '' } = process.env
  const identity = ['-c', 'user.name=gitsoc', '-c', 'user.email=soc@example.com', '-c', 'init.defaultBranch=main']
  return execFileSync('git', ['-C', dir, ...identity, ...args], {
    env: { PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .toString()
    .trim()
}

function commit(): string {
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'content')
  return git('rev-parse', 'HEAD')
}

const paths = (content: { readonly files: readonly { readonly path: string }[] }) =>
  content.files.map((file) => file.path)

test('a commit and its working tree hold the same files with the same texts', async () => {
  await put('rules/detection/deep/a.yaml', 'id: ä ✓ 🛡\n')
  await put('rules/grouping/name with "quotes" and ü.yml', 'x: 1')
  await put('playbooks/empty.yaml', '')
  await put('integrations/one/integration.yaml', 'id: one\r\n')
  await put('rules/README.md', 'text')
  await put('src/not-content.yaml', 'x: 1')
  await put('secrets.yaml', 'x: 1')
  const sha = commit()
  const tree = await readWorkingTree(dir)
  expect(paths(tree)).toEqual([
    'integrations/one/integration.yaml',
    'playbooks/empty.yaml',
    'rules/detection/deep/a.yaml',
    'rules/grouping/name with "quotes" and ü.yml',
  ])
  expect(tree.commit).toBe('worktree')
  expect(await readCommit(dir, 'HEAD')).toEqual({ commit: sha, files: tree.files })
})

test('a commit is read without touching the working tree, and older commits stay as they were', async () => {
  await put('rules/grouping/a.yaml', 'id: first\n')
  const first = commit()
  await put('rules/grouping/a.yaml', 'id: second\n')
  const second = commit()
  await put('rules/grouping/a.yaml', 'id: not committed\n')
  expect((await readCommit(dir, 'HEAD~1')).files[0]?.text).toBe('id: first\n')
  expect((await readCommit(dir, first.slice(0, 10))).commit).toBe(first)
  expect((await readCommit(dir, 'main')).commit).toBe(second)
  expect((await readWorkingTree(dir)).files[0]?.text).toBe('id: not committed\n')
})

test('links are read from neither side, be they to files or to folders', async () => {
  await put('rules/grouping/a.yaml', 'id: a\n')
  await put('elsewhere/b.yaml', 'id: b\n')
  await symlink('/etc/hostname', join(dir, 'rules/grouping/leak.yaml'))
  await symlink(join(dir, 'elsewhere'), join(dir, 'rules/detection'))
  await symlink(join(dir, 'elsewhere'), join(dir, 'playbooks'))
  commit()
  expect(paths(await readWorkingTree(dir))).toEqual(['rules/grouping/a.yaml'])
  expect(paths(await readCommit(dir, 'HEAD'))).toEqual(['rules/grouping/a.yaml'])
})

test('a replacement of objects that only this clone has does not change what a commit says', async () => {
  await put('rules/grouping/a.yaml', 'id: honest\n')
  const sha = commit()
  const honest = git('rev-parse', 'HEAD:rules/grouping/a.yaml')
  await put('other', 'id: forged\n')
  git('replace', honest, git('hash-object', '-w', 'other'))
  expect(git('cat-file', 'blob', honest)).toBe('id: forged')
  expect((await readCommit(dir, sha)).files[0]?.text).toBe('id: honest\n')
})

test('a file that is too large is refused by the compiler instead of being left out', async () => {
  await put('rules/grouping/large.yaml', `# ${'✓'.repeat(1_500_000)}\nid: x\n`)
  commit()
  for (const { files } of [await readWorkingTree(dir), await readCommit(dir, 'HEAD')]) {
    const { bundle, problems } = compileBundle(files, 'worktree')
    expect(bundle).toBeNull()
    expect(problems).toMatchObject([{ code: 'content/too-large', place: { file: 'rules/grouping/large.yaml' } }])
  }
})

test.each([
  ['an option', '--output=x'],
  ['a range', 'HEAD..HEAD'],
  ['a path in a commit', 'HEAD:rules'],
  ['a command', 'HEAD; touch x'],
  ['a line break', 'HEAD\nHEAD'],
  ['nothing', ''],
  ['an unknown name', 'nope'],
  ['an unknown id', '0123456789abcdef0123456789abcdef01234567'],
])('%s is no revision: %j', async (_name, revision) => {
  await put('rules/grouping/a.yaml', 'id: a\n')
  commit()
  await expect(readCommit(dir, revision)).rejects.toThrow(/is no revision|there is no commit/)
})

test('a folder that is missing or has no content is an error, not sound content of nothing', async () => {
  await expect(readWorkingTree(join(dir, 'missing'))).rejects.toThrow('there is no folder')
  await expect(readWorkingTree(dir)).rejects.toThrow('has none of the folders rules, playbooks, integrations')
  await put('other.txt', 'x')
  commit()
  await expect(readCommit(dir, 'HEAD')).rejects.toThrow('has none of the folders')
  await expect(readCommit(tmpdir(), 'HEAD')).rejects.toThrow('there is no commit')
})

test.skipIf(process.getuid?.() === 0)('a folder that may not be read is an error, not an empty one', async () => {
  await put('rules/grouping/a.yaml', 'id: a\n')
  await chmod(join(dir, 'rules/grouping'), 0)
  await expect(readWorkingTree(dir)).rejects.toThrow('EACCES')
  await chmod(join(dir, 'rules/grouping'), 0o700)
})

test('a damaged object is an error, not an empty rule', async () => {
  await put('rules/grouping/a.yaml', 'id: a\n')
  commit()
  const blob = git('rev-parse', 'HEAD:rules/grouping/a.yaml')
  const object = join(dir, '.git/objects', blob.slice(0, 2), blob.slice(2))
  await rm(object, { force: true })
  await expect(readCommit(dir, 'HEAD')).rejects.toThrow()
})

test('configuration of the clone starts no program', async () => {
  await put('rules/grouping/a.yaml', 'id: a\n')
  commit()
  const trap = join(dir, 'trapped')
  await appendFile(
    join(dir, '.git/config'),
    `[core]\n\tfsmonitor = "touch ${trap}"\n\tsshCommand = "touch ${trap}"\n\tpager = "touch ${trap}"\n[alias]\n\tls-tree = "!touch ${trap}"\n`,
  )
  expect(paths(await readCommit(dir, 'HEAD'))).toEqual(['rules/grouping/a.yaml'])
  await expect(readWorkingTree(trap)).rejects.toThrow('there is no folder')
})
