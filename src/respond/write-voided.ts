import type { Tx } from '../store/index.ts'

/** Makes questions void that wait for nothing any more, and approvals that are no longer enough. */
export function writeVoided(tx: Tx, at: number, ids: readonly string[]): void {
  if (ids.length === 0) return
  void tx.write(
    {
      name: 'write-voided',
      text: `update approval set status = 'void', settled_at = $3 where tenant = $1 and id = any($2::text[]) and status in ('pending', 'approved')`,
    },
    [tx.tenant, ids, at],
  )
}
