import type { Team } from '../../core/command/index.ts'
import { sha256, type TenantId } from '../../core/model/index.ts'
import { type Due, type Hand, markIncidents, type Written } from '../../projection/index.ts'
import type { Store } from '../../store/index.ts'
import type { GithubCalls } from './github-calls.ts'
import { type IssueRecord, noIssue, recordJson, recordOf } from './issue-record.ts'
import { repairsOf } from './issue-repairs.ts'
import { readIssueView } from './issue-view.ts'
import type { Links } from './links.ts'
import { isMarkedWith, issueMarker, statusMarker } from './markers.ts'
import { mergeFields, writtenOf } from './merge-fields.ts'
import { isOwn, type RemoteIssue } from './remote-issue.ts'
import { digestOf, type IssueWish, renderIssue } from './render-issue.ts'

export interface WriteParts {
  readonly store: Store
  readonly calls: GithubCalls
  readonly appId: number
  readonly team: () => Team
  readonly links: () => Links | null
  readonly clock: () => number
}

/** How long before we began to create something it may carry as its time: clocks differ. */
const slackMs = 10 * 60_000

/**
 * Brings the issue of an incident to what the incident says now: one issue, one sticky comment, each written only when it would
 * change. May be cut off anywhere: what was created and not remembered is found again by its marker.
 */
export async function writeIncident(parts: WriteParts, due: Due, hand: Hand): Promise<Written> {
  const { store } = parts
  const number = due.incident ?? 0
  const { view, repairs } = await store.snapshot(async (tx) => ({
    view: await readIssueView(tx, number, parts.team()),
    repairs: await repairsOf(tx, number),
  }))
  let record = recordOf(due.outside)
  // An incident that was merged before anybody was told of it needs no issue to say so.
  if (view === null || (view.kind === 'merged' && record.issue === null && record.creatingAt === null))
    return { ok: true, digest: 'nothing', outside: recordJson(record) }
  const wish = renderIssue(store.tenant, view, parts.links())
  const digest = sha256(`${repairs} ${digestOf(wish)}`)
  if (digest === due.digest) return { ok: true, digest, outside: due.outside }
  const keep = async (next: IssueRecord) => {
    record = next
    await hand.keep(recordJson(record))
  }
  const isRepair = repairs > record.repairs
  const there = await findIssue(parts, record, store.tenant, number, keep)
  if (there === null) {
    await createIssue(parts, wish, hand, record, keep)
    // Incidents that were merged into this one point to its issue.
    await store.transaction(async (tx) => {
      const merged = await tx.query<{ number: number }>(
        'select number from incident where tenant = $1 and merged_into = $2',
        [tx.tenant, number],
      )
      if (merged.rowCount > 0)
        await markIncidents(
          tx,
          merged.rows.map((one) => one.number),
        )
    })
  } else {
    const fields = mergeFields(wish, there, record.written, isRepair)
    if (Object.keys(fields).length > 0) {
      const { milestone, ...others } = fields
      const number = milestone === undefined ? {} : { milestone: await milestoneNumber(parts, milestone, hand) }
      await hand.spend()
      await parts.calls.changeIssue(there.number, { ...others, ...number })
    }
    await keep({ ...record, written: writtenOf(wish) })
  }
  await writeStatus(parts, wish, hand, record, keep, isRepair, number)
  await keep({ ...record, repairs })
  return { ok: true, digest, outside: recordJson(record) }
}

/** A milestone is made when the first incident is put into it. */
async function milestoneNumber({ calls }: WriteParts, title: string | null, hand: Hand): Promise<number | null> {
  if (title === null) return null
  const known = await calls.milestone(title)
  if (known !== null) return known
  await hand.spend()
  return calls.createMilestone(title)
}

type Keep = (next: IssueRecord) => Promise<void>

/** The issue as it is there; one that was created and not remembered is looked for. Null = there is none, and none is remembered. */
async function findIssue(
  { calls, appId }: WriteParts,
  record: IssueRecord,
  tenant: TenantId,
  number: number,
  keep: Keep,
): Promise<RemoteIssue | null> {
  if (record.issue !== null) {
    const there = await calls.issue(record.issue)
    if (there === null) await keep({ ...noIssue, repairs: record.repairs })
    return there
  }
  if (record.creatingAt === null) return null
  const marker = issueMarker(tenant, number)
  const found = (await calls.issuesSince(record.creatingAt - slackMs)).find(
    (one) => !one.isPull && isOwn(one, appId) && isMarkedWith(one.body, marker),
  )
  if (found === undefined) return null
  await keep({ ...record, issue: found.number, creatingAt: null })
  return found
}

async function createIssue(
  parts: WriteParts,
  wish: IssueWish,
  hand: Hand,
  record: IssueRecord,
  keep: Keep,
): Promise<void> {
  const { calls, clock } = parts
  const milestone = await milestoneNumber(parts, wish.milestone, hand)
  // Before it is sent: it may arrive although we never hear of it.
  await hand.spend()
  await keep({ ...noIssue, repairs: record.repairs, creatingAt: clock() })
  const { title, body, labels, assignee } = wish
  const made = await calls.createIssue({
    title,
    body,
    labels,
    ...(assignee === null ? {} : { assignees: [assignee] }),
    ...(milestone === null ? {} : { milestone }),
  })
  const written = { ...writtenOf(wish), state: 'open' as const }
  await keep({ ...noIssue, repairs: record.repairs, issue: made.number, written })
  if (wish.state === 'open') return
  await hand.spend()
  await calls.changeIssue(made.number, { state: 'closed', reason: 'completed' })
  await keep({ ...noIssue, repairs: record.repairs, issue: made.number, written: writtenOf(wish) })
}

/** The sticky comment: made once, then edited. */
async function writeStatus(
  { store, calls, appId, clock }: WriteParts,
  wish: IssueWish,
  hand: Hand,
  before: IssueRecord,
  keep: Keep,
  isRepair: boolean,
  number: number,
): Promise<void> {
  const status = sha256(wish.status)
  let record = before
  const { issue } = record
  if (issue === null || (record.status === status && !isRepair)) return
  if (record.comment === null && record.commentingAt !== null) {
    const marker = statusMarker(store.tenant, number)
    const found = (await calls.commentsOf(issue, record.commentingAt - slackMs)).find(
      (one) => isOwn(one, appId) && isMarkedWith(one.body, marker),
    )
    if (found !== undefined) record = { ...record, comment: found.id, commentingAt: null }
  }
  await hand.spend()
  if (record.comment !== null) {
    const changed = await calls.changeComment(record.comment, wish.status)
    if (changed !== null) return keep({ ...record, status })
    await hand.spend()
  }
  await keep({ ...record, comment: null, commentingAt: clock(), status: null })
  const made = await calls.createComment(issue, wish.status)
  await keep({ ...record, comment: made.id, commentingAt: null, status })
}
