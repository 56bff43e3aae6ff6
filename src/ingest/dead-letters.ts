import { oneLine } from '../core/model/index.ts'
import { appendAudit, type Store, type Tx } from '../store/index.ts'
import { readDelivery } from './batch.ts'
import { insertDeliveries, type NewDelivery, type StoredDelivery } from './inbox.ts'

export const letterStates = ['open', 'requeued', 'dismissed'] as const
export type LetterState = (typeof letterStates)[number]

/** Names a dead letter: the number of its delivery and the position of the record in it. */
export interface LetterId {
  readonly seq: number
  readonly index: number
}

/** A record that could not be taken. `excerpt` is one bounded line of it; the bytes stand in its delivery. */
export interface Letter extends LetterId {
  readonly source: string
  readonly code: string
  readonly message: string
  readonly excerpt: string
  /** How many records it stands for; more than one where a delivery held very many of the same kind. */
  readonly records: number
  readonly state: LetterState
  /** When its delivery was received. */
  readonly at: number
}

/** Which letters are meant; all members must fit. */
export interface LetterFilter {
  readonly letters?: readonly LetterId[]
  readonly state?: LetterState
  readonly source?: string
  readonly code?: string
}

/** Who decides about letters, and when. */
export interface LetterWork {
  readonly actor: string
  readonly at: number
}

const matching = `from dead_letter where tenant = $1
  and ($2::bigint[] is null or (seq, idx) in (select * from unnest($2::bigint[], $3::int[])))
  and ($4::text is null or state = $4) and ($5::text is null or source = $5) and ($6::text is null or code = $6)`

const parameters = (tx: Tx, filter: LetterFilter) => [
  tx.tenant,
  filter.letters?.map((one) => one.seq) ?? null,
  filter.letters?.map((one) => one.index) ?? null,
  filter.state ?? null,
  filter.source ?? null,
  filter.code ?? null,
]

const columns = 'seq, idx as index, source, code, message, excerpt, records, state, at'

/** Dead letters, the newest first. */
export async function listDeadLetters(tx: Tx, filter: LetterFilter, limit: number): Promise<readonly Letter[]> {
  const found = await tx.query<Letter>(`select ${columns} ${matching} order by seq desc, idx desc limit $7`, [
    ...parameters(tx, filter),
    limit,
  ])
  return found.rows
}

/** How many records the letters that fit stand for, by source, code and state. */
export async function countDeadLetters(
  tx: Tx,
  filter: LetterFilter,
): Promise<
  readonly { readonly source: string; readonly code: string; readonly state: LetterState; readonly count: number }[]
> {
  const found = await tx.query<{ source: string; code: string; state: LetterState; count: number }>(
    `select source, code, state, sum(records)::int as count ${matching} group by source, code, state order by sum(records) desc, source, code`,
    parameters(tx, filter),
  )
  return found.rows
}

/** A letter with the delivery it came in and the bytes that would be read again. */
export interface OpenedLetter {
  readonly letter: Letter
  readonly delivery: StoredDelivery
  readonly raw: Buffer
  /** `record`: the bytes are this record alone; `delivery`: it cannot be told apart, they are the whole delivery. */
  readonly unit: 'record' | 'delivery'
}

/** Everything about one letter, or null when there is none of that name. */
export async function readDeadLetter(tx: Tx, id: LetterId): Promise<OpenedLetter | null> {
  const [letter] = await listDeadLetters(tx, { letters: [id] }, 1)
  const delivery = letter === undefined ? null : await readDelivery(tx, id.seq)
  if (letter === undefined || delivery === null) return null
  const lines = linesOf(delivery, await recordCount(tx, id.seq))
  const line = lines?.[id.index]
  return line === undefined
    ? { letter, delivery, raw: Buffer.from(delivery.body), unit: 'delivery' }
    : { letter, delivery, raw: line, unit: 'record' }
}

const lettersAtOnce = 500

/**
 * Reads open letters again, after what they failed on was mended: the bytes of each record become a new delivery at the
 * end of the inbox, in the transaction that marks the letter. The ledger stays exact because nothing is taken back: the
 * letter remains counted as dead-lettered, and the new delivery counts as received anew. Where a record cannot be told
 * apart from its delivery (a webhook's envelope, a document), the whole delivery is read again, once for all its letters;
 * its other records then end as duplicates.
 */
export async function requeueDeadLetters(
  store: Store,
  filter: Omit<LetterFilter, 'state'>,
  work: LetterWork,
): Promise<{ readonly letters: number; readonly deliveries: number }> {
  const last = await store.snapshot((tx) =>
    tx.query<{ seq: number }>('select next_seq as seq from inbox_head where tenant = $1', [tx.tenant]),
  )
  const end = last.rows[0]?.seq ?? 0
  const done = { letters: 0, deliveries: 0 }
  for (;;) {
    const some = await store.transaction((tx) => requeueSome(tx, filter, end, work))
    if (some === null) return done
    done.letters += some.letters
    done.deliveries += some.deliveries
  }
}

