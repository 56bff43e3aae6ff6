import type { Store } from '../store/index.ts'
import type { Claimed } from './claimed.ts'

/** Frees an effect whose outcome cannot be recorded: its call is as good as cut off, and nobody knows what it did. */
export async function release(store: Store, claimed: Claimed, replica: string): Promise<void> {
  await store.transaction(async (tx) => {
    const freed = await tx.query(
      'update effect set claimed_by = null where tenant = $1 and id = $2 and claimed_by = $3 and outcome is null',
      [tx.tenant, claimed.id, replica],
    )
    if (freed.rowCount === 0) return
    await tx.query(`update run set status = 'running' where tenant = $1 and id = $2 and status = 'waiting'`, [
      tx.tenant,
      claimed.run,
    ])
  })
}
