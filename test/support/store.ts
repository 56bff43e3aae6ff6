import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { type OpenStore, openStore } from '../../src/store/index.ts'

let counter = 0

/** A fresh database, copied from the migrated template in milliseconds and dropped when the test ends. */
export async function testDatabase(): Promise<string> {
  const template = inject('databaseUrl')
  const name = `test_${process.pid}_${++counter}`
  const admin = (sql: string) => asOwner(template.replace(/\/gitsoc$/, '/postgres'), sql)
  await admin(`create database ${name} template gitsoc strategy file_copy`)
  onTestFinished(() => admin(`drop database ${name} with (force)`).then(() => {}))
  return template.replace(/\/gitsoc$/, `/${name}`)
}

/** A store on a fresh database, or on the database of `url` (for a second process or tenant). */
export async function testStore(options: { url?: string; tenant?: string } = {}): Promise<OpenStore> {
  const databaseUrl = options.url ?? (await testDatabase())
  const store = await openStore({ databaseUrl }, tenantId(options.tenant ?? 'main'))
  onTestFinished(() => store.close())
  return store
}

/** Runs statements with the database owner's rights, past row-level security. */
export async function asOwner(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
