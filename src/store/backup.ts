import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type TenantId, tenantId } from '../core/model/index.ts'
import { listMigrations } from './migrate.ts'

/** What a backup holds: rows by table. */
export interface BackupReport {
  readonly migration: number
  readonly tables: Readonly<Record<string, number>>
}

const format = 'gitsoc-backup 1'

/*
 * The file is gzip of text: a header line, then for each table a line "#table", the rows in PostgreSQL's COPY text form
 * (which has no bare line breaks), and a line "#end" with the number of rows and the SHA-256 of their lines.
 */

/** Writes everything in the database, of one moment, into one file. Needs a role that sees all rows. */
export async function backup(url: string, file: string): Promise<BackupReport> {
  const client = await connected(url)
  const tables: Record<string, number> = {}
  try {
    await client.query('begin isolation level repeatable read read only')
    const migration = await migrationOf(client)
    const lines = async function* (): AsyncGenerator<string> {
      yield `${format} ${migration}\n`
      for (const table of await tablesOf(client)) {
        const columns = await columnsOf(client, table)
        yield `#table ${table} ${columns.join(',')}\n`
        const digest = createHash('sha256')
        let rows = 0
        const copy = client.query(
          copyTo(`copy ${pg.escapeIdentifier(table)} (${columns.map(pg.escapeIdentifier).join(', ')}) to stdout`),
        )
        for await (const line of splitLines(copy)) {
          rows++
          digest.update(`${line}\n`)
          yield `${line}\n`
        }
        tables[table] = rows
        yield `#end ${table} ${rows} ${digest.digest('hex')}\n`
      }
      yield '#complete\n'
    }
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(`${file}.part`, { mode: 0o600 }))
    await rename(`${file}.part`, file)
    return { migration, tables }
  } catch (error) {
    await rm(`${file}.part`, { force: true })
    throw error
  } finally {
    await client.end()
  }
}

/**
 * Loads a backup into a store that holds nothing yet, in one transaction. The whole file is checked first, unless it was `checked`
 * by {@link checkBackup}: a backup that was cut short or changed is refused before anything is written.
 */
export async function restore(url: string, file: string, checked?: BackupReport): Promise<BackupReport> {
  const report = checked ?? (await checkBackup(file))
  const client = await connected(url)
  try {
    const migration = await migrationOf(client)
    if (report.migration !== migration)
      throw new Error(
        `the backup is of migration ${report.migration}, this store is at ${migration}: restore with the gitsoc that wrote it, then start the newer one`,
      )
    await client.query('begin')
    for (const table of await tablesOf(client)) {
      if (table === 'tenant') await client.query('delete from tenant')
      else if (((await client.query(`select from ${pg.escapeIdentifier(table)} limit 1`)).rowCount ?? 0) > 0)
        throw new Error(`the store is not empty: ${table} has rows; restore into a new one`)
      if (report.tables[table] === undefined) throw new Error(`the backup lacks the table ${table}`)
    }
    const tables = await tablesOf(client)
    // What a statement sets off is in the backup already.
    for (const table of tables) await client.query(`alter table ${pg.escapeIdentifier(table)} disable trigger user`)
    await load(client, file)
    for (const table of tables) await client.query(`alter table ${pg.escapeIdentifier(table)} enable trigger user`)
    await moveSequences(client)
    await client.query('commit')
    return report
  } finally {
    await client.end()
  }
}

/** The tenants of a store, by name. Needs a role that sees all rows. */
export async function tenantsOf(url: string): Promise<readonly TenantId[]> {
  const client = await connected(url)
  try {
    const found = await client.query<{ tenant: string }>('select tenant from tenant order by tenant')
    return found.rows.map((row) => tenantId(row.tenant))
  } finally {
    await client.end()
  }
}

/** Lines by `\n` alone: text columns may hold the other separators of Unicode. */
async function* splitLines(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const unzipped = source.pipe(createGunzip())
  source.on('error', (error) => unzipped.destroy(error))
  yield* splitLines(unzipped)
}

