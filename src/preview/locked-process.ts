import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type JsonObject, oneLine } from '../core/model/index.ts'
import { emptyNetwork } from './empty-network.ts'
import { encodeFrame } from './frames.ts'

/** What a child may use before it is ended. */
export interface Limits {
  readonly timeoutMs: number
  readonly memoryMb: number
}

export const defaultLimits: Limits = { timeoutMs: 15 * 60_000, memoryMb: 2048 }

/** A child process that works with content that nobody has reviewed. */
export interface LockedProcess {
  readonly out: Readable
  /** Resolves when there is room for more, or when the child has ended. */
  send(head: JsonObject, body: Uint8Array): Promise<void>
  /** Nothing more is sent. */
  close(): void
  /** Null when it ended well, else why it did not; after all of `out` was read. */
  readonly ended: Promise<string | null>
  /** Ends it, for a reason when there is one; nothing is left running. */
  kill(why?: string): void
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const maxErrorBytes = 10_000
/** What a process may have in memory besides V8's heap, whose bound V8 keeps itself. */
const besidesHeapMb = 512
const lookEveryMs = 250
const lock = fileURLToPath(new URL('./lock.ts', import.meta.url))

/** Schemas that the compiler imports from the folders of content, looked for once. */
let schemas: readonly string[] | null = null
const schemaPaths = () => {
  schemas ??= globSync(['integrations/*.schema.json', 'playbooks/*.schema.json', 'rules/**/*.schema.json'], {
    cwd: root,
  })
  return schemas
}

/** The options of Node that lock a process: what it may read, how much memory it has, and what it runs first. */
export function lockedOptions(folders: readonly string[], memoryMb: number): readonly string[] {
  const packages = [`${root}node_modules`, `${realpathSync(`${root}node_modules`)}/`]
  const readable = [
    `${root}src/`,
    `${root}package.json`,
    ...packages,
    ...schemaPaths().map((path) => root + path),
    ...folders,
  ]
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${memoryMb}`,
    // A delivery's records live until it is through: a small young generation would copy them over and over.
    '--max-semi-space-size=32',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    `--import=${lock}`,
  ]
}

/**
 * Starts a program of this folder without environment, able to read the program's own code, its packages and `folders`; it can
 * write nothing, start no process, thread or addon (Node's permission model), and has no network (lock.ts; where the system
 * allows it also a network of its own with nothing in it). Its memory and time are limited; on Linux also what it has
 * outside of V8's heap.
 */
export function startLocked(program: string, folders: readonly string[], limits: Limits): LockedProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const [command, ...args] = [
    ...(emptyNetwork() ?? []),
    process.execPath,
    ...lockedOptions(folders, limits.memoryMb),
    path,
  ]
  const child = spawn(command ?? process.execPath, args, {
    ...{ env: {}, cwd: root, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
  })
  const { stdin, stdout, stderr } = child
  let killedFor = ''
  const kill = (why = '') => {
    killedFor ||= why
    child.kill('SIGKILL')
  }
  const seconds = Math.round(limits.timeoutMs / 1000)
  const timer = setTimeout(() => kill(`it took longer than ${seconds} seconds`), limits.timeoutMs)
  const look = setInterval(async () => {
    const most = (limits.memoryMb + besidesHeapMb) * 1024
    if (((await residentKb(child.pid)) ?? 0) > most) kill(tooMuchMemory(limits))
  }, lookEveryMs)
  look.unref()
  const err: Buffer[] = []
  let errBytes = 0
  stderr.on('data', (chunk: Buffer) => {
    errBytes += chunk.length
    if (errBytes <= maxErrorBytes) err.push(chunk)
  })
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', (error) => {
      clearInterval(look)
      killedFor ||= `it could not be started: ${error.message}`
      resolve(killedFor)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      clearInterval(look)
      if (killedFor !== '') return resolve(killedFor)
      resolve(code === 0 ? null : faultOf(Buffer.concat(err).toString('utf8'), code, signal, limits))
    })
  })
  // A child that ends early closes its input; why is said by how it ended.
  stdin.on('error', () => undefined)
  return {
    out: stdout,
    async send(head, body) {
      if (!stdin.writable || stdin.write(encodeFrame(head, body))) return
      await Promise.race([once(stdin, 'drain').catch(() => undefined), ended])
    },
    close: () => void stdin.end(),
    ended,
    kill,
  }
}

function faultOf(said: string, code: number | null, signal: string | null, limits: Limits): string {
  if (/heap out of memory|Allocation failed/i.test(said)) return tooMuchMemory(limits)
  const line = said.split('\n').find((one) => /^\w*Error\b/.test(one)) ?? said.split('\n')[0] ?? ''
  return `the child process ended with ${signal ?? `code ${code}`}${line === '' ? '' : `: ${oneLine(line, 200)}`}`
}

const tooMuchMemory = ({ memoryMb }: Limits) => `it needs more than ${memoryMb} MB of memory`

/** Memory that a process has, in kB (Linux, proc(5)); null where the system does not say. */
async function residentKb(pid: number | undefined): Promise<number | null> {
  const status = pid === undefined ? '' : await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  return found === undefined ? null : Number(found)
}
