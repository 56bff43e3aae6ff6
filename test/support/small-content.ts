import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const parts = [
  'integrations/generic',
  'integrations/windows',
  'rules/pipelines/windows.yaml',
  'rules/detection/win_lsass_memory_read.yaml',
  'rules/detection/win_certutil_download.yaml',
]

/** A folder with two integrations and two rules of the repository, until the file's tests end: commands are quick over it. */
export function smallContent(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gitsoc-content-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  for (const part of parts) cpSync(part, join(dir, part), { recursive: true })
  return dir
}
