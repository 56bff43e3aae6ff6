import { randomUUID } from 'node:crypto'
import { lockAudit, type Store, type Tx } from '../store/index.ts'

/** One process that makes effects, as the others see it. */
export interface Replica {
  readonly id: string
  /** Says that this process is there; at least each third of the lease. */
  beat(): Promise<void>
  /** Leaves: what it had claimed is free at once. */
  leave(): Promise<void>
  /** Whether the others still take this process for alive, as far as it knows. */
  readonly isSure: () => boolean
}

/** A replica of the store. `leaseMs` after its last beat others take over what it had claimed. */
export function createReplica(store: Store, leaseMs: number): Replica {
  const id = randomUUID()
  let sureUntil = 0
  return {
    id,
    async beat() {
      const asked = performance.now()
      await store.transaction(async (tx) => {
        // A sign of life that is lost with a crash of the database is missed by nobody, so it does not wait for the disk.
        await tx.query(`select set_config('synchronous_commit', 'off', true)`)
        await tx.query(
          {
            name: 'replica-beat',
            text: `insert into replica (tenant, id, seen_at) values ($1, $2, clock_timestamp())
              on conflict (tenant, id) do update set seen_at = clock_timestamp()`,
          },
          [tx.tenant, id],
        )
      })
      sureUntil = asked + leaseMs * 0.75
    },
    leave: async () => {
      sureUntil = 0
      await store.transaction((tx) => tx.query('delete from replica where tenant = $1 and id = $2', [tx.tenant, id]))
    },
    isSure: () => performance.now() < sureUntil,
  }
}

const stale = `e.tenant = $1 and e.outcome is null and e.claimed_by is not null
  and not exists (select from replica r where r.tenant = $1 and r.id = e.claimed_by
    and r.seen_at > clock_timestamp() - $2 * interval '1 millisecond')`

/**
 * Frees what is claimed for this process without its knowing: the answer to a commit was lost. `held` are the effects that
 * it knows of; of the others no call was ever sent.
 */
export async function disown(tx: Tx, replica: string, held: readonly string[]): Promise<number> {
  const values = [tx.tenant, replica, held]
  const mine = 'tenant = $1 and outcome is null and claimed_by = $2 and not id = any($3::text[])'
  const found = await tx.query({ name: 'unknown-claims', text: `select from effect where ${mine} limit 1` }, values)
  if (found.rowCount === 0) return 0
  await lockAudit(tx)
  const freed = await tx.query<{ id: string; run: string }>(
    `update effect set claimed_by = null where ${mine} returning id, run`,
    values,
  )
  await tx.query('delete from effect_attempt where tenant = $1 and effect = any($2) and ended_at is null', [
    tx.tenant,
    freed.rows.map((one) => one.id),
  ])
  await tx.query(`update run set status = 'running' where tenant = $1 and id = any($2) and status = 'waiting'`, [
    tx.tenant,
    freed.rows.map((one) => one.run),
  ])
  return freed.rowCount
}

/** Frees what dead replicas had claimed and lets their runs go on; forgets replicas that are long gone. */
export async function takeOver(tx: Tx, leaseMs: number): Promise<number> {
  const values = [tx.tenant, leaseMs]
  const found = await tx.query({ name: 'stale-claims', text: `select from effect e where ${stale} limit 1` }, values)
  if (found.rowCount === 0) return 0
  await lockAudit(tx)
  const freed = await tx.query<{ run: string }>(
    `update effect e set claimed_by = null where ${stale} returning e.run`,
    values,
  )
  await tx.query(`update run set status = 'running' where tenant = $1 and id = any($2) and status = 'waiting'`, [
    tx.tenant,
    [...new Set(freed.rows.map((one) => one.run))],
  ])
  await tx.query(`delete from replica where tenant = $1 and seen_at < clock_timestamp() - interval '1 hour'`, [
    tx.tenant,
  ])
  return freed.rowCount
}
