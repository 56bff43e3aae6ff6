import { isObject, type Json } from '../../core/model/index.ts'

/** What we wrote to an issue last, field by field: what differs from it over there was done by somebody else. */
export interface WrittenIssue {
  readonly title: string
  /** SHA-256 of the body. */
  readonly body: string
  readonly labels: readonly string[]
  readonly state: 'open' | 'closed'
  readonly assignee: string | null
  /** Undefined = it was written before milestones were. */
  readonly milestone?: string | null
}

/** What is remembered of an incident's issue. It is kept in the projection's row. */
export interface IssueRecord {
  /** Its number; null when there is none. */
  readonly issue: number | null
  /** When creating one began, epoch milliseconds: there may be one that we do not know the number of. */
  readonly creatingAt: number | null
  /** The sticky comment: its id, and when creating it began. */
  readonly comment: number | null
  readonly commentingAt: number | null
  /** SHA-256 of the sticky comment. */
  readonly status: string | null
  readonly written: WrittenIssue | null
  /** How many repairs had been asked for when it was last written; see `issue-repairs.ts`. */
  readonly repairs: number
}

export const noIssue: IssueRecord = {
  issue: null,
  creatingAt: null,
  comment: null,
  commentingAt: null,
  status: null,
  written: null,
  repairs: 0,
}

/** Reads back what {@link recordJson} made; what is not understood counts as not known. */
export function recordOf(value: Json): IssueRecord {
  if (!isObject(value)) return noIssue
  const numberOf = (one: unknown) => (typeof one === 'number' ? one : null)
  return {
    issue: numberOf(value.issue),
    creatingAt: numberOf(value.creatingAt),
    comment: numberOf(value.comment),
    commentingAt: numberOf(value.commentingAt),
    status: typeof value.status === 'string' ? value.status : null,
    written: writtenOf(value.written),
    repairs: numberOf(value.repairs) ?? 0,
  }
}

function writtenOf(value: unknown): WrittenIssue | null {
  if (!isObject(value) || typeof value.title !== 'string' || typeof value.body !== 'string') return null
  return {
    title: value.title,
    body: value.body,
    labels: Array.isArray(value.labels) ? value.labels.map(String) : [],
    state: value.state === 'closed' ? 'closed' : 'open',
    assignee: typeof value.assignee === 'string' ? value.assignee : null,
    ...(value.milestone === undefined
      ? {}
      : { milestone: typeof value.milestone === 'string' ? value.milestone : null }),
  }
}

export const recordJson = (record: IssueRecord): Json => ({
  ...record,
  written: record.written === null ? null : { ...record.written },
})
