import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.skipIf(process.platform === 'win32')(
  'a database server of a run that was killed is stopped, and what the run threw away is gone',
  { timeout: 60_000 },
  async () => {
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const run = `
      const { useRunFolder } = await import(${at('./run-folder.ts')})
      const { startEmbedded } = await import(${at('../../src/store/index.ts')})
      const { readFileSync } = await import('node:fs')
      useRunFolder(process.env.TMPDIR)
      await startEmbedded(process.env.TMPDIR + '/one/store')
      const pid = Number(readFileSync(process.env.TMPDIR + '/one/store/pgdata/postmaster.pid', 'utf8').split('\\n')[0])
      console.log(JSON.stringify({ pid, dir: process.env.TMPDIR }))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', run], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { pid, dir } = JSON.parse(line.toString()) as { pid: number; dir: string }
    expect([isThere(pid), existsSync(dir)]).toEqual([true, true])
    child.kill('SIGKILL')
    for (let n = 0; n < 400 && (isThere(pid) || existsSync(dir)); n++) await wait(50)
    expect([isThere(pid), existsSync(dir)]).toEqual([false, false])
  },
)
