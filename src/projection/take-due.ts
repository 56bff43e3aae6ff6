import { randomUUID } from 'node:crypto'
import type { Json } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { Channel } from './channel.ts'

/** Something that waits to be written, claimed for whoever took it until `claimedUntil`. */
export interface Due {
  readonly channel: Channel
  /** `incident/<n>`, or `message/<key>`. */
  readonly subject: string
  /** The incident to be shown as it is now; null for a message. */
  readonly incident: number | null
  /** What is to be said; null for an incident. */
  readonly body: Json
  /** The count that is reached when this writing is settled. */
  readonly wanted: number
  /** Digest of what was written last, as the writer gave it. */
  readonly digest: string | null
  /** What the writer keeps about the other side: numbers, timestamps of messages. */
  readonly outside: Json
  /** How often it failed since it was last written. */
  readonly attempts: number
  readonly claim: string
  readonly claimedUntil: number
}

/** What waits of a channel, most severe first, then longest waiting, claimed: nobody else gets it before the claim ends. */
export async function takeDue(
  tx: Tx,
  channel: Channel,
  { n, at, leaseMs }: { readonly n: number; readonly at: number; readonly leaseMs: number },
): Promise<readonly Due[]> {
  const claim = randomUUID()
  const taken = await tx.query<Omit<Due, 'channel' | 'claim'> & { rank: number; since: number }>(
    { name: 'take-due', text: take },
    [tx.tenant, channel, at, n, claim, at + leaseMs],
  )
  return taken.rows
    .toSorted((a, b) => a.rank - b.rank || a.since - b.since)
    .map(({ rank: _rank, since: _since, ...one }) => ({ ...one, channel, claim }))
}

// Materialized: as a part of the join it could be asked twice, and take more than it was told to.
const take = `with due as materialized (
    select subject from projection
      where tenant = $1 and channel = $2 and wanted > written and dead_at is null and next_at <= $3
        and (claimed_until is null or claimed_until <= $3)
      order by rank, since limit $4 for update skip locked)
  update projection p set claimed_by = $5, claimed_until = $6 from due
  where p.tenant = $1 and p.channel = $2 and p.subject = due.subject
  returning p.subject, p.incident, p.body, p.wanted, p.digest, p.outside, p.attempts, p.claimed_until as "claimedUntil", p.rank, p.since`

/** When something of the channel is due next: now or in the past when it is due already, null when nothing waits. */
export async function nextDueAt(tx: Tx, channel: Channel): Promise<number | null> {
  const found = await tx.query<{ at: number | null }>(
    {
      name: 'next-due-at',
      text: `select min(greatest(next_at, coalesce(claimed_until, 0))) as at from projection
        where tenant = $1 and channel = $2 and wanted > written and dead_at is null`,
    },
    [tx.tenant, channel],
  )
  return found.rows[0]?.at ?? null
}
