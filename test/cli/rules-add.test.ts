import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { compileBundle, parseDocument } from '../../src/core/content/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'

const idOf = (n: number) => `0000000${n}-0000-4000-8000-000000000000`
const rule = (n: number, product = 'aws', detection = 'selection: { a: x }\n  condition: selection', level = 'high') =>
  `title: Rule ${n}\nid: ${idOf(n)}\nauthor: Somebody\nlevel: ${level}\nlogsource: { product: ${product} }\ndetection:\n  ${detection}\n`
const broken = rule(9, 'aws', 'selection: { "a|contians": x }\n  condition: selection')
const correlation = (counted: string) =>
  `title: Many\nid: ${idOf(8)}\nlevel: high\ncorrelation: { type: event_count, rules: [${counted}], group-by: [User], timespan: 5m, condition: { gte: 3 } }\n`
const filter = `title: Hush\nid: ${idOf(6)}\nlogsource: { product: aws }\nfilter: { rules: [${idOf(7)}], s: { a: y }, condition: not s }\n`
const licence = 'Detection Rule License (DRL) 1.1\n\nPermission is granted.\n'
const own = {
  'rules/detection/own.yaml': `title: Own\nname: own_rule\nid: ${idOf(7)}\ndescription: Why it matters.\nlevel: low\ntags: [attack.t1059]\nlogsource: { product: aws }\ndetection: { s: { a: y }, condition: s }\n`,
}
const source = { 'rules/a.yml': rule(1), 'rules/deep/b.yml': rule(2, 'okta'), LICENSE: licence }

const packFolder = (content: string) => join(content, 'rules/detection/packs/acme')
const filesOf = (content: string) =>
  existsSync(packFolder(content))
    ? (readdirSync(packFolder(content), { recursive: true }) as string[])
        .filter((path) => /\.|LICENSE/.test(path))
        .sort()
    : []
const put = (dir: string, path: string, text: string) => {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}
function packOf(content: string) {
  const path = join(packFolder(content), 'pack.yaml')
  const parsed = parseDocument('pack.yaml', readFileSync(path, 'utf8'))
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  return parsed.value.value
}
async function loads(content: string) {
  const { files } = await readWorkingTree(content)
  return compileBundle(files, 'worktree')
}

function repositoryOf(files: Readonly<Record<string, string>>, prepare: (dir: string) => void = () => {}) {
  const dir = folderOf(files)
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always', ...args],
      {
        env: {
          PATH: process.env.PATH ?? '',
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_COMMITTER_DATE: '2026-03-04T05:06:07+0100',
          GIT_AUTHOR_DATE: '2020-01-01T00:00:00Z',
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
      .toString()
      .trim()
  git('init', '-q', '-b', 'main')
  prepare(dir)
  git('add', '-A')
  git('commit', '-qm', 'rules')
  git('tag', 'v1')
  return { dir, git, commit: git('rev-parse', 'HEAD') }
}

test('a folder becomes a pack with its licence and a record, and the content loads with it', async () => {
  const content = folderOf(own)
  const dir = folderOf({
    ...source,
    'README.md': '# no rule',
    'rules/mapping.yml': 'logsources: {}\n',
    'tests/c.yml': rule(3),
  })
  const { out, exitCode, err } = await gitsoc('rules', 'add', `acme@${dir}`, '--content', content)
  expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 })
  expect(out).toContain('acme: 2 rules from')
  expect(out).toContain('  + rules/deep/b.yml')
  expect(out).toContain('4 files added, 0 changed, 0 removed, 0 as before')
  expect(filesOf(content)).toEqual(['LICENSE', 'pack.yaml', 'rules/a.yml', 'rules/deep/b.yml'])
  expect(readFileSync(join(packFolder(content), 'rules/a.yml'), 'utf8')).toBe(rule(1))
  expect(packOf(content)).toMatchObject({
    id: 'acme',
    source: dir,
    rules: 2,
    licence: { file: 'LICENSE', id: 'DRL-1.1' },
  })
  const { bundle, problems } = await loads(content)
  expect(problems).toEqual([])
  expect(bundle?.detection.map((one) => one.title).sort()).toEqual(['Own', 'Rule 1', 'Rule 2'])
})

