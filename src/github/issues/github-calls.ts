import type { Octokit } from '@octokit/rest'
import { isObject } from '../../core/model/index.ts'
import { CallFailed, callFailed } from './call-failed.ts'
import { type RemoteEvent, remoteEvent } from './remote-event.ts'
import { milestoneTitle, type RemoteComment, type RemoteIssue, remoteComment, remoteIssue } from './remote-issue.ts'

export interface CallParts {
  readonly apiUrl: string
  readonly owner: string
  readonly repo: string
  /** Makes a request as the installation, whose token is minted and renewed when it has to be. */
  readonly authorized: () => Promise<Authorized>
  readonly clock: () => number
  /** The longest that one request takes, with getting a token. */
  readonly callMs: number
}

/** The hook of an authentication strategy of Octokit: adds to a request who makes it, and makes it. */
export type Authorized = (
  request: Octokit['request'],
  route: string,
  given: Readonly<Record<string, unknown>>,
) => Promise<{ readonly data: unknown }>

/** What an issue is set to; what is left out stays. */
export interface IssueFields {
  readonly title?: string
  readonly body?: string
  readonly labels?: readonly string[]
  readonly assignees?: readonly string[]
  /** Number of one that is there; null = none. */
  readonly milestone?: number | null
  readonly state?: 'open' | 'closed'
  readonly reason?: 'completed' | 'not_planned' | 'reopened'
}

const perPage = 100
const mostPages = 50

/**
 * The requests that incidents need, each with a time limit, none repeated by itself: the outbox does that. What fails throws
 * {@link CallFailed}. Without Probot's throttling: the outbox keeps the budget.
 */
export type GithubCalls = ReturnType<typeof createCalls>

