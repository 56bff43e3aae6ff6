import { isObject, sha256 } from '../core/model/index.ts'
import type { Store } from '../store/index.ts'

/**
 * Whether something that Slack sent is heard for the first time, by Slack's own id of it: what is sent again, by Slack or by
 * somebody who recorded it, is done once, on all replicas together.
 */
export async function isFirst(store: Store, body: unknown, at: number): Promise<boolean> {
  const given = isObject(body as never) ? (body as { readonly event_id?: unknown; readonly trigger_id?: unknown }) : {}
  const id = typeof given.event_id === 'string' ? given.event_id : given.trigger_id
  const key = typeof id === 'string' && id !== '' ? id.slice(0, 200) : sha256(JSON.stringify(body))
  return store.transaction(async (tx) => {
    const first = await tx.query(
      `insert into heard (tenant, channel, id, at, done_at) values ($1, 'slack', $2, $3, $3) on conflict do nothing`,
      [tx.tenant, key, at],
    )
    return first.rowCount > 0
  })
}
