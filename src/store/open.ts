import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { TenantId } from '../core/model/index.ts'
import { connect } from './connect.ts'
import { startEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import type { Store } from './store.ts'

/** Where the truth is kept: a PostgreSQL by URL, or the embedded server in a directory. */
export type StoreLocation = { readonly databaseUrl: string } | { readonly dir: string }

/** A store that also knows its connection string. */
export interface OpenStore extends Store {
  readonly url: string
}

/** What was to be opened is not there: no database, or nothing of that tenant in it. */
export class StoreMissing extends Error {}

/**
 * Opens the store, which is made where there is none, brings its schema up to date and makes the tenant known.
 * `close()` also stops an embedded server when nobody else uses it.
 */
export async function openStore(
  location: StoreLocation,
  tenant: TenantId,
  options: { connections?: number } = {},
): Promise<OpenStore> {
  const store = await reach(location, tenant, options)
  await store.transaction((tx) =>
    tx.query(
      'insert into tenant (tenant, created_at) values ($1, (extract(epoch from now()) * 1000)::bigint) on conflict do nothing',
      [tenant],
    ),
  )
  return store
}

/** Like {@link openStore}, but makes nothing: without a database or the tenant in it, it rejects with {@link StoreMissing}. */
export async function openExistingStore(location: StoreLocation, tenant: TenantId): Promise<OpenStore> {
  if (!(await storeExists(location)))
    throw new StoreMissing(`there is no store in ${'dir' in location ? location.dir : 'this database'}`)
  const store = await reach(location, tenant, {})
  const found = await store.transaction((tx) => tx.query('select from tenant where tenant = $1', [tenant]))
  if (found.rowCount === 1) return store
  await store.close()
  throw new StoreMissing(`the store has no tenant "${tenant}"`)
}

/** Whether there is a store at that place; makes nothing. Rejects where a database does not answer. */
export async function storeExists(location: StoreLocation): Promise<boolean> {
  return 'dir' in location
    ? existsSync(join(location.dir, 'pgdata', 'PG_VERSION'))
    : await hasSchema(location.databaseUrl)
}

async function reach(
  location: StoreLocation,
  tenant: TenantId,
  options: { readonly connections?: number },
): Promise<OpenStore> {
  const embedded = 'dir' in location ? await startEmbedded(location.dir) : null
  const url = embedded?.url ?? (location as { databaseUrl: string }).databaseUrl
  try {
    await migrate(url)
  } catch (error) {
    await embedded?.stop()
    throw error
  }
  const store = connect(url, tenant, options)
  return {
    ...store,
    url,
    async close() {
      await store.close()
      await embedded?.stop()
    },
  }
}

async function hasSchema(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const found = await client.query<{ there: boolean }>(`select to_regclass('schema_migration') is not null as there`)
    return found.rows[0]?.there === true
  } finally {
    await client.end()
  }
}
