import pg from 'pg'
import type { TenantId } from '../core/model/index.ts'
import { GatheringSocket } from './gathering-socket.ts'
import type { Rows, Statement, Store, Tx } from './store.ts'

const int8 = 20

/** `bigint` arrives as number: all of ours are counts and epoch milliseconds. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
}

/** True when the error says that the database is away or going away, so that trying again later makes sense. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string') {
    if (/^(08|57P|53)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code))
      return true
  }
  return /connection terminated|timeout exceeded when trying to connect|connection timeout|not queryable|client was closed/i.test(
    error.message,
  )
}

/** True when the database gave the transaction up so that another could go on: the same again will do. */
export function isRetried(error: unknown): boolean {
  return error instanceof Error && ['40001', '40P01'].includes(String((error as { code?: unknown }).code))
}

/** Connections to the database as one tenant. Closing it leaves the server alone. */
export function connect(url: string, tenant: TenantId, options: { connections?: number } = {}): Store {
  const pool = new pg.Pool({
    connectionString: url,
    types,
    max: options.connections ?? 10,
    // Statements are sent without waiting for the answers to those before: a round trip costs more than most of them.
    pipeline: true,
    stream: () => new GatheringSocket(),
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 60_000,
    application_name: 'gitsoc',
  })
  pool.on('error', () => {})
  // For as long as a connection lives: the server may say that it ends in the very packet in which it says that it is ready,
  // before whoever asked for the connection could listen. An error that nobody listens for ends the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  const role = `set local role gitsoc_app; set local app.tenant to '${tenant}'`
  const inTransaction = async <T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken = false
    const tx = txOf(client, tenant)
    try {
      // Whatever comes behind it fails with it, so that nothing is ever done outside of the transaction and the role.
      tx.unheard(client.query(`${begin}; ${role}`))
      const result = await work(tx)
      const committed = client.query('commit')
      tx.unheard(committed)
      // The log is written in order: once this is on disk, so is the commit before it.
      if (tx.isFlushedAfter()) tx.unheard(client.query(`select pg_logical_emit_message(true, 'gitsoc', '')`))
      await tx.heard()
      if ((await committed).command !== 'COMMIT')
        throw new Error('a statement of the transaction failed: nothing is kept')
      return result
    } catch (error) {
      const cause = await tx.causeOf(error)
      broken = isUnavailable(cause)
      if (!broken) await client.query('rollback').catch(() => (broken = true))
      throw cause
    } finally {
      client.release(broken)
    }
  }
  return {
    tenant,
    transaction: (work, durable = 'flushed') =>
      inTransaction(durable === 'flushed' ? 'begin' : 'begin; set local synchronous_commit to off', work),
    snapshot: (work) => inTransaction('begin isolation level repeatable read read only', work),
    listen: (channel, heard) => listen(url, tenant, channel, heard),
    close: () => pool.end(),
  }
}

/** A transaction with what nobody waits for yet. */
interface OpenTx extends Tx {
  /** Remembers how it ends. */
  unheard(sent: Promise<unknown>): void
  /** Waits for all of those; throws when one failed. */
  heard(): Promise<void>
  /** Whether what it did is still to be brought to the disk once it is committed. */
  isFlushedAfter(): boolean
  /** The error behind one that only says that something before it failed. */
  causeOf(error: unknown): Promise<unknown>
}

function txOf(client: pg.PoolClient, tenant: TenantId): OpenTx {
  const pending: Promise<unknown>[] = []
  let failure: unknown
  let isFlushedAfter = false
  // By callback: a promise of the driver's costs a stack trace's frame and two more of them for each statement.
  const send = <Row>(statement: Statement, values: readonly unknown[] = []): Promise<Rows<Row>> =>
    new Promise((resolve, reject) => {
      const config = typeof statement === 'string' ? { text: statement, values } : { ...statement, values }
      client.query(config as pg.QueryConfig, (error: Error | null, result: pg.QueryResult) => {
        if (error) reject(error)
        else resolve({ rows: result.rows as Row[], rowCount: result.rowCount ?? 0 })
      })
    })
  const unheard = (sent: Promise<unknown>) => {
    pending.push(
      sent.catch((error: unknown) => {
        failure ??= error
      }),
    )
  }
  return {
    tenant,
    unheard,
    query: send,
    write(statement, values) {
      const sent = send<never>(statement, values)
      unheard(sent)
      return sent
    },
    freeBeforeFlush() {
      isFlushedAfter = true
      unheard(client.query('set local synchronous_commit to off'))
    },
    isFlushedAfter: () => isFlushedAfter,
    async heard() {
      await Promise.all(pending)
      if (failure !== undefined) throw failure
    },
    async causeOf(error) {
      if ((error as { code?: unknown }).code !== '25P02') return error
      await Promise.all(pending)
      return failure ?? error
    },
  }
}

async function listen(url: string, tenant: TenantId, channel: string, heard: () => void): Promise<() => Promise<void>> {
  let client: pg.Client | null = null
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const open = async () => {
    timer = undefined
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 3000,
      application_name: 'gitsoc listen',
    })
    // A lost connection says so several times, some of them after its successor is there: only the first counts.
    let lost = false
    const again = () => {
      if (lost) return
      lost = true
      if (client === fresh) client = null
      fresh.end().catch(() => {})
      if (!stopped) timer ??= setTimeout(open, 500)
    }
    fresh.on('error', again)
    fresh.on('end', again)
    fresh.on('notification', (message) => {
      if (message.payload === tenant) heard()
    })
    try {
      await fresh.connect()
      await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
      if (stopped) return void fresh.end().catch(() => {})
      if (!lost) client = fresh
      heard()
    } catch {
      again()
    }
  }
  await open()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await client?.end()
  }
}
