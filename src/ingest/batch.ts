import { type EventId, type EventOutcome, oneLine } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { StoredDelivery } from './inbox.ts'

/** Where the pipeline of a tenant stands. */
export interface Cursor {
  readonly doneSeq: number
  readonly nextSeq: number
  /** How many decisions of people the engine has taken into account. */
  readonly decisions: number
}

/**
 * Takes the tenant's turn until the transaction ends: one worker at a time, on whichever replica. Null when another
 * worker has it.
 */
export async function takeTurn(tx: Tx): Promise<Cursor | null> {
  // Two statements: what is read is of a moment at which the turn is taken.
  const [lock, head] = await Promise.all([
    tx.query<{ ok: boolean }>(
      { name: 'take-turn', text: `select pg_try_advisory_xact_lock(7365002, hashtext($1)) as ok` },
      [tx.tenant],
    ),
    tx.query<{ next_seq: number; done_seq: number; decisions: number }>(
      {
        name: 'read-head',
        text: `select next_seq, done_seq,
            (select coalesce(max(n), 0) from person_decision d where d.tenant = $1) as decisions
          from inbox_head where tenant = $1`,
      },
      [tx.tenant],
    ),
  ])
  if (lock.rows[0]?.ok !== true) return null
  const row = head.rows[0]
  return row === undefined
    ? { doneSeq: 0, nextSeq: 1, decisions: 0 }
    : { doneSeq: row.done_seq, nextSeq: row.next_seq, decisions: row.decisions }
}

/** Like {@link takeTurn}, but waits for a batch that is under way; fails like a lost lock after half a minute. */
export async function waitForTurn(tx: Tx): Promise<Cursor> {
  await tx.query(`set local lock_timeout = '30s'`)
  await tx.query('select pg_advisory_xact_lock(7365002, hashtext($1))', [tx.tenant])
  await tx.query(`set local lock_timeout = 0`)
  const cursor = await takeTurn(tx)
  if (cursor === null) throw new Error('the turn is held and cannot be taken')
  return cursor
}

const maxBatchBytes = 4 * 1024 * 1024

interface DeliveryRow {
  readonly seq: number
  readonly source: string | null
  readonly transport: StoredDelivery['transport']
  readonly content_type: string | null
  readonly received_at: number
  readonly body: Buffer
}

/**
 * The next deliveries in order, after a number or after what is done: at most `limit` of them, and no more after the first
 * than fit into 4 MB.
 */
export async function nextDeliveries(
  tx: Tx,
  afterSeq: number | 'done',
  limit: number,
): Promise<readonly StoredDelivery[]> {
  const found = await tx.query<DeliveryRow>(
    {
      name: 'next-deliveries',
      text: `select d.seq, source, transport, content_type, received_at, body from delivery d join (
          select seq, sum(octet_length(body)) over (order by seq) - octet_length(body) as before
          from (select seq, body from delivery where tenant = $1
            and seq > coalesce($2, (select done_seq from inbox_head where tenant = $1), 0) order by seq limit $3) ahead
        ) sized on d.seq = sized.seq
        where d.tenant = $1 and sized.before < $4 order by d.seq`,
    },
    [tx.tenant, afterSeq === 'done' ? null : afterSeq, limit, maxBatchBytes],
  )
  return found.rows.map((row) => ({
    seq: row.seq,
    source: row.source,
    transport: row.transport,
    contentType: row.content_type,
    receivedAt: row.received_at,
    body: row.body,
  }))
}

/** One received delivery, by its number. */
export async function readDelivery(tx: Tx, seq: number): Promise<StoredDelivery | null> {
  return (await nextDeliveries(tx, seq - 1, 1)).find((one) => one.seq === seq) ?? null
}

/** Which of the events are known already. */
export async function knownEvents(tx: Tx, ids: readonly EventId[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const found = await tx.query<{ id: string }>(
    { name: 'known-events', text: 'select id from event where tenant = $1 and id = any($2::text[])' },
    [tx.tenant, ids],
  )
  return new Set(found.rows.map((row) => row.id))
}

/** An event with the place it ended in. */
export interface EventRow {
  readonly id: EventId
  readonly seq: number
  readonly index: number
  readonly source: string
  readonly occurredAt: number
  readonly outcome: EventOutcome
}

/** A record that could not be taken, with its reason. */
export interface DeadLetter {
  readonly seq: number
  readonly index: number
  readonly source: string
  readonly code: string
  readonly message: string
  readonly excerpt: string
  /** How many records of the delivery it stands for. */
  readonly records: number
  readonly at: number
}

/** What a batch came to: written in the same transaction as everything that was decided. */
export interface BatchOutcome {
  readonly doneSeq: number
  /** Digest of the bundle that decided. */
  readonly bundle: string
  readonly eventCounts: readonly (readonly [seq: number, count: number])[]
  readonly events: readonly EventRow[]
  readonly dead: readonly DeadLetter[]
  readonly counts: ReadonlyMap<string, ReadonlyMap<EventOutcome, number>>
}

/** Records the outcome of a batch and moves the cursor, in one statement that nobody need wait for. */
export function finishBatch(tx: Tx, batch: BatchOutcome): Promise<unknown> {
  const counts = [...batch.counts].flatMap(([source, byOutcome]) =>
    [...byOutcome].map(([outcome, count]) => ({ source, outcome, count })),
  )
  return tx.write(
    {
      name: 'finish-batch',
      text: `with events as (
          insert into event (tenant, id, seq, idx, source, occurred_at, outcome)
          select $1, * from unnest($2::text[], $3::bigint[], $4::int[], $5::text[], $6::bigint[], $7::text[])),
        dead as (
          insert into dead_letter (tenant, seq, idx, source, code, message, excerpt, at, records)
          select $1, * from unnest($8::bigint[], $9::int[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $22::int[])),
        counts as (
          insert into ledger (tenant, source, outcome, count)
          select $1, * from unnest($15::text[], $16::text[], $17::bigint[])
          on conflict (tenant, source, outcome) do update set count = ledger.count + excluded.count),
        counted as (
          insert into delivery_count (tenant, seq, events, bundle)
          select $1, seq, events, $18 from unnest($19::bigint[], $20::int[]) as t(seq, events) returning events)
        update inbox_head set done_seq = $21, received = received + coalesce((select sum(events) from counted), 0)
        where tenant = $1`,
    },
    [
      tx.tenant,
      batch.events.map((e) => e.id),
      batch.events.map((e) => e.seq),
      batch.events.map((e) => e.index),
      batch.events.map((e) => e.source),
      batch.events.map((e) => e.occurredAt),
      batch.events.map((e) => e.outcome),
      batch.dead.map((d) => d.seq),
      batch.dead.map((d) => d.index),
      batch.dead.map((d) => d.source),
      batch.dead.map((d) => d.code),
      batch.dead.map((d) => oneLine(d.message, 300)),
      batch.dead.map((d) => oneLine(d.excerpt, 1000)),
      batch.dead.map((d) => d.at),
      counts.map((c) => c.source),
      counts.map((c) => c.outcome),
      counts.map((c) => c.count),
      batch.bundle,
      batch.eventCounts.map(([seq]) => seq),
      batch.eventCounts.map(([, count]) => count),
      batch.doneSeq,
      batch.dead.map((d) => d.records),
    ],
  )
}