async function requeueSome(tx: Tx, filter: LetterFilter, end: number, work: LetterWork) {
  const first = await openLetters(tx, filter, end, lettersAtOnce)
  if (first.length === 0) return null
  const bySeq = Map.groupBy(first, (one) => one.seq)
  const taken: LetterId[] = []
  const again: NewDelivery[] = []
  for (const [seq, letters] of bySeq) {
    const delivery = await readDelivery(tx, seq)
    if (delivery === null) throw new Error(`the delivery ${seq} of a dead letter is gone`)
    const lines = linesOf(delivery, await recordCount(tx, seq))
    if (lines === null) {
      again.push(copyOf(delivery, delivery.body))
      taken.push(...(await openLetters(tx, { letters: await lettersOf(tx, seq) }, end, null)))
    } else {
      again.push(...letters.map((one) => copyOf(delivery, lines[one.index] ?? delivery.body)))
      taken.push(...letters)
    }
  }
  await mark(tx, taken, 'requeued', work, { deliveries: again.length })
  await insertDeliveries(tx, again)
  return { letters: taken.length, deliveries: again.length }
}

/** Ends open letters that are not worth reading again, with the reason in the audit. Returns how many there were. */
export async function dismissDeadLetters(
  store: Store,
  filter: Omit<LetterFilter, 'state'>,
  work: LetterWork & { readonly reason: string },
): Promise<number> {
  return store.transaction(async (tx) => {
    const letters = await openLetters(tx, filter, null, null)
    if (letters.length > 0) await mark(tx, letters, 'dismissed', work, { reason: oneLine(work.reason, 500) })
    return letters.length
  })
}

async function openLetters(tx: Tx, filter: LetterFilter, end: number | null, limit: number | null) {
  const found = await tx.query<LetterId>(
    `select seq, idx as index ${matching} and ($7::bigint is null or seq < $7) order by seq, idx limit $8 for update`,
    [...parameters(tx, { ...filter, state: 'open' }), end, limit],
  )
  return found.rows
}

async function lettersOf(tx: Tx, seq: number): Promise<readonly LetterId[]> {
  const found = await tx.query<LetterId>('select seq, idx as index from dead_letter where tenant = $1 and seq = $2', [
    tx.tenant,
    seq,
  ])
  return found.rows
}

async function mark(
  tx: Tx,
  letters: readonly LetterId[],
  state: LetterState,
  work: LetterWork,
  details: Readonly<Record<string, string | number>>,
): Promise<void> {
  const [first] = letters
  await appendAudit(tx, {
    at: work.at,
    actor: work.actor,
    action: `dead-letter.${state}`,
    subject: letters.length === 1 && first !== undefined ? `dead-letter/${first.seq}.${first.index}` : 'dead-letters',
    details: { ...details, letters: letters.map((one) => `${one.seq}.${one.index}`) },
  })
  await tx.query(
    `update dead_letter d set state = $2 from unnest($3::bigint[], $4::int[]) as one(seq, idx)
     where d.tenant = $1 and d.seq = one.seq and d.idx = one.idx`,
    [tx.tenant, state, letters.map((one) => one.seq), letters.map((one) => one.index)],
  )
}

/** How many records the delivery held; null when letters stand for several, of which nobody can say which they are. */
async function recordCount(tx: Tx, seq: number): Promise<number | null> {
  const found = await tx.query<{ events: number; folded: boolean }>(
    `select events, exists (select 1 from dead_letter d where d.tenant = $1 and d.seq = $2 and d.records > 1) as folded
     from delivery_count where tenant = $1 and seq = $2`,
    [tx.tenant, seq],
  )
  const row = found.rows[0]
  return row === undefined ? 0 : row.folded ? null : row.events
}

const copyOf = (delivery: StoredDelivery, body: Uint8Array): NewDelivery => ({
  source: delivery.source,
  transport: delivery.transport,
  contentType: delivery.contentType,
  receivedAt: delivery.receivedAt,
  body,
})

/** The records of a delivery of lines, when each line was one record; null when it is another kind or some held several. */
function linesOf(delivery: StoredDelivery, events: number | null): readonly Buffer[] | null {
  if (events === null) return null
  if (delivery.transport !== 'syslog' && !/ndjson|jsonl|lines|text\/plain/.test(delivery.contentType ?? '')) return null
  const body = Buffer.from(delivery.body)
  if (body.subarray(0, 10).toString() === '#separator') return null
  const lines: Buffer[] = []
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf(10, start)
    const line = body.subarray(start, end < 0 ? body.length : end)
    if (line.toString('utf8').trim() !== '') lines.push(line)
    start = end < 0 ? body.length : end + 1
  }
  return lines.length === events ? lines : null
}
