import type { Bundle } from '../../core/content/index.ts'
import { type Budget, createDrain, type Drain, enableChannel, send, type Writer } from '../../projection/index.ts'
import type { Feature, Seat } from '../app/feature.ts'
import { CallFailed } from './call-failed.ts'
import { issueEventOf } from './issue-event.ts'
import { labelStyles } from './issue-labels.ts'
import type { Links } from './links.ts'
import { look } from './look.ts'
import { remoteComment, remoteIssue } from './remote-issue.ts'
import { seatCalls } from './seat-calls.ts'
import { type TakeParts, takeComment } from './take-comment.ts'
import { takeIssueEvent } from './take-issue.ts'
import { writeMessage } from './write-answer.ts'
import { type WriteParts, writeIncident } from './write-incident.ts'

export interface IssuesOptions {
  /** The content that is live. */
  readonly bundle: () => Bundle
  /** How fast it writes; {@link githubBudget} unless told. */
  readonly budget?: Budget
  /** How long an issue rests after it was written; 10 s unless told. */
  readonly restMs?: number
  /** The longest that one request takes; 10 s unless told. */
  readonly callMs?: number
  readonly wait?: (ms: number) => Promise<void>
}

/**
 * Three seconds between writes, as GitHub asks of those that notify, and fewer than 500 an hour.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export const githubBudget = (writesPerMinute = 20): Budget => [
  { writes: writesPerMinute, perMs: 60_000, burst: 1 },
  { writes: 360, perMs: 3_600_000, burst: 100 },
]

/** Incidents as issues, both ways. The drain writes; tests and commands may have it do so at once. */
export interface IssuesFeature extends Feature {
  readonly drain: Drain
}

/** Bump it when the labels change: they are made once. */
const labelsVersion = 1

/** Keeps an issue for each incident of a tenant, and takes what people do and say there. */
export function issuesFeature(seat: Seat, options: IssuesOptions): IssuesFeature {
  const { store, clock, log } = seat
  const callMs = options.callMs ?? 10_000
  const calls = seatCalls(seat, callMs)
  const links = (): Links | null => {
    const { commit } = options.bundle()
    return /^[0-9a-f]{40}$/.test(commit) ? { repo: `${seat.webUrl}/${seat.owner}/${seat.repo}`, commit } : null
  }
  const writes: WriteParts = { store, calls, appId: seat.appId, team: () => options.bundle().team, links, clock }
  const takes: TakeParts = { store, calls, bundle: options.bundle, clock }
  const write: Writer = async (due, hand) => {
    try {
      return due.incident === null ? await writeMessage(writes, due, hand) : await writeIncident(writes, due, hand)
    } catch (error) {
      if (error instanceof CallFailed) return { ok: false, failure: error.failure }
      throw error
    }
  }
  const drain = createDrain({
    store,
    channel: 'github',
    budget: options.budget ?? githubBudget(),
    write,
    clock,
    log,
    callMs,
    restMs: options.restMs ?? 10_000,
    ...(options.wait === undefined ? {} : { wait: options.wait }),
  })
  return {
    drain,
    handlers: {
      'issue_comment.created': async ({ payload }) => {
        const comment = remoteComment(payload.comment)
        const issue = remoteIssue(payload.issue)
        if (comment !== null && issue !== null && !issue.isPull)
          await takeComment(takes, { ...comment, updatedAt: comment.createdAt }, issue.number)
      },
      issues: async ({ payload }) => {
        const read = issueEventOf(payload)
        if (read !== null) await takeIssueEvent(takes, read.event, read.issue)
      },
    },
    look: () => look(takes),
    async start() {
      await enableChannel(store, 'github', clock())
      await store.transaction(async (tx) => {
        for (const [name] of labelStyles)
          await send(tx, 'github', {
            key: `label/${labelsVersion}/${name}`,
            body: { kind: 'label', name },
            rank: 4,
            at: clock(),
          })
      })
      await drain.start()
    },
    stop: () => drain.stop(),
  }
}
