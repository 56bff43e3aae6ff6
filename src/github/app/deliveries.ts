import type { Store, Tx } from '../../store/index.ts'

/** A webhook on its way into the queue. */
export interface NewDelivery {
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly subject: string
  readonly body: Buffer
  readonly receivedAt: number
}

export interface ClaimedDelivery {
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly body: Buffer
  readonly receivedAt: number
  readonly attempts: number
}

/** A delivery as people see it. */
export interface KeptDelivery {
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly subject: string
  readonly receivedAt: number
  readonly status: 'waiting' | 'done' | 'dead'
  readonly attempts: number
  readonly error: string | null
}

/** How often a delivery is tried before it is dead; the waits grow from a second to ten minutes. */
export const maxAttempts = 8
const waitsMs = [1, 4, 15, 60, 180, 600, 600].map((seconds) => seconds * 1000)
/** Whoever has claimed one and has not settled it by then has crashed. */
export const leaseMs = 120_000
/** GitHub offers redelivery for three days: as long, and longer, a delivery is known again. */
const keptMs = 14 * 86_400_000

/** Keeps a delivery; false when one with this id is known. */
export async function keepDelivery(store: Store, one: NewDelivery): Promise<boolean> {
  return store.transaction(async (tx) => {
    const kept = await tx.query(
      {
        name: 'keep-github-delivery',
        text: `insert into github_delivery (tenant, id, event, action, subject, body, received_at, next_at)
          values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict do nothing`,
      },
      [tx.tenant, one.id, one.event, one.action, one.subject, one.body, one.receivedAt],
    )
    if (kept.rowCount > 0) await tx.query(`select pg_notify('gitsoc_github', $1)`, [tx.tenant])
    return kept.rowCount > 0
  })
}

/** Takes the next ones that are due: of each subject the oldest, and only when it is due itself. */
export async function claimDeliveries(store: Store, limit: number, at: number): Promise<readonly ClaimedDelivery[]> {
  const found = await store.transaction((tx) =>
    tx.query<ClaimedDelivery & { seq: number }>(
      {
        name: 'claim-github-deliveries',
        text: `update github_delivery set claimed_until = $2 + ${leaseMs}, attempts = attempts + 1
          where tenant = $1 and id in (
            select d.id from github_delivery d
            where d.tenant = $1 and d.status = 'waiting' and d.next_at <= $2 and d.claimed_until < $2
              and not exists (select from github_delivery e
                where e.tenant = $1 and e.status = 'waiting' and e.subject = d.subject and e.seq < d.seq)
            order by d.seq limit $3 for update skip locked)
          returning id, event, action, body, received_at as "receivedAt", attempts, seq`,
      },
      [store.tenant, at, limit],
    ),
  )
  return found.rows.toSorted((a, b) => a.seq - b.seq)
}

export async function settleDelivery(store: Store, id: string, at: number): Promise<void> {
  await store.transaction((tx) =>
    tx.query(
      `update github_delivery set status = 'done', settled_at = $3, claimed_until = 0, error = null where tenant = $1 and id = $2`,
      [tx.tenant, id, at],
    ),
  )
}

/** Puts a delivery off, or gives it up with the reason; true when it is dead now. */
export async function failDelivery(
  store: Store,
  one: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  reason: string,
  at: number,
): Promise<boolean> {
  const isDead = one.attempts >= maxAttempts
  await store.transaction((tx) =>
    tx.query(
      `update github_delivery set status = $3, error = $4, next_at = $5, settled_at = case when $3 = 'dead' then $6::bigint end, claimed_until = 0
        where tenant = $1 and id = $2`,
      [tx.tenant, one.id, isDead ? 'dead' : 'waiting', reason, at + (waitsMs[one.attempts - 1] ?? 600_000), at],
    ),
  )
  return isDead
}

/** When the next one is due that nobody works on; null when none waits. */
export async function nextDeliveryAt(tx: Tx): Promise<number | null> {
  const found = await tx.query<{ at: number | null }>(
    `select min(greatest(next_at, claimed_until)) as at from github_delivery where tenant = $1 and status = 'waiting'`,
    [tx.tenant],
  )
  return found.rows[0]?.at ?? null
}

/** Forgets deliveries that were worked off long ago. */
export async function forgetDeliveries(store: Store, at: number): Promise<void> {
  await store.transaction((tx) =>
    tx.query(`delete from github_delivery where tenant = $1 and status = 'done' and settled_at < $2`, [
      tx.tenant,
      at - keptMs,
    ]),
  )
}

/** The newest deliveries, at most `limit`. */
export async function listDeliveries(
  tx: Tx,
  status: KeptDelivery['status'] | null,
  limit: number,
): Promise<readonly KeptDelivery[]> {
  const found = await tx.query<KeptDelivery>(
    `select id, event, action, subject, received_at as "receivedAt", status, attempts, error from github_delivery
      where tenant = $1 and ($2::text is null or status = $2) order by seq desc limit $3`,
    [tx.tenant, status, limit],
  )
  return found.rows
}

/** Has dead deliveries tried again, all of them or one; how many. */
export async function retryDeliveries(store: Store, id: string | null, at: number): Promise<number> {
  return store.transaction(async (tx) => {
    const turned = await tx.query(
      `update github_delivery set status = 'waiting', attempts = 0, next_at = $3, error = null, settled_at = null
        where tenant = $1 and status = 'dead' and ($2::text is null or id = $2)`,
      [tx.tenant, id, at],
    )
    if (turned.rowCount > 0) await tx.query(`select pg_notify('gitsoc_github', $1)`, [tx.tenant])
    return turned.rowCount
  })
}
