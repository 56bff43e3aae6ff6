import { channel } from 'node:diagnostics_channel'
import { isUnavailable, type Store, type Tx } from '../store/index.ts'

/** A delivery before it has its number. */
export interface NewDelivery {
  readonly source: string | null
  readonly transport: 'webhook' | 'file' | 'syslog' | 'api'
  readonly contentType: string | null
  readonly receivedAt: number
  readonly body: Uint8Array
}

/** A delivery as kept. */
export interface StoredDelivery extends NewDelivery {
  readonly seq: number
}

/** Nothing was kept: the sender has to try again later. */
export class Overloaded extends Error {
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number) {
    super(message)
    this.name = 'Overloaded'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface Inbox {
  /** Resolves with the first number once all are on disk; rejects with {@link Overloaded} when nothing was kept. */
  accept(deliveries: readonly NewDelivery[]): Promise<{ firstSeq: number }>
  /** Waits until everything that was handed over is settled. */
  idle(): Promise<void>
}

/** For whoever measures: each transaction with its moments (`performance.now()`). */
const kept = channel('gitsoc.inbox')

interface Waiting {
  readonly queuedAt: number
  readonly deliveries: readonly NewDelivery[]
  readonly bytes: number
  readonly resolve: (answer: { firstSeq: number }) => void
  readonly reject: (error: unknown) => void
}

const maxQueuedBytes = 64 * 1024 * 1024
const maxBatchRows = 2000
const maxBatchBytes = 16 * 1024 * 1024

/**
 * The tenant's inbox. Callers that arrive while a transaction is under way share the next one, so that the cost of a
 * commit is spread over all of them. Memory is bounded: past 64 MB of waiting bodies it refuses. `onAccepted` wakes the
 * pipeline of this process after each commit; without it the pipelines of other processes are told by the database.
 */
export function createInbox(store: Store, onAccepted?: () => void): Inbox {
  const queue: Waiting[] = []
  let queuedBytes = 0
  let running: Promise<void> | null = null
  const flush = async () => {
    while (true) {
      // Ends in the same turn in which the queue is seen empty: whoever comes later starts a new loop.
      if (queue.length === 0) {
        running = null
        return
      }
      const batch: Waiting[] = []
      let rows = 0
      let bytes = 0
      while (queue.length > 0) {
        const next = queue[0] as Waiting
        if (batch.length > 0 && (rows + next.deliveries.length > maxBatchRows || bytes + next.bytes > maxBatchBytes))
          break
        batch.push(next)
        queue.shift()
        rows += next.deliveries.length
        bytes += next.bytes
      }
      const begunAt = performance.now()
      try {
        const { first } = await store.transaction(async (tx) => {
          const all = batch.flatMap((one) => one.deliveries)
          const first = insertDeliveries(tx, all, onAccepted === undefined ? 'notify' : 'quiet')
          // That it failed is what the transaction says.
          first.catch(() => {})
          return { first }
        })
        let seq = await first
        onAccepted?.()
        if (kept.hasSubscribers)
          kept.publish({
            firstSeq: seq,
            queuedAt: batch.map((one) => one.queuedAt),
            begunAt,
            committedAt: performance.now(),
          })
        for (const one of batch) {
          one.resolve({ firstSeq: seq })
          seq += one.deliveries.length
        }
      } catch (error) {
        const answer = isUnavailable(error) ? new Overloaded('the database is away', 5) : error
        for (const one of batch) one.reject(answer)
      } finally {
        queuedBytes -= bytes
      }
    }
  }
  return {
    accept(deliveries) {
      const bytes = deliveries.reduce((sum, one) => sum + one.body.byteLength + 200, 0)
      if (deliveries.length === 0) return Promise.reject(new Error('nothing to accept'))
      if (queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes)
        return Promise.reject(new Overloaded('too much is waiting to be written', 2))
      queuedBytes += bytes
      return new Promise((resolve, reject) => {
        queue.push({ queuedAt: performance.now(), deliveries, bytes, resolve, reject })
        if (running === null) {
          // Starts when what has arrived by now is read, so that requests which came together share the first transaction too.
          running = new Promise<void>((begin) => setImmediate(begin)).then(flush)
        }
      })
    },
    async idle() {
      while (running !== null) await running
    },
  }
}

const insertRows = {
  name: 'insert-deliveries',
  text: `with head as (
      insert into inbox_head (tenant, next_seq) values ($1, 1 + $2::bigint)
      on conflict (tenant) do update set next_seq = inbox_head.next_seq + $2::bigint returning next_seq - $2::bigint as first),
    put as (
      insert into delivery (tenant, seq, source, transport, content_type, received_at, body)
      select $1, head.first + ordinality - 1, source, transport, content_type, received_at, body from head,
        unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[]) with ordinality
          as t(source, transport, content_type, received_at, body, ordinality))
    select first, case when $8 then pg_notify('gitsoc_inbox', $1) end from head`,
}

/**
 * Puts deliveries at the end of the inbox as part of a transaction, and gives the first one's number, for which the
 * transaction does not wait. Numbers have no gaps: the head row stays locked until commit, so this comes late in a
 * transaction. `notify` tells the pipelines of all processes.
 */
export async function insertDeliveries(
  tx: Tx,
  deliveries: readonly NewDelivery[],
  told: 'notify' | 'quiet' = 'notify',
): Promise<number> {
  const head = await tx.write<{ first: number }>(insertRows, [
    tx.tenant,
    deliveries.length,
    deliveries.map((one) => one.source),
    deliveries.map((one) => one.transport),
    deliveries.map((one) => one.contentType),
    deliveries.map((one) => one.receivedAt),
    deliveries.map((one) => Buffer.from(one.body.buffer, one.body.byteOffset, one.body.byteLength)),
    told === 'notify',
  ])
  const first = head.rows[0]?.first
  if (first === undefined) throw new Error('the inbox has no head')
  return first
}
