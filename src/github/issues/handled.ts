import type { Tx } from '../../store/index.ts'

/** Longer than comments and events are ever looked back for. */
const keptMs = 60 * 86_400_000

/** Takes a comment or event for handled, in the transaction that handles it; false when it was already. A second one at once waits. */
export async function takeOnce(tx: Tx, key: string, at: number): Promise<boolean> {
  const taken = await tx.query(
    'insert into github_handled (tenant, key, at) values ($1, $2, $3) on conflict do nothing',
    [tx.tenant, key, at],
  )
  return taken.rowCount > 0
}

/** Whether any of these was handled. */
export async function wasHandled(tx: Tx, keys: readonly string[]): Promise<boolean> {
  const found = await tx.query('select from github_handled where tenant = $1 and key = any($2) limit 1', [
    tx.tenant,
    keys,
  ])
  return found.rowCount > 0
}

/** Forgets what is too old to come again. */
export async function forgetHandled(tx: Tx, at: number): Promise<void> {
  await tx.query('delete from github_handled where tenant = $1 and at < $2', [tx.tenant, at - keptMs])
}
