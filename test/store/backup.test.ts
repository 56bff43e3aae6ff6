import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createInbox } from '../../src/ingest/index.ts'
import { appendAudit, backup, restore, verifyAudit } from '../../src/store/index.ts'
import { gitsoc } from '../support/cli.ts'
import { asOwner, testStore } from '../support/store.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-backup-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function filled() {
  const store = await testStore()
  const bodies = [
    Buffer.from([0, 10, 13, 92, 255, 9]),
    Buffer.from('#end delivery 0 x\n\\.\n'),
    Buffer.from('ü✓\u2028'),
    Buffer.alloc(300_000, 97),
  ]
  await createInbox(store).accept(
    bodies.map((body) => ({ source: 'okta', transport: 'file', contentType: null, receivedAt: 1, body })),
  )
  await store.transaction((tx) =>
    appendAudit(tx, {
      at: 1,
      actor: 'a\tb',
      action: 'x',
      subject: '\\N',
      details: { text: 'line\nbreak\u2028\r "quoted" \\ ✓' },
    }),
  )
  return store
}

const contents = async (url: string) => (await asOwner(url, 'select seq, body from delivery order by seq')).rows

test('a restored store holds what the first one held, byte for byte, and its audit chain verifies', async () => {
  const [from, to, dir] = [await filled(), await testStore(), await folder()]
  const written = await backup(from.url, join(dir, 'b.gz'))
  const read = await restore(to.url, join(dir, 'b.gz'))
  expect(read).toEqual(written)
  expect(read.tables.delivery).toBe(4)
  expect(await contents(to.url)).toEqual(await contents(from.url))
  expect(await verifyAudit(to)).toMatchObject({ entries: 1, broken: null })
})

test('numbers that the database gives go on behind those of the backup, in every table that has some', async () => {
  const [from, to, dir] = [await testStore(), await testStore(), await folder()]
  const numbered = [
    `insert into incident_change (tenant, incident) values ('main', 7) returning n`,
    `insert into projection_mark (tenant, incident) values ('main', 7) returning n`,
    `insert into indicator (tenant, type, value, reason, actor, added_at)
       values ('main', 'ip', gen_random_uuid()::text, 'r', 'a', 1) returning changed as n`,
    `insert into github_delivery (tenant, id, event, subject, body, received_at, next_at)
       values ('main', gen_random_uuid()::text, 'push', 's', '', 1, 1) returning seq as n`,
  ]
  const give = async (url: string) => {
    const given: number[] = []
    for (const sql of numbered) given.push(Number((await asOwner(url, sql)).rows[0]?.n))
    return given
  }
  for (let n = 0; n < 4; n++) await give(from.url)
  const last = await give(from.url)
  await backup(from.url, join(dir, 'b.gz'))
  await restore(to.url, join(dir, 'b.gz'))
  expect(await give(to.url)).toEqual(last.map((n) => n + 1))
})

test('a restored store tells the channels nothing that the first one would not have told', async () => {
  const [from, to, dir] = [await testStore(), await testStore(), await folder()]
  await asOwner(from.url, `insert into projection_channel values ('main', 'github', 1)`)
  await asOwner(from.url, `insert into timeline values ('main', 3, 1, 1, 'person', 'a', 's')`)
  const marks = async (url: string) => (await asOwner(url, 'select incident, n from projection_mark order by n')).rows
  expect(await marks(from.url)).toHaveLength(1)
  await backup(from.url, join(dir, 'b.gz'))
  await restore(to.url, join(dir, 'b.gz'))
  expect(await marks(to.url)).toEqual(await marks(from.url))
  await asOwner(to.url, `insert into timeline values ('main', 4, 1, 1, 'person', 'a', 's')`)
  expect(await marks(to.url)).toHaveLength(2)
})

test.each([
  ['cut short', (data: Buffer) => data.subarray(0, data.length - 40)],
  ['changed', (data: Buffer) => gzipSync(gunzipSync(data).toString('latin1').replace('okta', 'oktb'))],
  ['without its end', (data: Buffer) => gzipSync(gunzipSync(data).toString('latin1').replace('#complete\n', ''))],
  ['no backup at all', () => Buffer.from('hello')],
])('a backup that is %s is refused before anything is written', async (_name, damage) => {
  const [from, to, dir] = [await filled(), await testStore(), await folder()]
  const file = join(dir, 'b.gz')
  await backup(from.url, file)
  await writeFile(file, damage(await readFile(file)))
  await expect(restore(to.url, file)).rejects.toThrow(/no sound backup/)
  expect(await contents(to.url)).toEqual([])
})

test('a store that holds something is not restored into', async () => {
  const [from, dir] = [await filled(), await folder()]
  await backup(from.url, join(dir, 'b.gz'))
  await expect(restore(from.url, join(dir, 'b.gz'))).rejects.toThrow(/not empty/)
  vi.stubEnv('DATABASE_URL', from.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { err, exitCode } = await gitsoc('restore', join(dir, 'b.gz'))
  expect(exitCode).toBe(1)
  expect(err).toMatch(/^gitsoc: the store is not empty: .*\nhint: .*restore .*b\.gz --store /)
})

test('a restore finds a broken audit chain of any tenant in the backup', async () => {
  const [from, to, dir] = [await testStore({ tenant: 'other' }), await testStore(), await folder()]
  const entry = { at: 1, actor: 'a', action: 'x', subject: 's', details: {} }
  for (let n = 0; n < 2; n++) await from.transaction((tx) => appendAudit(tx, entry))
  await asOwner(from.url, `alter table audit disable trigger user; update audit set actor = 'b' where seq = 1`)
  await backup(from.url, join(dir, 'b.gz'))
  vi.stubEnv('DATABASE_URL', to.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { err, exitCode } = await gitsoc('restore', join(dir, 'b.gz'))
  expect({ err, exitCode }).toEqual({
    err: expect.stringMatching(/^gitsoc: restored, but the audit chain of other is broken at entry 1: .*\nhint: /),
    exitCode: 1,
  })
})
