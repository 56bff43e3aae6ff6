import type { Store, Tx } from '../store/index.ts'

/** A way by which others are told about incidents: each renders them in its own form. `escalation` is the clock that calls people, told of changes like the others. */
export type Channel = 'github' | 'slack' | 'pagerduty' | 'escalation'

/**
 * From now on every change of an incident of the store's tenant marks it for this channel. The first time, and after the
 * channel was off, all incidents that are not closed are marked, or with `none` only those that change from now on. Idempotent.
 */
export async function enableChannel(
  store: Store,
  channel: Channel,
  at: number,
  first: 'open' | 'none' = 'open',
): Promise<void> {
  await store.transaction(async (tx) => {
    const fresh = await tx.query(
      'insert into projection_channel (tenant, channel, enabled_at) values ($1, $2, $3) on conflict do nothing',
      [tx.tenant, channel, at],
    )
    if (fresh.rowCount > 0 && first === 'open') await markIncidents(tx, 'open')
  })
}

/** Nothing is marked for this channel any more; what was written outside stays known, for the day it is enabled again. */
export async function disableChannel(store: Store, channel: Channel): Promise<void> {
  await store.transaction((tx) =>
    tx.query('delete from projection_channel where tenant = $1 and channel = $2', [tx.tenant, channel]),
  )
}

/** Whether changes are marked for this channel. */
export async function isEnabled(tx: Tx, channel: Channel): Promise<boolean> {
  const found = await tx.query('select from projection_channel where tenant = $1 and channel = $2', [
    tx.tenant,
    channel,
  ])
  return found.rowCount > 0
}

/** Marks incidents as if they had changed: those not closed, all, or the ones that are named. Says how many. */
export async function markIncidents(tx: Tx, which: 'open' | 'all' | readonly number[]): Promise<number> {
  const named = typeof which === 'string' ? null : which
  const marked = await tx.query(
    `insert into projection_mark (tenant, incident) select tenant, number from incident
      where tenant = $1 and case when $2::int[] is not null then number = any($2) else $3 or status not in ('closed', 'merged') end
      order by number`,
    [tx.tenant, named, which === 'all'],
  )
  if (marked.rowCount > 0) await tx.query(`select pg_notify('gitsoc_projection', $1)`, [tx.tenant])
  return marked.rowCount
}
