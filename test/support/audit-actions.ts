import type { Store } from '../../src/store/index.ts'

/** What the audit says was done, to what, oldest first. */
export async function readAuditActions(store: Store): Promise<readonly (readonly [action: string, subject: string])[]> {
  const found = await store.transaction((tx) =>
    tx.query<{ action: string; subject: string }>('select action, subject from audit where tenant = $1 order by seq', [
      tx.tenant,
    ]),
  )
  return found.rows.map(({ action, subject }) => [action, subject])
}
