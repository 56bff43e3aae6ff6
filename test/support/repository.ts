import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A Git repository of its own for a test. */
export interface TestRepository {
  readonly dir: string
  put(path: string, text: string | Uint8Array): string
  remove(path: string): void
  /** Commits everything; the id of the commit. */
  commit(message?: string): string
  /** Any other command of Git; what it wrote. */
  git(...args: readonly string[]): string
}

const times = { GIT_AUTHOR_DATE: '2026-05-01T08:00:00Z', GIT_COMMITTER_DATE: '2026-05-01T08:00:00Z' }

/** A repository with these files, each a text by its path; removed when the test ends. */
export function testRepository(files: Readonly<Record<string, string>> = {}): TestRepository {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-repository-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', dir, '-c', 'user.name=gitsoc', '-c', 'user.email=soc@example.com', ...args], {
      env: { PATH: process.env.PATH ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...times },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim()
  git('-c', 'init.defaultBranch=main', 'init', '-q')
  const put = (path: string, text: string | Uint8Array) => {
    const file = join(dir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  for (const [path, text] of Object.entries(files)) put(path, text)
  return {
    dir,
    git,
    put,
    remove: (path) => rmSync(join(dir, path), { recursive: true }),
    commit(message = 'content') {
      git('add', '-A')
      git('commit', '-qm', message, '--allow-empty')
      return git('rev-parse', 'HEAD')
    },
  }
}
