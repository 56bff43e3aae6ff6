import type { TenantId } from '../core/model/index.ts'

/** One result of a statement. `bigint` columns arrive as number (all of ours fit 53 bits), `bytea` as Buffer, `jsonb` parsed. */
export interface Rows<Row> {
  readonly rows: readonly Row[]
  readonly rowCount: number
}

/** A statement: text with `$1` parameters, or a named one that the connection prepares once. */
export type Statement = string | { readonly name: string; readonly text: string }

/** A transaction of one tenant: row-level security shows and accepts only that tenant's rows. */
export interface Tx {
  readonly tenant: TenantId
  query<Row = Record<string, unknown>>(statement: Statement, values?: readonly unknown[]): Promise<Rows<Row>>
  /**
   * Like `query` for a statement whose result decides nothing more in this transaction: it is sent at once, in order, and
   * nobody need wait for it. When it fails the transaction rejects with its error, and nothing of it is kept. What is waited
   * for after the transaction is committed.
   */
  write<Row = Record<string, unknown>>(statement: Statement, values?: readonly unknown[]): Promise<Rows<Row>>
  /**
   * Frees what this transaction holds when it commits, not only once that is on disk, so that who waits for it need not wait for
   * the disk too. The transaction resolves once it is on disk all the same, and whatever others commit after it is not there before it.
   */
  freeBeforeFlush(): void
}

/** The tenant's view of the database. Every access is a transaction as the application role with the tenant set. */
export interface Store {
  readonly tenant: TenantId
  /**
   * Commits when `work` resolves, rolls back when it throws. Lost connections reject with {@link isUnavailable} errors. What is
   * `flushed later` is visible at once and on disk within a second: a database that crashes before may lose it.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, durable?: 'flushed' | 'flushed later'): Promise<T>
  /** Like `transaction`, but everything it reads is of one moment, and it cannot write. */
  snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Calls `heard` for every NOTIFY on the channel whose payload is this tenant, from any replica; reconnects by itself. Returns the stop function. */
  listen(channel: string, heard: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