test('correlations of the pack come with the rules that they count', async () => {
  const content = folderOf(own)
  const dir = folderOf({ ...source, 'rules/many.yml': correlation(idOf(1)) })
  expect((await gitsoc('rules', 'add', `acme@${dir}`, '--content', content)).exitCode).toBe(0)
  expect((await loads(content)).bundle?.sequences.map((one) => one.title)).toEqual(['Many'])
  const filtered = await gitsoc('rules', 'add', `acme@${dir}`, '--content', content, '--product', 'okta')
  expect([filtered.exitCode, filesOf(content)]).toEqual([0, ['LICENSE', 'pack.yaml', 'rules/deep/b.yml']])
})

test('added again it shows what changed, was added and removed, and then nothing', async () => {
  const content = folderOf(own)
  const dir = folderOf(source)
  const add = async () => (await gitsoc('rules', 'add', `acme@${dir}`, '--content', content, '--json')).json()
  expect(await add()).toMatchObject({ rules: 2, unchanged: 0 })
  expect(await add()).toMatchObject({ added: [], changed: [], removed: [], unchanged: 4 })
  put(dir, 'rules/a.yml', rule(1, 'azure'))
  put(dir, 'rules/new.yml', rule(3))
  rmSync(join(dir, 'rules/deep/b.yml'))
  expect(await add()).toMatchObject({
    ...{ added: ['rules/new.yml'], changed: ['rules/a.yml', 'pack.yaml'], removed: ['rules/deep/b.yml'], unchanged: 1 },
  })
  expect(existsSync(join(packFolder(content), 'rules/deep'))).toBe(false)
  expect(await add()).toMatchObject({ added: [], changed: [], removed: [], unchanged: 4 })
  expect((await loads(content)).problems).toEqual([])
})

test('a dry run shows the same and writes nothing', async () => {
  const content = folderOf(own)
  const { out } = await gitsoc('rules', 'add', `acme@${folderOf(source)}`, '--content', content, '--dry-run')
  expect(out).toContain('4 files added, 0 changed, 0 removed, 0 as before: nothing was written')
  expect(filesOf(content)).toEqual([])
})

test.each<[string, (dir: string) => string, boolean]>([
  ['a tag of a repository on the disk', (dir) => `${dir}@v1`, true],
  ['an address with a revision', (dir) => `file://${dir}@v1`, true],
  ['an address without', (dir) => `file://${dir}`, true],
  ['a folder as it lies there has no commit', (dir) => dir, false],
])('%s', async (_name, spec, isCommit) => {
  const content = folderOf(own)
  const { dir, commit } = repositoryOf(source)
  const { exitCode, err, json } = await gitsoc('rules', 'add', `acme@${spec(dir)}`, '--content', content, '--json')
  expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 })
  // The committer's time and not the author's, nor the clock's.
  const date = '2026-03-04T04:06:07.000Z'
  expect(json()).toMatchObject(isCommit ? { rules: 2, commit, date } : { rules: 2, commit: null, date: null })
  expect(packOf(content).commit).toBe(isCommit ? commit : undefined)
  expect((await loads(content)).problems).toEqual([])
})

test('a revision is read as it was committed, whatever lies in the folder now', async () => {
  const content = folderOf(own)
  const { dir } = repositoryOf(source)
  put(dir, 'rules/a.yml', broken)
  expect((await gitsoc('rules', 'add', `acme@${dir}@v1`, '--content', content)).exitCode).toBe(0)
})

test.each([
  ['--product', 'okta', ['rules/deep/b.yml']],
  ['--select', 'rules/*.yml', ['rules/a.yml', 'rules/c.yml']],
  ['--select', 'rules/**', ['rules/a.yml', 'rules/c.yml', 'rules/deep/b.yml']],
  ['--level', 'high', ['rules/a.yml', 'rules/deep/b.yml']],
])('%s %s chooses', async (option, value, expected) => {
  const content = folderOf(own)
  const dir = folderOf({ ...source, 'rules/c.yml': rule(3, 'aws', undefined, 'low') })
  await gitsoc('rules', 'add', `acme@${dir}`, '--content', content, option, value)
  expect(filesOf(content).filter((path) => path.startsWith('rules/'))).toEqual(expected)
  expect(packOf(content).select).toEqual({ [option === '--select' ? 'path' : option.slice(2)]: [value] })
})

