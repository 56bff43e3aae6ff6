import type { Tx } from '../store/index.ts'
import { type Budget, fullPurse, type Purse } from './budget.ts'
import type { Channel } from './channel.ts'
import { type Health, healthy } from './health.ts'

/** What all replicas know together about a channel. */
export interface ChannelState {
  readonly purse: Purse
  readonly health: Health
}

/** The channel's state, locked until the transaction ends. */
export async function lockState(tx: Tx, channel: Channel, budget: Budget, at: number): Promise<ChannelState> {
  const select = {
    name: 'lock-channel',
    text: 'select doc from projection_state where tenant = $1 and channel = $2 for update',
  }
  const found = await tx.query<{ doc: ChannelState }>(select, [tx.tenant, channel])
  if (found.rows[0] !== undefined) return found.rows[0].doc
  await tx.query('insert into projection_state (tenant, channel, doc) values ($1, $2, $3) on conflict do nothing', [
    tx.tenant,
    channel,
    JSON.stringify({ purse: fullPurse(budget, at), health: healthy } satisfies ChannelState),
  ])
  return lockState(tx, channel, budget, at)
}

/** Writes the state that {@link lockState} locked. */
export async function saveState(tx: Tx, channel: Channel, state: ChannelState): Promise<void> {
  await tx.query(
    { name: 'save-channel', text: 'update projection_state set doc = $3 where tenant = $1 and channel = $2' },
    [tx.tenant, channel, JSON.stringify(state)],
  )
}
