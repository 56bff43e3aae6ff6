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

/**
 * Opens the store, brings its schema up to date and makes the tenant known.
 * `close()` also stops an embedded server when nobody else uses it.
 */
export async function openStore(
  location: StoreLocation,
  tenant: TenantId,
  options: { connections?: number } = {},
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
  await store.transaction((tx) =>
    tx.query(
      'insert into tenant (tenant, created_at) values ($1, (extract(epoch from now()) * 1000)::bigint) on conflict do nothing',
      [tenant],
    ),
  )
  return {
    ...store,
    url,
    async close() {
      await store.close()
      await embedded?.stop()
    },
  }
}
