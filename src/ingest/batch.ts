import { type EventId, type EventOutcome, oneLine } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'
import type { StoredDelivery } from './inbox.ts'

/** Where the pipeline of a tenant stands. */
export interface Cursor {
  readonly doneSeq: number
  readonly nextSeq: number
  /** How many decisions of people the engine has taken into account. */
  readonly decisions: number
  /** Whether people or playbooks changed incidents since the pipeline last took that over. */
  readonly isWorked: boolean
  /** The newest change of the team's own indicators. */
  readonly indicators: number
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
    tx.query<Cursor>(
      {
        name: 'read-head',
        text: `select coalesce((select done_seq from inbox_done where tenant = $1), 0) as "doneSeq",
            coalesce((select next_seq from inbox_head where tenant = $1), 1) as "nextSeq",
            (select coalesce(max(n), 0) from person_decision where tenant = $1) as decisions,
            exists (select from incident_change where tenant = $1) as "isWorked",
            (select coalesce(max(changed), 0) from indicator where tenant = $1) as indicators`,
      },
      [tx.tenant],
    ),
  ])
  return lock.rows[0]?.ok === true ? (head.rows[0] ?? null) : null
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

/*
 * Row-level security lets only comparisons that give nothing away look into an index: a number that is worked out in the
 * comparison (coalesce, a subquery) does not count as such, and everything ever stored would be read for each batch.
 */
const nextIn = (ahead: string) => `select seq, source, transport, content_type, received_at, body
    from (select ahead.*, sum(octet_length(body)) over (order by seq rows unbounded preceding) - octet_length(body) as before
      from ${ahead} ahead) sized
    where before < $3 order by seq`
const ahead = (after: string) => `(select seq, source, transport, content_type, received_at, body
      from delivery where tenant = $1 and seq > ${after} order by seq limit $2)`
const nextAfter = { name: 'next-deliveries', text: nextIn(ahead('$4')) }
const nextUndone = {
  name: 'next-undone',
  text: nextIn(`(select coalesce(max(done_seq), 0) as past from inbox_done where tenant = $1) done
      cross join lateral ${ahead('done.past')}`),
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
  const values = [tx.tenant, limit, maxBatchBytes]
  const found = await (afterSeq === 'done'
    ? tx.query<DeliveryRow>(nextUndone, values)
    : tx.query<DeliveryRow>(nextAfter, [...values, afterSeq]))
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

/** Records the outcome of a batch and moves the cursor, in one statement (two with dead letters) that nobody need wait for. */
export async function finishBatch(tx: Tx, batch: BatchOutcome): Promise<void> {
  const counts = [...batch.counts].flatMap(([source, byOutcome]) =>
    [...byOutcome].map(([outcome, count]) => ({ source, outcome, count })),
  )
  const { events, dead, eventCounts } = batch
  if (dead.length > 0)
    void tx.write(
      {
        name: 'put-dead-letters',
        text: `insert into dead_letter (tenant, seq, idx, source, code, message, excerpt, at, records)
          select $1, * from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::int[])`,
      },
      [
        tx.tenant,
        dead.map((d) => d.seq),
        dead.map((d) => d.index),
        dead.map((d) => d.source),
        dead.map((d) => d.code),
        dead.map((d) => oneLine(d.message, 300)),
        dead.map((d) => oneLine(d.excerpt, 1000)),
        dead.map((d) => d.at),
        dead.map((d) => d.records),
      ],
    )
  void tx.write(
    {
      name: 'finish-batch',
      text: `with events as (
          insert into event (tenant, id, seq, idx, source, occurred_at, outcome)
          select $1, * from unnest($2::text[], $3::bigint[], $4::int[], $5::text[], $6::bigint[], $7::text[])),
        counts as (
          insert into ledger (tenant, source, outcome, count)
          select $1, * from unnest($8::text[], $9::text[], $10::bigint[])
          on conflict (tenant, source, outcome) do update set count = ledger.count + excluded.count),
        counted as (
          insert into delivery_count (tenant, seq, events, bundle)
          select $1, seq, events, $11 from unnest($12::bigint[], $13::int[]) as t(seq, events))
        insert into inbox_done (tenant, done_seq, received) values ($1, $14, $15)
          on conflict (tenant) do update set done_seq = excluded.done_seq, received = inbox_done.received + excluded.received`,
    },
    [
      tx.tenant,
      events.map((e) => e.id),
      events.map((e) => e.seq),
      events.map((e) => e.index),
      events.map((e) => e.source),
      events.map((e) => e.occurredAt),
      events.map((e) => e.outcome),
      counts.map((c) => c.source),
      counts.map((c) => c.outcome),
      counts.map((c) => c.count),
      batch.bundle,
      eventCounts.map(([seq]) => seq),
      eventCounts.map(([, count]) => count),
      batch.doneSeq,
      eventCounts.reduce((sum, [, count]) => sum + count, 0),
    ],
  )
}
