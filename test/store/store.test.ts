import { expect, test } from 'vitest'
import { appendAudit, verifyAudit } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'

const entry = (n: number) => ({
  at: 1000 + n,
  actor: 'analyst',
  action: 'note',
  subject: `incident/${n}`,
  details: { n, text: 'naïve ✓' },
})

async function chainOf(count: number) {
  const store = await testStore()
  for (let n = 1; n <= count; n++) await store.transaction((tx) => appendAudit(tx, entry(n)))
  return store
}

test('every table carries the tenant first, under forced row-level security', async () => {
  const store = await testStore()
  const tables = await asOwner(
    store.url,
    `select c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attname,
       exists (select from pg_policy p where p.polrelid = c.oid) as policy
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum = 1
     where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> 'schema_migration'`,
  )
  expect(tables.rows.length).toBeGreaterThan(4)
  for (const table of tables.rows) {
    expect(table).toMatchObject({ relrowsecurity: true, relforcerowsecurity: true, attname: 'tenant', policy: true })
  }
})

test('a tenant neither sees nor writes rows of another', async () => {
  const store = await testStore()
  const other = await testStore({ url: store.url, tenant: 'other' })
  await store.transaction((tx) => appendAudit(tx, entry(1)))
  const seen = await other.transaction((tx) => tx.query('select * from audit'))
  expect(seen.rows).toEqual([])
  await expect(
    other.transaction((tx) => tx.query(`insert into tenant (tenant, created_at) values ('third', 1)`)),
  ).rejects.toThrow(/row-level security/)
})

test('the application cannot change, remove or truncate audit entries', async () => {
  const store = await chainOf(2)
  for (const sql of [`update audit set actor = 'x'`, 'delete from audit', 'truncate audit']) {
    await expect(store.transaction((tx) => tx.query(sql))).rejects.toThrow(/permission denied/)
    await expect(asOwner(store.url, sql)).rejects.toThrow(/append-only/)
  }
})

test('an untouched chain verifies, and a kept head is found in it', async () => {
  const store = await chainOf(5)
  const report = await verifyAudit(store)
  expect(report).toMatchObject({ entries: 5, broken: null })
  await store.transaction((tx) => appendAudit(tx, entry(6)))
  expect((await verifyAudit(store, [report.head])).broken).toBeNull()
  expect((await verifyAudit(store, [`3:${'0'.repeat(64)}`])).broken?.why).toContain('not part of the chain')
})

const tampering = [
  ['an edited column', `update audit set actor = 'mallory' where seq = 3`, 3],
  ['an edited detail', `update audit set details = replace(details, '3', '4') where seq = 3`, 3],
  ['an edited time', 'update audit set at = at + 1 where seq = 2', 2],
  ['a removed entry', 'delete from audit where seq = 3', 3],
  ['a removed tail', 'delete from audit where seq = 5', 5],
  [
    'two entries that changed places',
    'update audit set seq = case seq when 2 then -3 else -2 end where seq in (2, 3); update audit set seq = -seq where seq < 0',
    2,
  ],
  [
    'a removed tail with an adjusted number in the head',
    `delete from audit where seq = 5; update audit_head set seq = 4`,
    4,
  ],
] as const

test.each(tampering)('verification finds %s by the database owner', async (_name, sql, seq) => {
  const store = await chainOf(5)
  await asOwner(store.url, `set session_replication_role = replica; ${sql}`)
  expect((await verifyAudit(store)).broken?.seq).toBe(seq)
})

test('concurrent appenders make one unbroken chain', async () => {
  const store = await testStore()
  await Promise.all(Array.from({ length: 40 }, (_, n) => store.transaction((tx) => appendAudit(tx, entry(n)))))
  expect(await verifyAudit(store)).toMatchObject({ entries: 40, broken: null })
})

test('text that a database cannot keep as it is does not break the chain', async () => {
  const store = await testStore()
  for (const text of ['\ud800', 'a\0b', '\udc00\ud800', 'ü\u2028✓'])
    await store.transaction((tx) =>
      appendAudit(tx, { at: 1, actor: text, action: text, subject: text, details: { [text]: text } }),
    )
  expect(await verifyAudit(store)).toMatchObject({ entries: 4, broken: null })
})

test('entries appended while the chain is walked are not taken for removed ones', async () => {
  const store = await chainOf(20)
  let done = false
  const writing = (async () => {
    for (let n = 0; n < 150; n++) await store.transaction((tx) => appendAudit(tx, entry(n)))
    done = true
  })()
  while (!done) expect((await verifyAudit(store)).broken).toBeNull()
  await writing
})
