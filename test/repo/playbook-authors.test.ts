import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { playbookAuthors } from '../../src/repo/index.ts'

function repository() {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-authors-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', dir, '-c', 'user.name=Committer', '-c', 'user.email=c@example.com', ...args], {
      encoding: 'utf8',
    }).trim()
  git('init', '-q')
  mkdirSync(join(dir, 'playbooks'))
  const change = (author: string, text: string, message = 'change', file = 'playbooks/a.yaml') => {
    writeFileSync(join(dir, file), text)
    git('add', '.')
    git('commit', '-qm', message, `--author=${author}`)
    return git('rev-parse', 'HEAD')
  }
  return { dir, change }
}

const kim = ['kim@example.com', 'Kim']
const robin = ['robin@example.com', 'Robin']
const committer = ['c@example.com', 'Committer']
const sorted = (names: readonly string[] | undefined) => [...(names ?? [])].sort()

test('the authors of a playbook are those of its lines at that commit and of its last change', async () => {
  const { dir, change } = repository()
  const first = change('Kim <kim@example.com>', 'one\ntwo\n')
  const second = change('Robin <robin@example.com>', 'one\nother\n')
  const third = change('Robin <robin@example.com>', 'all\nother\n')
  const fourth = change('Sam <sam@example.com>', 'all\n')
  const of = async (commit: string, root = dir) => sorted((await playbookAuthors(root, commit, ['a', 'b', '../x'])).a)
  expect(await of(first)).toEqual(sorted([...kim, ...committer]))
  expect(await of(second)).toEqual(sorted([...kim, ...robin, ...committer]))
  expect(await of(third)).toEqual(sorted([...robin, ...committer]))
  expect(await of(fourth)).toEqual(sorted([...robin, 'sam@example.com', 'Sam', ...committer]))
  expect(await of('worktree')).toEqual(await of(fourth))
  expect(await playbookAuthors(join(dir, 'playbooks', 'none'), first, ['a'])).toEqual({})
  expect(await playbookAuthors(dir, 'f'.repeat(40), ['a'])).toEqual({})
})

test('who is named as a co-author is one, and no mail map and no list of ignored commits hides anybody', async () => {
  const { dir, change } = repository()
  const commit = change('Kim <kim@example.com>', 'one\n', 'Change it\n\nCo-authored-by: Robin <robin@example.com>')
  change('Sam <sam@example.com>', 'Nobody <nobody@example.com> <kim@example.com>\n', 'map', '.mailmap')
  const last = change('Sam <sam@example.com>', `${commit}\n`, 'ignore', 'ignored')
  execFileSync('git', ['-C', dir, 'config', 'blame.ignoreRevsFile', 'ignored'])
  expect(sorted((await playbookAuthors(dir, last, ['a'])).a)).toEqual(sorted([...kim, ...robin, ...committer]))
})
