import { sha256 } from '../../core/model/index.ts'
import { findByOutside, openOutside } from '../../projection/index.ts'
import { forgetHandled } from './handled.ts'
import type { IssueEvent } from './issue-event.ts'
import { incidentLabel } from './issue-labels.ts'
import { recordOf } from './issue-record.ts'
import { askRepair } from './issue-repairs.ts'
import type { RemoteEvent } from './remote-event.ts'
import type { RemoteIssue } from './remote-issue.ts'
import { type TakeParts, takeComment } from './take-comment.ts'
import { takeIssueEvent } from './take-issue.ts'

/** Looks overlap: clocks differ, and what happens while one looks is seen by the next. */
const overlapMs = 10 * 60_000
/** The first look goes back so far. */
const firstMs = 3_600_000
const looksForDeleted = 50

/**
 * Compares issues and comments with our records since the last look, and does what deliveries that were lost would have led to:
 * commands that nobody heard, issues that were closed, reopened, labelled, assigned or edited meanwhile. An issue of an incident
 * that is worked on and is not there any more is made anew. What was handled already comes to nothing.
 */
export async function look(parts: TakeParts): Promise<void> {
  const { store, calls, clock } = parts
  const startedAt = clock()
  const lookedAt = await store.transaction(async (tx) => {
    const found = await tx.query<{ at: number }>('select looked_at as at from github_look where tenant = $1', [
      tx.tenant,
    ])
    return found.rows[0]?.at ?? startedAt - firstMs
  })
  const since = lookedAt - overlapMs
  for (const comment of await calls.commentsSince(since))
    if (comment.issue !== null) await takeComment(parts, comment, comment.issue)
  for (const issue of await calls.issuesSince(since)) if (!issue.isPull) await lookAt(parts, issue, since)
  await lookForDeleted(parts)
  await store.transaction(async (tx) => {
    await tx.query(
      'insert into github_look (tenant, looked_at) values ($1, $2) on conflict (tenant) do update set looked_at = excluded.looked_at',
      [tx.tenant, startedAt],
    )
    await forgetHandled(tx, startedAt)
  })
}

async function lookAt(parts: TakeParts, issue: RemoteIssue, since: number): Promise<void> {
  const { store, calls } = parts
  const found = await store.transaction((tx) => findByOutside(tx, 'github', 'issue', issue.number))
  if (found === null) return
  for (const one of await calls.eventsOf(issue.number))
    if (one.at >= since && !one.isBot) await takeIssueEvent(parts, eventOf(issue.number, one), issue)
  const { written } = recordOf(found.outside)
  // Edits of the text are in no list of events.
  if (written !== null && (issue.title !== written.title || sha256(issue.body) !== written.body))
    await store.transaction((tx) => askRepair(tx, found.incident))
}

const eventOf = (issue: number, one: RemoteEvent): IssueEvent => ({
  action: one.event,
  issue,
  sender: one.actor === null ? null : { login: one.actor, isBot: one.isBot },
  at: one.at,
  label: one.label,
  assignee: one.assignee,
  milestone: one.milestone,
})

async function lookForDeleted({ store, calls }: TakeParts): Promise<void> {
  const known = await store.transaction((tx) => openOutside(tx, 'github', 'issue'))
  if (known.length === 0) return
  const open = new Set(await calls.openWith(incidentLabel))
  const missing = known.filter((one) => !open.has(recordOf(one.outside).issue ?? 0)).slice(0, looksForDeleted)
  for (const { incident, outside } of missing) {
    const number = recordOf(outside).issue
    const there = number === null ? null : await calls.issue(number)
    if (there === null || !there.labels.includes(incidentLabel))
      await store.transaction((tx) => askRepair(tx, incident))
  }
}
