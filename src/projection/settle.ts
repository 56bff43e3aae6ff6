import type { Json } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { Due } from './take-due.ts'

const held = 'tenant = $1 and channel = $2 and subject = $3 and claimed_by = $4'
const keyOf = (tx: Tx, due: Due) => [tx.tenant, due.channel, due.subject, due.claim]

/**
 * Records that what was claimed has been written. What was marked meanwhile still waits, at the earliest at `restUntil`.
 * False when the claim had ended and somebody else took it: then nothing is recorded.
 */
export async function settle(
  tx: Tx,
  due: Due,
  done: { readonly digest: string; readonly outside: Json; readonly at: number; readonly restUntil?: number },
): Promise<boolean> {
  const settled = await tx.query(
    {
      name: 'settle-projection',
      text: `update projection set written = $5, digest = $6, outside = $7, written_at = $8, next_at = $9, attempts = 0,
        problem = null, claimed_by = null, claimed_until = null,
        since = case when wanted > $5 then nextval('projection_order') else since end,
        marked_at = case when wanted > $5 then $8 else marked_at end where ${held}`,
    },
    [...keyOf(tx, due), due.wanted, done.digest, JSON.stringify(done.outside), done.at, done.restUntil ?? 0],
  )
  return settled.rowCount > 0
}

/** Keeps what is known about the other side before the writing is whole. False when the claim had ended. */
export async function keepOutside(tx: Tx, due: Due, outside: Json): Promise<boolean> {
  const kept = await tx.query(`update projection set outside = $5 where ${held}`, [
    ...keyOf(tx, due),
    JSON.stringify(outside),
  ])
  return kept.rowCount > 0
}

/** Gives back what was claimed, untried. */
export async function release(tx: Tx, due: Due): Promise<void> {
  await tx.query(`update projection set claimed_by = null, claimed_until = null where ${held}`, keyOf(tx, due))
}
