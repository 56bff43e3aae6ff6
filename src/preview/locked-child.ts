import type { Budget, ContentChange, ContentReview, SourceFile } from '../core/content/index.ts'
import { type Enrichment, type JsonObject, type Problem, problem, type Result } from '../core/model/index.ts'
import type { FixturePair, PastDecision, Receipt, ReplayResult } from '../core/replay/index.ts'
import type { NewDelivery } from '../ingest/index.ts'
import { isAnswer } from './answer-schema.ts'
import type { Closures } from './closures.ts'
import { type Limits, startLocked } from './locked-process.ts'

/** What a child is told first. */
export interface Start {
  readonly commit: string
  readonly tenant: string
  readonly files: readonly SourceFile[]
  /** To say what changed since; null = nothing is compared. */
  readonly before: readonly SourceFile[] | null
  readonly fixtures: readonly FixturePair[]
  readonly enrichDir: string | null
  /** Whether its tests are run too, with what changed since `before` broken on purpose. */
  readonly review?: boolean
  /** Files whose budgets hold; the child only reads them. */
  readonly policy?: readonly SourceFile[]
  /** What was known of observables when the events were decided; asked before the lists. */
  readonly recorded?: readonly Enrichment[]
  /** What people decided, in order. */
  readonly decisions?: readonly PastDecision[]
  /** Bundles that decide deliveries that name them, instead of `files`. */
  readonly others?: readonly {
    readonly digest: string
    readonly commit: string
    readonly files: readonly SourceFile[]
  }[]
}

/** What it answers. */
export interface Answer {
  /** What was closed to the child; null when it did not come to say so. */
  readonly closures: Closures | null
  readonly result: ReplayResult
  readonly content: readonly ContentChange[]
  /** Null when it was not asked for or the content does not load. */
  readonly review: ContentReview | null
  /** What the files of `policy` say. */
  readonly budget: Result<Budget>
}

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
  /** The same of what a scanner made of it. */
  sendFrame(head: JsonObject, body: Uint8Array): Promise<void>
  /** Whether it has ended, so that nothing more needs to be sent. */
  readonly hasEnded: boolean
  /** What it came to. A child that ended otherwise than with an answer is content with a problem. */
  answer(): Promise<Answer>
  /** Ends it, for a reason when there is one; nothing is left running. */
  kill(why?: string): void
}

const maxAnswerBytes = 256 * 1024 * 1024

/** Starts a child that replays what it is sent; see {@link startLocked} for what it can and cannot do. */
export function startLockedChild(start: Start, limits: Limits): LockedChild {
  const child = startLocked('./locked-main.ts', start.enrichDir === null ? [] : [start.enrichDir], limits)
  const out: Buffer[] = []
  let bytes = 0
  let hasEnded = false
  child.out.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) child.kill(`its answer has more than ${maxAnswerBytes} bytes`)
    else out.push(chunk)
  })
  const answer = child.ended.then((fault) => {
    hasEnded = true
    if (fault !== null) return unanswered(fault)
    return answerOf(Buffer.concat(out).toString('utf8')) ?? unanswered('its answer cannot be read')
  })
  void child.send({ kind: 'start' }, Buffer.from(JSON.stringify(start)))
  return {
    send: (seq, { body, ...head }) => child.send({ seq, ...head }, body),
    sendFrame: child.send,
    get hasEnded() {
      return hasEnded
    },
    async answer() {
      child.close()
      return await answer
    },
    kill: child.kill,
  }
}

/** What a process that did not come to its end means for the content that it worked with. */
export function endedEarly(why: string): Problem {
  return problem(
    'preview/ended',
    `the content was not replayed to the end: ${why}`,
    undefined,
    'find the rule that is too costly, shorten the history, or raise --timeout or --memory',
  )
}

function unanswered(why: string): Answer {
  return {
    closures: null,
    result: { ok: false, problems: [endedEarly(why)] },
    content: [],
    review: null,
    budget: { ok: false, problems: [] },
  }
}

function answerOf(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text)
    return isAnswer(value) ? value : null
  } catch {
    return null
  }
}