export function createCalls(parts: CallParts) {
  const { owner, repo, callMs, clock } = parts
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  let requesting: Promise<Octokit['request']> | null = null
  /** Loaded with the first request: a server without GitHub never holds it. */
  const loaded = () => {
    requesting ??= import('@octokit/rest').then(
      ({ Octokit }) => new Octokit({ baseUrl: parts.apiUrl, userAgent: 'gitsoc', log: silent }).request,
    )
    return requesting
  }
  /** Of the organisation's routes it would be a query. */
  const placeOf = (route: string) => (route.includes('{owner}') ? { owner, repo } : {})

  const ask = async (route: string, given: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const signal = AbortSignal.timeout(callMs)
    try {
      const late = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error(`no answer within ${callMs} ms`)), { once: true })
      })
      const [authorized, request] = await Promise.race([Promise.all([parts.authorized(), loaded()]), late])
      const headers = { 'x-github-api-version': '2022-11-28' }
      const answer = authorized(request, route, { ...placeOf(route), ...given, headers, request: { signal } })
      return (await Promise.race([answer, late])).data
    } catch (error) {
      throw error instanceof CallFailed ? error : callFailed(error, clock())
    }
  }

  const pages = async <T>(
    route: string,
    given: Readonly<Record<string, unknown>>,
    read: (value: unknown) => T | null,
  ): Promise<readonly T[]> => {
    const found: T[] = []
    for (let page = 1; page <= mostPages; page++) {
      const data = await ask(route, { ...given, per_page: perPage, page })
      const items: readonly unknown[] = Array.isArray(data) ? data : []
      found.push(...items.map(read).filter((one) => one !== null))
      if (items.length < perPage) break
    }
    return found
  }

  const must = <T>(value: T | null, what: string): T => {
    if (value === null) throw new CallFailed({ kind: 'away', why: `GitHub answered with no ${what}` }, null)
    return value
  }
  const fieldsOf = ({ reason, ...fields }: IssueFields) => ({
    ...fields,
    ...(reason === undefined ? {} : { state_reason: reason }),
  })
  /** Null instead of an answer that says that it is not there, or not any more. */
  const orGone = async <T>(work: Promise<T>): Promise<T | null> =>
    work.catch((error: unknown) => {
      if (error instanceof CallFailed && (error.status === 404 || error.status === 410)) return null
      throw error
    })

  return {
    /** Null when it was deleted or went elsewhere. */
    issue: async (number: number): Promise<RemoteIssue | null> => {
      const data = await orGone(ask('GET /repos/{owner}/{repo}/issues/{number}', { number }))
      const issue = data === null ? null : must(remoteIssue(data), 'issue')
      return issue?.number === number ? issue : null
    },
    createIssue: async (fields: IssueFields): Promise<RemoteIssue> =>
      must(remoteIssue(await ask('POST /repos/{owner}/{repo}/issues', fieldsOf(fields))), 'issue'),
    changeIssue: async (number: number, fields: IssueFields): Promise<RemoteIssue> =>
      must(
        remoteIssue(await ask('PATCH /repos/{owner}/{repo}/issues/{number}', { number, ...fieldsOf(fields) })),
        'issue',
      ),
    /** Issues and pull requests that were touched since, oldest change first. */
    issuesSince: (at: number): Promise<readonly RemoteIssue[]> =>
      pages(
        'GET /repos/{owner}/{repo}/issues',
        { state: 'all', sort: 'updated', direction: 'asc', since: new Date(at).toISOString() },
        remoteIssue,
      ),
    /** Numbers of all open issues with a label. */
    openWith: async (label: string): Promise<readonly number[]> =>
      (await pages('GET /repos/{owner}/{repo}/issues', { state: 'open', labels: label }, remoteIssue)).map(
        (one) => one.number,
      ),
    commentsSince: (at: number): Promise<readonly RemoteComment[]> =>
      pages(
        'GET /repos/{owner}/{repo}/issues/comments',
        { sort: 'updated', direction: 'asc', since: new Date(at).toISOString() },
        remoteComment,
      ),
    commentsOf: (number: number, at: number): Promise<readonly RemoteComment[]> =>
      pages(
        'GET /repos/{owner}/{repo}/issues/{number}/comments',
        { number, since: new Date(at).toISOString() },
        remoteComment,
      ),
    createComment: async (number: number, body: string): Promise<RemoteComment> =>
      must(
        remoteComment(await ask('POST /repos/{owner}/{repo}/issues/{number}/comments', { number, body })),
        'comment',
      ),
    /** Null when it is not there any more. */
    changeComment: async (id: number, body: string): Promise<RemoteComment | null> => {
      const data = await orGone(ask('PATCH /repos/{owner}/{repo}/issues/comments/{id}', { id, body }))
      return data === null ? null : must(remoteComment(data), 'comment')
    },
    /** True when the comment is still there. */
    react: async (id: number, content: '+1' | 'confused'): Promise<boolean> =>
      (await orGone(ask('POST /repos/{owner}/{repo}/issues/comments/{id}/reactions', { id, content }))) !== null,
    /** What happened to an issue, oldest first. */
    eventsOf: async (number: number): Promise<readonly RemoteEvent[]> =>
      pages('GET /repos/{owner}/{repo}/issues/{number}/events', { number }, remoteEvent),
    /** False when there is one of that name. */
    createLabel: async (name: string, color: string, description: string): Promise<boolean> => {
      try {
        await ask('POST /repos/{owner}/{repo}/labels', { name, color, description })
        return true
      } catch (error) {
        if (error instanceof CallFailed && error.status === 422) return false
        throw error
      }
    },
    /** Number of the milestone of that title, open or closed; GitHub tells titles apart by their letters only. Null = there is none. */
    milestone: async (title: string): Promise<number | null> => {
      const all = await pages('GET /repos/{owner}/{repo}/milestones', { state: 'all' }, milestoneOf)
      const [same] = [all.find((one) => one.title === title), all.find((one) => isAlike(one.title, title))].filter(
        (one) => one !== undefined,
      )
      return same?.number ?? null
    },
    createMilestone: async (title: string): Promise<number> =>
      must(milestoneOf(await ask('POST /repos/{owner}/{repo}/milestones', { title })), 'milestone').number,
    /** Whether somebody is an active member of a team of the organisation, now. */
    isMember: async (team: string, login: string): Promise<boolean> => {
      const data = await orGone(ask('GET /orgs/{org}/teams/{team}/memberships/{login}', { org: owner, team, login }))
      return typeof data === 'object' && data !== null && 'state' in data && data.state === 'active'
    },
  }
}

const isAlike = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

function milestoneOf(value: unknown): { readonly number: number; readonly title: string } | null {
  if (!isObject(value) || typeof value.number !== 'number' || typeof value.title !== 'string') return null
  return { number: value.number, title: milestoneTitle(value.title) }
}
