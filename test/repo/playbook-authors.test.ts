import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { playbookAuthors } from '../../src/repo/index.ts'

test('the author of a playbook is whoever changed it last at that commit', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-authors-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', dir, '-c', 'user.name=Committer', '-c', 'user.email=c@example.com', ...args], {
      encoding: 'utf8',
    }).trim()
  git('init', '-q')
  mkdirSync(join(dir, 'playbooks'))
  const change = (author: string, text: string) => {
    writeFileSync(join(dir, 'playbooks/a.yaml'), text)
    git('add', '.')
    git('commit', '-qm', text, `--author=${author}`)
    return git('rev-parse', 'HEAD')
  }
  const first = change('Kim <kim@example.com>', '1')
  const second = change('Robin <robin@example.com>', '2')
  expect(await playbookAuthors(dir, first, ['a'])).toEqual({
    a: ['kim@example.com', 'Kim', 'c@example.com', 'Committer'],
  })
  expect(await playbookAuthors(dir, second, ['a', 'b', '../x'])).toEqual({
    a: ['robin@example.com', 'Robin', 'c@example.com', 'Committer'],
  })
  expect((await playbookAuthors(dir, 'worktree', ['a'])).a).toContain('Robin')
  expect(await playbookAuthors(join(dir, 'playbooks', 'none'), first, ['a'])).toEqual({})
})
