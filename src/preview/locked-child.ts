import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Budget, ContentChange, ContentReview, SourceFile } from '../core/content/index.ts'
import { type Enrichment, isObject, oneLine, problem, type Result } from '../core/model/index.ts'
import type { FixturePair, Receipt, ReplayResult } from '../core/replay/index.ts'
import type { NewDelivery } from '../ingest/index.ts'
import { encodeFrame } from './frames.ts'

/** What a child is told first. */
export interface Start {
  readonly commit: string
  readonly tenant: string
  readonly files: readonly SourceFile[]
  /** To say what changed since; null = nothing is compared. */
  readonly before: readonly SourceFile[] | null
  readonly fixtures: readonly FixturePair[]
  /** Whether its tests are run too, with what changed since `before` broken on purpose. */
  readonly review?: boolean
  /** Files whose budgets hold; the child only reads them. */
  readonly policy?: readonly SourceFile[]
  readonly enrichDir: string | null
  /** What was known of observables when the events were decided; asked before the lists. */
  readonly recorded?: readonly Enrichment[]
  /** Bundles that decide deliveries that name them, instead of `files`. */
  readonly others?: readonly {
    readonly digest: string
    readonly commit: string
    readonly files: readonly SourceFile[]
  }[]
}

/** What it answers. */
export interface Answer {
  readonly result: ReplayResult
  readonly content: readonly ContentChange[]
  /** Null when it was not asked for or the content does not load. */
  readonly review: ContentReview | null
  /** What the files of `policy` say. */
  readonly budget: Result<Budget>
}

/** What a child may use before it is ended. */
export interface Limits {
  readonly timeoutMs: number
  readonly memoryMb: number
}

export const defaultLimits: Limits = { timeoutMs: 15 * 60_000, memoryMb: 2048 }

/** A delivery of history, with when it was received. */
export interface PastDelivery extends NewDelivery {
  readonly receipt: Receipt
  /** Digest of the bundle that decides it; absent = the one of the child. */
  readonly bundle?: string
}

/** A child process that replays history with content that nobody has reviewed. */
export interface LockedChild {
  /** Hands over the next delivery; resolves when there is room for more, or when the child has ended. */
  send(seq: number, delivery: PastDelivery): Promise<void>
  /** What it came to. A child that ended otherwise than with an answer is content with a problem. */
  answer(): Promise<Answer>
  /** Ends it; nothing is left running. */
  kill(): void
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const program = fileURLToPath(new URL('./locked-main.ts', import.meta.url))
const maxAnswerBytes = 256 * 1024 * 1024
const maxErrorBytes = 10_000

/** Schemas that the compiler imports from the folders of content. */
const schemas = [
  'integrations/integration.schema.json',
  'playbooks/fixture.schema.json',
  'playbooks/playbook.schema.json',
  'rules/approval/approval.schema.json',
  'rules/budgets/budget.schema.json',
  'rules/closing/closing.schema.json',
  'rules/correlation/correlation.schema.json',
  'rules/detection/detection.schema.json',
  'rules/detection/packs/pack-rule.schema.json',
  'rules/detection/packs/pack.schema.json',
  'rules/escalation/escalation.schema.json',
  'rules/escalation/policies/policy.schema.json',
  'rules/filter/filter.schema.json',
  'rules/grouping/grouping.schema.json',
  'rules/notify/notify.schema.json',
  'rules/overlays/overlay.schema.json',
  'rules/pipelines/pipeline.schema.json',
  'rules/placeholders.schema.json',
  'rules/rarity/rarity.schema.json',
  'rules/scoring/scoring.schema.json',
  'rules/suppression/suppression.schema.json',
  'rules/team/team.schema.json',
]

/** The options of Node that lock a process: what it may read, and how much memory it has. */
export function lockedOptions(folders: readonly string[], memoryMb: number): readonly string[] {
  const packages = [`${root}node_modules`, `${realpathSync(`${root}node_modules`)}/`]
  const readable = [
    `${root}src/`,
    `${root}package.json`,
    ...packages,
    ...schemas.map((path) => root + path),
    ...folders,
  ]
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${memoryMb}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
  ]
}

/**
 * Starts a child without environment that can read the program's own code, its packages and the folder of enrichment; it
 * can write nothing, start no process, thread or addon (Node's permission model). Its memory and time are limited. The
 * network is not closed by Node 24: the child is given nothing that would be worth sending but the history itself.
 */
export function startLockedChild(start: Start, limits: Limits): LockedChild {
  const child = spawn(
    process.execPath,
    [...lockedOptions(start.enrichDir === null ? [] : [start.enrichDir], limits.memoryMb), program],
    { env: {}, cwd: root, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
  )
  const ended = outcomeOf(child, limits)
  // A child that ends early closes its input; why is said by its answer.
  child.stdin.on('error', () => undefined)
  child.stdin.write(encodeFrame({ kind: 'start' }, Buffer.from(JSON.stringify(start))))
  return {
    async send(seq, { body, ...head }) {
      if (!child.stdin.writable) return
      if (child.stdin.write(encodeFrame({ seq, ...head }, body))) return
      await Promise.race([once(child.stdin, 'drain').catch(() => undefined), ended])
    },
    async answer() {
      child.stdin.end()
      return await ended
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

async function outcomeOf(child: ChildProcess, limits: Limits): Promise<Answer> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  let [outBytes, errBytes] = [0, 0]
  let killedFor = ''
  const end = (why: string) => {
    killedFor ||= why
    child.kill('SIGKILL')
  }
  const timer = setTimeout(
    () => end(`it took longer than ${Math.round(limits.timeoutMs / 1000)} seconds`),
    limits.timeoutMs,
  )
  child.stdout?.on('data', (chunk: Buffer) => {
    outBytes += chunk.length
    if (outBytes > maxAnswerBytes) end(`its answer has more than ${maxAnswerBytes} bytes`)
    else out.push(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    errBytes += chunk.length
    if (errBytes <= maxErrorBytes) err.push(chunk)
  })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('error', (error) => {
      killedFor ||= `it could not be started: ${error.message}`
      resolve([null, null])
    })
    child.on('close', (exit, by) => resolve([exit, by]))
  })
  clearTimeout(timer)
  if (killedFor === '' && code === 0) {
    const answer = answerOf(Buffer.concat(out).toString('utf8'))
    if (answer !== null) return answer
    killedFor = 'its answer cannot be read'
  }
  const said = Buffer.concat(err).toString('utf8')
  const why = killedFor || faultOf(said, code, signal, limits)
  return {
    result: {
      ok: false,
      problems: [
        problem(
          'preview/ended',
          `the content was not replayed to the end: ${why}`,
          undefined,
          'find the rule that is too costly, shorten the history, or raise --timeout or --memory',
        ),
      ],
    },
    content: [],
    review: null,
    budget: { ok: false, problems: [] },
  }
}

function faultOf(said: string, code: number | null, signal: string | null, limits: Limits): string {
  if (/heap out of memory|Allocation failed/i.test(said)) return `it needs more than ${limits.memoryMb} MB of memory`
  const line = said.split('\n').find((one) => /^\w*Error\b/.test(one)) ?? said.split('\n')[0] ?? ''
  return `the child process ended with ${signal ?? `code ${code}`}${line === '' ? '' : `: ${oneLine(line, 200)}`}`
}

function answerOf(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || !isObject(value.result) || !Array.isArray(value.content)) return null
    return value as unknown as Answer
  } catch {
    return null
  }
}
