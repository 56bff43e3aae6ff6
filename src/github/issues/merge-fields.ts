import { sha256 } from '../../core/model/index.ts'
import type { IssueFields } from './github-calls.ts'
import { isOurs } from './issue-labels.ts'
import type { WrittenIssue } from './issue-record.ts'
import type { RemoteIssue } from './remote-issue.ts'
import type { IssueWish } from './render-issue.ts'

/** What an issue is set to, with the title of its milestone. */
export type MergedFields = Omit<IssueFields, 'milestone'> & { readonly milestone?: string | null }

/**
 * What has to be set so that an issue looks as it is to. Of three versions (what we wrote last, what stands there, what is to stand
 * there) a field is set when we have something new to say, or when `repair` says that what others made of it does not hold. What a
 * person changed and we have not heard of yet is left alone: hearing of it changes the incident, or asks for a repair.
 */
export function mergeFields(
  wish: IssueWish,
  there: RemoteIssue,
  written: WrittenIssue | null,
  repair: boolean,
): MergedFields {
  const isNews = (now: string, before: string | undefined) => repair || before === undefined || now !== before
  const fields: { -readonly [K in keyof MergedFields]: MergedFields[K] } = {}
  if (isNews(wish.title, written?.title) && there.title !== wish.title) fields.title = wish.title
  if (isNews(sha256(wish.body), written?.body) && sameText(there.body) !== sameText(wish.body)) fields.body = wish.body
  if (isNews(wish.state, written?.state) && there.state !== wish.state) {
    fields.state = wish.state
    if (wish.state === 'closed') fields.reason = wish.labels.includes('status:merged') ? 'not_planned' : 'completed'
  }
  const labels = [...wish.labels, ...there.labels.filter((one) => !isOurs(one))].toSorted()
  if (
    isNews(wish.labels.join('\n'), written?.labels.join('\n')) &&
    labels.join('\n') !== there.labels.toSorted().join('\n')
  )
    fields.labels = labels
  if (isNews(wish.assignee ?? '', written === null ? undefined : (written.assignee ?? ''))) {
    const others = there.assignees.filter((one) => one.toLowerCase() !== written?.assignee?.toLowerCase())
    const assignees = [
      ...new Set([...(wish.assignee === null ? [] : [wish.assignee]), ...others.map((one) => one.toLowerCase())]),
    ]
    if (
      assignees.toSorted().join('\n') !==
      there.assignees
        .map((one) => one.toLowerCase())
        .toSorted()
        .join('\n')
    )
      fields.assignees = assignees
  }
  if (isNewMilestone(wish, written, repair) && there.milestone !== wish.milestone) fields.milestone = wish.milestone
  return fields
}

/** What people put an issue into before milestones were kept here stays until there is something to say. */
function isNewMilestone({ milestone }: IssueWish, written: WrittenIssue | null, repair: boolean): boolean {
  if (written !== null && written.milestone === undefined) return milestone !== null
  return repair || milestone !== (written?.milestone ?? null)
}

/** GitHub may keep line ends its own way. */
const sameText = (text: string) => text.replaceAll('\r\n', '\n').trimEnd()

/** What is remembered as written. */
export const writtenOf = (wish: IssueWish): WrittenIssue => ({
  title: wish.title,
  body: sha256(wish.body),
  labels: wish.labels,
  state: wish.state,
  assignee: wish.assignee,
  milestone: wish.milestone,
})
