import { isObject, oneLine } from '../../core/model/index.ts'

/** An account of GitHub's as it is named in answers and payloads. */
export interface RemoteUser {
  readonly login: string
  readonly isBot: boolean
}

/** An issue as GitHub has it. */
export interface RemoteIssue {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: 'open' | 'closed'
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  /** Title of the milestone it is in. */
  readonly milestone: string | null
  readonly author: RemoteUser | null
  /** The app that it was written by, where GitHub says so. */
  readonly appId: number | null
  readonly isPull: boolean
  readonly updatedAt: number
}

/** A comment as GitHub has it. */
export interface RemoteComment {
  readonly id: number
  /** Number of the issue it stands under; null where that is not told. */
  readonly issue: number | null
  readonly body: string
  readonly author: RemoteUser | null
  readonly appId: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const timeOf = (value: unknown) => {
  const at = Date.parse(textOf(value))
  return Number.isFinite(at) ? at : 0
}
const appOf = (value: unknown) => (isObject(value) && typeof value.id === 'number' ? value.id : null)

export function remoteUser(value: unknown): RemoteUser | null {
  if (!isObject(value) || typeof value.login !== 'string') return null
  return { login: value.login, isBot: value.type === 'Bot' || /\[bot\]$/i.test(value.login) }
}

/** The title of a milestone as incidents have it: one line of at most 200 characters. */
export const milestoneTitle = (title: string): string => oneLine(title, 200)

/** Reads an issue out of an answer or payload; null when it is none. */
export function remoteIssue(value: unknown): RemoteIssue | null {
  if (!isObject(value) || typeof value.number !== 'number') return null
  const labels = Array.isArray(value.labels) ? value.labels : []
  const assignees = Array.isArray(value.assignees) ? value.assignees : []
  return {
    number: value.number,
    title: textOf(value.title),
    body: textOf(value.body),
    state: value.state === 'closed' ? 'closed' : 'open',
    labels: labels.flatMap((one) => (typeof one === 'string' ? [one] : isObject(one) ? [textOf(one.name)] : [])),
    assignees: assignees.flatMap((one) => remoteUser(one)?.login ?? []),
    milestone: isObject(value.milestone) ? milestoneTitle(textOf(value.milestone.title)) : null,
    author: remoteUser(value.user),
    appId: appOf(value.performed_via_github_app),
    isPull: isObject(value.pull_request),
    updatedAt: timeOf(value.updated_at),
  }
}

/** Reads a comment out of an answer or payload; null when it is none. */
export function remoteComment(value: unknown): RemoteComment | null {
  if (!isObject(value) || typeof value.id !== 'number') return null
  const issue = /\/issues\/(\d+)$/.exec(textOf(value.issue_url))?.[1]
  return {
    id: value.id,
    issue: issue === undefined ? null : Number(issue),
    body: textOf(value.body),
    author: remoteUser(value.user),
    appId: appOf(value.performed_via_github_app),
    createdAt: timeOf(value.created_at),
    updatedAt: timeOf(value.updated_at),
  }
}

/** Whether this app wrote it. Where GitHub does not name the app, any app may have: people cannot. */
export const isOwn = (one: Pick<RemoteIssue, 'author' | 'appId'>, appId: number): boolean =>
  one.author?.isBot === true && (one.appId === null || one.appId === appId)