/** Reads a backup through and says what it holds; rejects on one that was cut short or changed. Needs no store. */
export async function checkBackup(file: string): Promise<BackupReport> {
  const tables: Record<string, number> = {}
  let migration = -1
  let table: string | null = null
  let rows = 0
  let digest = createHash('sha256')
  let complete = false
  try {
    for await (const line of linesOf(file)) {
      if (migration < 0) {
        if (!line.startsWith(`${format} `)) throw new Error('it does not begin like one')
        migration = Number(line.slice(format.length + 1))
      } else if (table === null && line.startsWith('#table ')) {
        table = line.split(' ')[1] ?? ''
        rows = 0
        digest = createHash('sha256')
      } else if (table !== null && line.startsWith(`#end ${table} `)) {
        const [, , count, hash] = line.split(' ')
        if (Number(count) !== rows || hash !== digest.digest('hex'))
          throw new Error(`the rows of ${table} are not the ones that were written`)
        tables[table] = rows
        table = null
      } else if (table === null && line === '#complete') complete = true
      else if (table !== null) {
        rows++
        digest.update(`${line}\n`)
      } else throw new Error(`an unexpected line: ${line.slice(0, 60)}`)
    }
    if (!complete) throw new Error('its end is missing')
  } catch (error) {
    throw new Error(`${file} is no sound backup: ${(error as Error).message}`)
  }
  return { migration, tables }
}

async function load(client: pg.Client, file: string): Promise<void> {
  const lines = linesOf(file)
  const known = new Set(await tablesOf(client))
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const [word, table = '', columns = ''] = next.value.split(' ')
    if (word !== '#table') continue
    if (!known.has(table)) throw new Error(`this store has no table ${table}`)
    const rows = (async function* () {
      for (let row = await lines.next(); !row.done && !row.value.startsWith(`#end ${table} `); row = await lines.next())
        yield `${row.value}\n`
    })()
    await pipeline(
      Readable.from(rows),
      client.query(
        copyFrom(
          `copy ${pg.escapeIdentifier(table)} (${columns.split(',').map(pg.escapeIdentifier).join(', ')}) from stdin`,
        ),
      ),
    )
  }
}

/** Numbers that the database gives go on behind the highest that was loaded: by identity columns and by defaults. */
async function moveSequences(client: pg.Client): Promise<void> {
  const used = await client.query<{ sequence: string; table: string; column: string }>(
    `select d.objid::regclass::text as sequence, d.refobjid::regclass::text as table, quote_ident(a.attname) as column
       from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
       join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('i', 'a')
     union
     select d.refobjid::regclass::text, f.adrelid::regclass::text, quote_ident(a.attname)
       from pg_depend d join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
       join pg_attrdef f on f.oid = d.objid join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
      where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass`,
  )
  for (const sequence of new Set(used.rows.map((row) => row.sequence))) {
    const columns = used.rows.filter((row) => row.sequence === sequence)
    const highest = columns.map((row) => `(select max(${row.column}) from ${row.table})`).join(', ')
    await client.query(`select setval($1::regclass, greatest(${highest})) where greatest(${highest}) is not null`, [
      sequence,
    ])
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'gitsoc backup',
  })
  client.on('error', () => {})
  await client.connect()
  const role = await client.query<{ ok: boolean }>(
    'select rolsuper or rolbypassrls as ok from pg_roles where rolname = current_user',
  )
  if (role.rows[0]?.ok === true) return client
  await client.end()
  throw new Error('the database role sees only rows of one tenant; use a superuser or one with BYPASSRLS')
}

async function migrationOf(client: pg.Client): Promise<number> {
  const found = await client.query<{ number: number | null }>('select max(number) as number from schema_migration')
  return found.rows[0]?.number ?? (await listMigrations()).at(-1)?.number ?? 0
}

async function tablesOf(client: pg.Client): Promise<readonly string[]> {
  const found = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relname <> 'schema_migration' order by 1`,
  )
  return found.rows.map((row) => row.name)
}

async function columnsOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const found = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [`public.${pg.escapeIdentifier(table)}`],
  )
  return found.rows.map((row) => row.name)
}
