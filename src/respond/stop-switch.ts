import { oneLine } from '../core/model/index.ts'
import { appendAudit, lockAudit, type Store, type Tx } from '../store/index.ts'

/** The stop switch that is on: who, why, since when (epoch milliseconds). */
export interface StopSwitch {
  readonly actor: string
  readonly reason: string
  readonly at: number
}

/** The stop switch, or null while it is off. */
export async function readStopSwitch(tx: Tx): Promise<StopSwitch | null> {
  const found = await tx.query<StopSwitch>('select by_actor as actor, reason, at from stop_switch where tenant = $1', [
    tx.tenant,
  ])
  return found.rows[0] ?? null
}

/**
 * Turns the stop switch on or off; false when it is so already. While it is on, the gate denies every effect that
 * changes something, also those that were approved before. Both are audited.
 */
export async function turnStopSwitch(store: Store, to: 'on' | 'off', by: StopSwitch): Promise<boolean> {
  const actor = oneLine(by.actor, 200).toWellFormed()
  const reason = oneLine(by.reason, 2000).toWellFormed()
  return store.transaction(async (tx) => {
    await lockAudit(tx)
    const changed =
      to === 'on'
        ? await tx.query(
            'insert into stop_switch (tenant, by_actor, reason, at) values ($1, $2, $3, $4) on conflict do nothing',
            [tx.tenant, actor, reason, by.at],
          )
        : await tx.query('delete from stop_switch where tenant = $1', [tx.tenant])
    if (changed.rowCount === 0) return false
    await appendAudit(tx, {
      at: by.at,
      actor,
      action: `stop-switch.${to}`,
      subject: 'stop-switch',
      details: { reason },
    })
    return true
  })
}
