import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs `work` with a directory that is gone afterwards. PostgreSQL, which does not run as root, can reach it. */
export async function withScratch<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-bench-'))
  await chmod(dir, 0o711)
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export const say = (text: string) => process.stdout.write(`${text}\n`)
export const secondsSince = (since: number) => (performance.now() - since) / 1000
export const megabytes = (bytes: number) => Math.round(bytes / 1_048_576)
