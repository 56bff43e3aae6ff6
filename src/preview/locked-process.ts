import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, realpathSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type JsonObject, oneLine } from '../core/model/index.ts'
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

/** Schemas that the compiler imports from the folders of content, looked for once. */
let schemas: readonly string[] | null = null
const schemaPaths = () => {
  schemas ??= globSync(['integrations/*.schema.json', 'playbooks/*.schema.json', 'rules/**/*.schema.json'], {
    cwd: root,
  })
  return schemas
}

/** The options of Node that lock a process: what it may read, and how much memory it has. */
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
  ]
}

/**
 * Starts a program of this folder without environment, able to read the program's own code, its packages and `folders`; it can
 * write nothing, start no process, thread or addon (Node's permission model). Its memory and time are limited. The network is
 * not closed by Node 24: the child is given nothing that would be worth sending but the history itself.
 */
export function startLocked(program: string, folders: readonly string[], limits: Limits): LockedProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [...lockedOptions(folders, limits.memoryMb), path], {
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
  const err: Buffer[] = []
  let errBytes = 0
  stderr.on('data', (chunk: Buffer) => {
    errBytes += chunk.length
    if (errBytes <= maxErrorBytes) err.push(chunk)
  })
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', (error) => {
      killedFor ||= `it could not be started: ${error.message}`
      resolve(killedFor)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
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
  if (/heap out of memory|Allocation failed/i.test(said)) return `it needs more than ${limits.memoryMb} MB of memory`
  const line = said.split('\n').find((one) => /^\w*Error\b/.test(one)) ?? said.split('\n')[0] ?? ''
  return `the child process ended with ${signal ?? `code ${code}`}${line === '' ? '' : `: ${oneLine(line, 200)}`}`
}
