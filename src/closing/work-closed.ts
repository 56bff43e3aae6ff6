import { appendTimeline } from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type IncidentNumber, type JsonObject, oneLine } from '../core/model/index.ts'
import type { Published, Publisher } from '../repo/index.ts'
import { appendAudit, lockAudit, type Store } from '../store/index.ts'
import { proposeFor } from './propose.ts'

export interface ClosingParts {
  readonly store: Store
  readonly bundle: () => Bundle
  readonly publisher: Publisher
  readonly clock: () => number
  readonly onError?: (error: unknown) => void
}

interface Due {
  readonly incident: IncidentNumber
  readonly closedAt: number
  readonly attempts: number
}

/** Longer than a proposal takes; after it another replica takes it up. */
const leaseMs = 5 * 60_000
const slowestMs = 6 * 3_600_000

/** From now on incidents that are closed are worked off; those closed before are not. */
export async function beginClosing(store: Store, at: number): Promise<void> {
  await store.transaction((tx) =>
    tx.query('insert into closing_since (tenant, at) values ($1, $2) on conflict do nothing', [tx.tenant, at]),
  )
}

/**
 * Works off one closed incident: decides what is proposed, publishes it, writes down what became of it. What could not be
 * published is tried again later, longer apart each time. False when there was none to work off.
 */
export async function workClosed(parts: ClosingParts): Promise<boolean> {
  const { store, publisher, clock } = parts
  const due = await takeDue(store, clock())
  if (due === null) return false
  const outcomes: JsonObject[] = []
  const done: { title: string; published: Published }[] = []
  let failed = false
  try {
    const proposed = await proposeFor(store, parts.bundle(), due.incident, clock())
    for (const proposal of proposed?.proposals ?? []) {
      const published = await publisher.publish(proposal, clock())
      done.push({ title: proposal.title, published })
      outcomes.push({ proposal: proposal.key, commit: published.commit, branch: published.branch, url: published.url })
    }
    outcomes.push(...(proposed?.left ?? []).map(({ what, why }) => ({ left: what, why: oneLine(why, 400) })))
  } catch (error) {
    failed = true
    outcomes.push({ failed: oneLine((error as Error).message, 400) })
    parts.onError?.(error)
  }
  await settle(store, due, outcomes, done, failed, clock())
  return true
}

async function takeDue(store: Store, at: number): Promise<Due | null> {
  return store.transaction(async (tx) => {
    await tx.query(
      `insert into closing (tenant, incident, closed_at, next_at) select i.tenant, i.number, i.closed_at, 0 from incident i
        join closing_since s on s.tenant = i.tenant where i.tenant = $1 and i.status = 'closed' and i.closed_at >= s.at
        on conflict do nothing`,
      [tx.tenant],
    )
    const found = await tx.query<Due>(
      `update closing c set next_at = $2 + ${leaseMs}, attempts = attempts + 1 from (
          select incident, closed_at from closing where tenant = $1 and next_at <= $2 order by next_at, closed_at limit 1 for update skip locked) due
        where c.tenant = $1 and c.incident = due.incident and c.closed_at = due.closed_at
        returning c.incident, c.closed_at as "closedAt", c.attempts`,
      [tx.tenant, at],
    )
    return found.rows[0] ?? null
  })
}

async function settle(
  store: Store,
  due: Due,
  outcomes: readonly JsonObject[],
  done: readonly { title: string; published: Published }[],
  failed: boolean,
  at: number,
): Promise<void> {
  const nextAt = failed ? at + Math.min(slowestMs, 60_000 * 2 ** Math.min(due.attempts, 12)) : null
  await store.transaction(async (tx) => {
    await lockAudit(tx)
    await tx.query(
      'update closing set next_at = $4, outcomes = $5 where tenant = $1 and incident = $2 and closed_at = $3',
      [tx.tenant, due.incident, due.closedAt, nextAt, JSON.stringify(outcomes)],
    )
    const told = done.filter(({ published }) => published.isNew)
    if (told.length === 0) return
    await appendAudit(tx, {
      ...{ at, actor: 'gitsoc', action: 'incident.propose', subject: `incident/${due.incident}` },
      details: { outcomes: [...outcomes] },
    })
    await appendTimeline(
      tx,
      told.map(({ title, published: { url, branch, commit } }) => ({
        ...{ incident: due.incident, at, kind: 'decision' as const, actor: 'gitsoc' },
        sentence: `proposed: ${title} (${url ?? `${commit.slice(0, 12)} on ${branch}`})`,
      })),
    )
  })
}
