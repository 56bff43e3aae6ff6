import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Whether a process with this number is there, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Locks this process holds: a file with our number that is not among them is left from an earlier life of the number. */
const held = new Set<string>()

/** One starter at a time; the lock of a process that died is taken over. */
export async function takeLock(file: string, timeoutMs: number): Promise<() => Promise<void>> {
  for (const deadline = Date.now() + timeoutMs; ; await wait(20)) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      held.add(file)
      return async () => {
        held.delete(file)
        await rm(file, { force: true })
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (holder > 0 && (!isAlive(holder) || (holder === process.pid && !held.has(file)))) await rm(file, { force: true })
    if (Date.now() > deadline) throw new Error(`another process holds ${file}; remove it if no gitsoc is starting`)
  }
}
