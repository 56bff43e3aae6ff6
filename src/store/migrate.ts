import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { sha256 } from '../core/model/index.ts'

const directory = new URL('./migrations/', import.meta.url)
const lock = 7_365_001

interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** The migrations of this code, in order. */
export async function listMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-[a-z-]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => ({
      number: Number(name.slice(0, 4)),
      name,
      sql: await readFile(new URL(name, directory), 'utf8'),
    })),
  )
}

/**
 * Brings the database to this code's version: forward only, each migration in a transaction of its own, one starter at
 * a time. Refuses a database that is newer than the code, or whose applied migrations differ from the files.
 */
export async function migrate(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'gitsoc migrate',
  })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lock])
    await client.query(
      'create table if not exists schema_migration (number int primary key, name text not null, digest text not null, at timestamptz not null default now())',
    )
    const found = await client.query<{ number: number; name: string; digest: string }>(
      'select number, name, digest from schema_migration order by number',
    )
    const applied = new Map(found.rows.map((row) => [row.number, row]))
    const migrations = await listMigrations()
    const newest = Math.max(0, ...applied.keys())
    const known = migrations.at(-1)?.number ?? 0
    if (newest > known) {
      throw new Error(
        `the database is at migration ${newest}, this gitsoc knows ${known}: install the newer gitsoc (migrations go forward only)`,
      )
    }
    for (const { number, name, sql } of migrations) {
      const digest = sha256(sql)
      const before = applied.get(number)
      if (before !== undefined) {
        if (before.digest !== digest)
          throw new Error(`migration ${name} was changed after it had been applied; add a new migration instead`)
        continue
      }
      await client.query('begin')
      try {
        await client.query(sql)
        await client.query('insert into schema_migration (number, name, digest) values ($1, $2, $3)', [
          number,
          name,
          digest,
        ])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw new Error(`migration ${name} failed: ${(error as Error).message}`)
      }
    }
  } finally {
    await client.end()
  }
}
