import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../src/gitsoc.mjs', import.meta.url))
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: { readonly start: string }
}
/** The options with which `npm start` starts Node; the entry is the same too. */
const startOptions = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'))

/** `gitsoc start` as a process of its own, that can be killed and started again on the same store. */
export interface ServerProcess {
  readonly url: () => string
  /** Its process id; 0 before the first start. */
  readonly pid: () => number
  start(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Ctrl-C; resolves with what it printed and how long it took. */
  stop(): Promise<{ readonly output: string; readonly tookMs: number; readonly code: number | null }>
}

export function serverProcess(
  location: { readonly store: string } | { readonly databaseUrl: string },
  nodeOptions: readonly string[] = [],
): ServerProcess {
  let child: ChildProcess | null = null
  let url = 'http://127.0.0.1:9'
  let output = ''
  return {
    url: () => url,
    pid: () => child?.pid ?? 0,
    async start() {
      output = ''
      const store = 'store' in location ? ['--store', location.store] : []
      const started = spawn(
        process.execPath,
        [...startOptions, ...nodeOptions, entry, 'start', '--port', '0', ...store],
        {
          env: {
            ...process.env,
            GITSOC_SECRET_WAZUH_HOOK: 'fault-test',
            ...('databaseUrl' in location ? { DATABASE_URL: location.databaseUrl } : {}),
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      child = started
      url = await new Promise<string>((resolve, reject) => {
        const hear = (chunk: Buffer) => {
          output += chunk.toString()
          const found = /listens on (\S+),/.exec(output)
          if (found !== null) resolve(found[1] as string)
        }
        started.stdout?.on('data', hear)
        started.stderr?.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
        started.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)))
      })
    },
    async kill() {
      const killed = child
      if (killed === null || killed.exitCode !== null) return
      const gone = new Promise((resolve) => killed.once('exit', resolve))
      killed.removeAllListeners('exit')
      killed.once('exit', () => {})
      killed.kill('SIGKILL')
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 200))])
    },
    async stop() {
      const stopped = child
      const begun = performance.now()
      if (stopped === null) return { output, tookMs: 0, code: null }
      const code = await new Promise<number | null>((resolve) => {
        stopped.removeAllListeners('exit')
        stopped.once('exit', resolve)
        stopped.kill('SIGINT')
      })
      return { output, tookMs: performance.now() - begun, code }
    },
  }
}
