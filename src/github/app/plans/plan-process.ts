import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createAjv } from '../../../core/content/index.ts'
import { oneLine } from '../../../core/model/index.ts'
import type { CheckRun, Limits } from '../../../preview/index.ts'

/** What the process that makes a plan is told. */
export interface PlanWork {
  readonly repository: string
  readonly base: string
  readonly head: string
  /** Whose last days are replayed; null = none: only tests and fixtures speak. */
  readonly history: { readonly databaseUrl: string; readonly tenant: string; readonly now: number } | null
  readonly enrichDir: string | null
  readonly limits: Partial<Limits>
}

/** What is told of a plan. */
export interface MadePlan {
  readonly check: CheckRun
  readonly comment: string
}

export class PlanCancelled extends Error {}

const program = fileURLToPath(new URL('./plan-main.ts', import.meta.url))
const timeoutMs = 40 * 60_000
const maxBytes = 64 * 1024 * 1024

/**
 * Makes a plan in a process of its own, with a lower priority than this one, so that taking in events is not slowed; the
 * content itself runs in locked children of that process. When the signal says so, all of them are ended. Rejects with
 * {@link PlanCancelled} then.
 */
export function makePlanApart(work: PlanWork, signal: AbortSignal): Promise<MadePlan> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new PlanCancelled('it was cancelled'))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: ending it ends the locked children too.
      detached: true,
    })
    const out: Buffer[] = []
    let bytes = 0
    let said = ''
    let why: Error | null = null
    const end = (error: Error) => {
      why ??= error
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
    const cancel = () => end(new PlanCancelled('it was cancelled'))
    const timer = setTimeout(() => end(new Error('the plan took too long')), timeoutMs)
    signal.addEventListener('abort', cancel)
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) end(new Error('the plan is too large'))
      else out.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.length < 2000) said += chunk.toString('utf8')
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(JSON.stringify(work))
    child.on('error', (error) => {
      why ??= error
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      const made = why === null && code === 0 ? madeOf(Buffer.concat(out).toString('utf8')) : null
      if (made !== null) return resolve(made)
      const line = said.split('\n').find((one) => /^\w*Error\b/.test(one)) ?? `the process ended with code ${code}`
      reject(why ?? new Error(oneLine(line, 200)))
    })
  })
}

const text = { type: 'string' }
const whole = (properties: Readonly<Record<string, unknown>>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const annotation = whole({
  ...{ path: text, startLine: { type: 'integer' }, endLine: { type: 'integer' }, title: text, message: text },
  level: { enum: ['notice', 'warning', 'failure'] },
})
const isMadePlan = createAjv({ validateSchema: false }).compile<MadePlan>(
  whole({
    check: whole({
      conclusion: { enum: ['success', 'failure', 'neutral'] },
      ...{ title: text, summary: text, text, annotations: { type: 'array', items: annotation } },
    }),
    comment: text,
  }),
)

function madeOf(said: string): MadePlan | null {
  try {
    const value: unknown = JSON.parse(said)
    return isMadePlan(value) ? value : null
  } catch {
    return null
  }
}