test.each<[string, Record<string, string>, string]>([
  ['a rule that does not compile', { 'rules/bad.yml': broken }, 'unknown modifier "contians"'],
  ['broken YAML', { 'rules/bad.yml': 'title: [\n' }, 'rules/bad.yml'],
  ['an id that a rule of ours has', { 'rules/bad.yml': rule(7) }, 'is used in rules/detection/own.yaml too'],
  ['two rules of one id', { 'rules/z.yml': rule(1) }, 'is used in'],
  [
    'a correlation that would silence a rule of ours',
    { 'rules/bad.yml': correlation(idOf(7)) },
    'which is not of the pack',
  ],
  [
    'a name that a rule of ours has',
    { 'rules/bad.yml': `name: own_rule\n${rule(3)}` },
    'is that of a rule outside the pack',
  ],
  ['a filter, which would hush rules of ours', { 'rules/bad.yml': filter }, 'would change rules that are not its own'],
  ['a file that is too large', { 'rules/bad.yml': `${rule(3)}# ${'x'.repeat(1_000_001)}\n` }, 'larger than'],
  ['a path that hides', { 'rules/.hidden/bad.yml': rule(3) }, 'its path'],
  ['a path with a control character', { 'rules/a\u001b[2Jb.yml': rule(3) }, 'its path'],
])('%s stops it, or is left out and listed with --skip-failing', async (_name, files, message) => {
  const content = folderOf(own)
  const dir = folderOf({ ...source, ...files })
  const refused = await gitsoc('rules', 'add', `acme@${dir}`, '--content', content)
  expect(refused.exitCode).toBe(1)
  expect(refused.err).toContain('nothing was written')
  expect(refused.out).toContain(message)
  expect(filesOf(content)).toEqual([])
  const skipped = await gitsoc('rules', 'add', `acme@${dir}`, '--content', content, '--skip-failing')
  expect(skipped.exitCode).toBe(0)
  expect(JSON.stringify(packOf(content).leftOut)).toContain(message.replaceAll('"', '\\"'))
  expect(packOf(content).rules).toBe(2)
  expect((await loads(content)).problems).toEqual([])
})

test('links are refused, to files and to folders, on the disk and in commits', async () => {
  const secret = folderOf({ 'rules/secret.yml': rule(5) })
  const linked = (dir: string) => {
    symlinkSync(join(secret, 'rules/secret.yml'), join(dir, 'rules/link.yml'))
    symlinkSync(join(secret, 'rules'), join(dir, 'rules/folder'))
  }
  const { dir } = repositoryOf(source, linked)
  for (const spec of [dir, `${dir}@v1`]) {
    const content = folderOf(own)
    const { out, exitCode } = await gitsoc('rules', 'add', `acme@${spec}`, '--content', content)
    expect(exitCode).toBe(1)
    expect(out).toMatch(/rules\/folder: it is a link/)
    expect(out).toMatch(/rules\/link.yml: it is a link/)
    await gitsoc('rules', 'add', `acme@${spec}`, '--content', content, '--skip-failing')
    expect(filesOf(content)).toEqual(['LICENSE', 'pack.yaml', 'rules/a.yml', 'rules/deep/b.yml'])
  }
})

test('nothing of a repository is run: hooks, filters, the monitor, signature programs, other transports', async () => {
  const mark = join(folderOf({}), 'ran')
  const program = `#!/bin/sh\ntouch ${mark}\n`
  const { dir, git } = repositoryOf({ ...source, '.gitattributes': '* filter=evil diff=evil\n' })
  for (const hook of ['post-checkout', 'pre-receive', 'reference-transaction', 'post-update', 'update'])
    writeFileSync(join(dir, '.git/hooks', hook), program, { mode: 0o755 })
  writeFileSync(join(dir, 'evil.sh'), program, { mode: 0o755 })
  const evil = join(dir, 'evil.sh')
  for (const key of [
    'filter.evil.smudge',
    'diff.evil.textconv',
    'core.fsmonitor',
    'gpg.program',
    'core.sshCommand',
    'core.pager',
  ])
    git('config', key, evil)
  git('config', 'log.showSignature', 'true')
  for (const spec of [`${dir}@v1`, `file://${dir}@v1`, dir]) {
    const { exitCode } = await gitsoc('rules', 'add', `acme@${spec}`, '--content', folderOf(own))
    expect(exitCode).toBe(0)
  }
  for (const spec of [
    `ext::${evil}`,
    `ext::sh -c "touch ${mark}"`,
    `--upload-pack=${evil}`,
    `file://${dir}@--upload-pack=${evil}`,
    `ssh://-oProxyCommand=${evil}/x`,
    'http://example.com/x',
    'git://example.com/x',
  ]) {
    const { exitCode } = await gitsoc('rules', 'add', `acme@${spec}`, '--content', folderOf(own))
    expect([2, 3]).toContain(exitCode)
  }
  expect(existsSync(mark)).toBe(false)
})

