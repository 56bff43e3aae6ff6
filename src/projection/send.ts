import type { Json } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { Channel } from './channel.ts'

/** A single message: an answer to a command, the page of somebody on call. */
export interface Message {
  /** What makes it this one: a second with the same key is the first again, also when that was sent long ago. */
  readonly key: string
  readonly body: Json
  /** 0 goes first, as what belongs to a CRITICAL incident does; 4 last. */
  readonly rank: 0 | 1 | 2 | 3 | 4
  readonly at: number
}

/** Keys are known again for so long after their message was sent. */
export const keysKeptMs = 30 * 86_400_000

/** Leaves a message to the channel, in the caller's transaction. False when it was left before, or the channel is not enabled. */
export async function send(tx: Tx, channel: Channel, message: Message): Promise<boolean> {
  const sent = await tx.query(
    `insert into projection (tenant, channel, subject, body, rank, marked_at)
      select $1, $2, $3, $4, $5, $6 from projection_channel where tenant = $1 and channel = $2 on conflict do nothing`,
    [tx.tenant, channel, `message/${message.key}`, JSON.stringify(message.body), message.rank, message.at],
  )
  if (sent.rowCount > 0) await tx.query(`select pg_notify('gitsoc_projection', $1)`, [tx.tenant])
  return sent.rowCount > 0
}

/** Forgets messages whose keys need not be known any more. */
export async function forgetMessages(tx: Tx, at: number): Promise<void> {
  await tx.query(
    'delete from projection where tenant = $1 and body is not null and written >= wanted and written_at < $2',
    [tx.tenant, at - keysKeptMs],
  )
}
