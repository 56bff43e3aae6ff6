import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, test, vi } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'
import { testStore } from '../support/store.ts'

const hint = /^hint: .*--store/m

test.each([
  ['incidents', 'list'],
  ['ledger', '--check'],
  ['approvals', 'list'],
  ['dead-letters', 'list'],
  ['audit', 'verify'],
  ['metrics'],
  ['indicators', 'add', '198.51.100.7', '--reason', 'seen'],
  ['backup', 'backup.gz'],
])('gitsoc %s %s of a store that is not there ends with 3 and makes none', async (...words) => {
  const dir = join(folderOf({}), 'no-store')
  const ended = await gitsoc(...words, '--store', dir)
  expect(ended).toMatchObject({ out: '', exitCode: 3 })
  expect(ended.err).toContain(`gitsoc: there is no store in ${dir}\n`)
  expect(ended.err).toMatch(hint)
  expect(existsSync(dir)).toBe(false)
})

test.each([
  [
    'a configuration that names what there is not',
    ['start', '--config', 'soc.yaml'],
    /soc\.yaml:1:1: "oktaa" is no integration/,
  ],
  ['a file that is no backup', ['restore', 'soc.yaml'], /soc\.yaml is no sound backup/],
] as const)('%s makes no store', async (_what, words, why) => {
  vi.stubEnv('DATABASE_URL', '')
  const dir = folderOf({ 'soc.yaml': 'oktaa: { mode: live }\n' })
  const store = join(dir, 'no-store')
  const ended = await gitsoc(...words.map((word) => word.replace(/^soc\.yaml$/, join(dir, word))), '--store', store)
  expect(ended.err).toMatch(why)
  expect(ended.err).toMatch(/^hint: /m)
  expect(ended.exitCode).not.toBe(0)
  expect(existsSync(store)).toBe(false)
})

test('a tenant that nobody has been is not made by a look at it', async () => {
  const store = await testStore()
  vi.stubEnv('DATABASE_URL', store.url)
  for (let n = 0; n < 2; n++) {
    const ended = await gitsoc('incidents', 'list', '--tenant', 'tpyo')
    expect(ended).toMatchObject({
      out: '',
      exitCode: 3,
      err: expect.stringContaining('the store has no tenant "tpyo"'),
    })
  }
})

test('a name that no tenant has is wrong usage', async () => {
  expect(await gitsoc('incidents', 'list', '--tenant', 'A B')).toMatchObject({ exitCode: 2, out: '' })
})

test('a database without a schema gets none by a look at it', async () => {
  const admin = new pg.Client({ connectionString: inject('databaseUrl').replace(/\/[^/]*$/, '/postgres') })
  await admin.connect()
  const name = `empty_${process.pid}`
  await admin.query(`create database ${name}`)
  try {
    const url = inject('databaseUrl').replace(/\/[^/]*$/, `/${name}`)
    vi.stubEnv('DATABASE_URL', url)
    expect(await gitsoc('ledger')).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('there is no store in this database'),
    })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const tables = await client.query(`select from pg_class where relnamespace = 'public'::regnamespace`)
    await client.end()
    expect(tables.rowCount).toBe(0)
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
})