test.each([
  ['a name that leads out', '../x@/tmp', 2],
  ['no name', '/tmp', 2],
  ['a folder that is not there', 'acme@/nowhere/at/all', 3],
  ['an address with a password', 'acme@https://user:secret@example.com/x', 3],
])('%s is refused', async (_name, spec, code) => {
  expect((await gitsoc('rules', 'add', spec, '--content', folderOf(own))).exitCode).toBe(code)
})

test('a source without a licence text is refused, and one without rules', async () => {
  const { LICENSE: _, ...without } = source
  const none = await gitsoc('rules', 'add', `acme@${folderOf(without)}`, '--content', folderOf(own))
  expect([none.exitCode, none.err]).toEqual([1, expect.stringContaining('no licence text')])
  const empty = await gitsoc('rules', 'add', `acme@${folderOf({ LICENSE: licence })}`, '--content', folderOf(own))
  expect([empty.exitCode, empty.err]).toEqual([2, expect.stringContaining('no rule')])
})

test('a link in the place of the pack is not written through', async () => {
  const content = folderOf({ ...own, 'rules/detection/packs/README.md': '' })
  const elsewhere = folderOf({ 'kept.yml': rule(5) })
  symlinkSync(elsewhere, packFolder(content))
  const { exitCode, err } = await gitsoc('rules', 'add', `acme@${folderOf(source)}`, '--content', content)
  expect([exitCode, err]).toEqual([1, expect.stringContaining('is a link')])
  expect(readdirSync(elsewhere)).toEqual(['kept.yml'])
})

test.each<[string, (content: string) => void, string]>([
  ['a rule that was edited', (content) => put(packFolder(content), 'rules/a.yml', rule(1, 'azure')), 'pack/changed'],
  ['a rule that was put in', (content) => put(packFolder(content), 'rules/c.yml', rule(3)), 'pack/changed'],
  ['a rule that was taken out', (content) => rmSync(join(packFolder(content), 'rules/a.yml')), 'pack/changed'],
  ['rules without a record', (content) => rmSync(join(packFolder(content), 'pack.yaml')), 'pack/no-pack'],
  ['YAML that is no rule', (content) => put(packFolder(content), 'rules/c.yml', 'a: 1\n'), 'pack/no-rule'],
])('%s keeps a pack from loading', async (_name, damage, code) => {
  const content = folderOf(own)
  await gitsoc('rules', 'add', `acme@${folderOf(source)}`, '--content', content)
  damage(content)
  const { bundle, problems } = await loads(content)
  expect(bundle).toBeNull()
  expect(problems.map((one) => one.code)).toContain(code)
  expect(problems[0]?.place?.file).toMatch(/^rules\/detection\/packs\/acme\//)
})

test('rules test passes over pack rules without fixtures, and says so', async () => {
  const content = folderOf({
    ...own,
    'rules/detection/fixtures/own.yaml': 'positive: [{ a: y }]\nnegative: [{ a: z }]\n',
    'rules/detection/fixtures/packs/acme/rules/a.yml': 'positive: [{ a: z }]\nnegative: [{ a: z }]\n',
  })
  await gitsoc('rules', 'add', `acme@${folderOf(source)}`, '--content', content)
  const { out, exitCode } = await gitsoc('rules', 'test', '--content', content)
  expect(out).toContain('1 rules of packs have no fixtures here and were not tested')
  expect(out).toContain('"Rule 1" did not fire')
  expect(exitCode).toBe(1)
})
