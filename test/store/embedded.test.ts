import { spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { makeLinks } from '../../src/store/binaries.ts'
import { openStore, startEmbedded } from '../../src/store/index.ts'
import { folderOf } from '../support/folder.ts'
import { asOwner, testDatabase } from '../support/store.ts'

const tenant = tenantId('main')

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-embedded-'))
  await chmod(dir, 0o711)
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'store')
}

test('a server that a killed process left behind is found and used, and stopped by who uses it last', {
  timeout: 60_000,
}, async () => {
  const dir = await folder()
  const program = `import { openStore } from '${new URL('../../src/store/index.ts', import.meta.url).href}'; await openStore({ dir: ${JSON.stringify(dir)} }, 'main'); console.log('open'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  const found = await startEmbedded(dir)
  expect(found.started).toBe(false)
  const store = await openStore({ dir }, tenant)
  await found.stop()
  await store.close()
  const again = await startEmbedded(dir)
  onTestFinished(() => again.stop())
  expect(again.started).toBe(true)
})

test('two starters at once share one server and one schema', { timeout: 60_000 }, async () => {
  const dir = await folder()
  const stores = await Promise.all([openStore({ dir }, tenant), openStore({ dir }, tenantId('second'))])
  expect(new URL(stores[0].url).port).toBe(new URL(stores[1].url).port)
  await stores[0].close()
  expect((await stores[1].transaction((tx) => tx.query('select tenant from tenant'))).rows).toEqual([
    { tenant: 'second' },
  ])
  await stores[1].close()
})

test('many that open and close at once never take the server from each other', { timeout: 60_000 }, async () => {
  const dir = await folder()
  const first = await startEmbedded(dir)
  const worker = async (delayMs: number) => {
    for (let n = 0; n < 4; n++) {
      const store = await openStore({ dir }, tenant)
      await new Promise((done) => setTimeout(done, delayMs))
      await store.transaction((tx) => tx.query('select 1'))
      await store.close()
    }
  }
  await first.stop()
  await Promise.all([worker(0), worker(7), worker(19)])
})

test('a lock that a dead process left does not keep anybody out', { timeout: 60_000 }, async () => {
  const dir = await folder()
  await (await startEmbedded(dir)).stop()
  await writeFile(join(dir, 'starting.lock'), '999999999')
  const server = await startEmbedded(dir)
  expect(server.started).toBe(true)
  await server.stop()
})

test('a number in a stale postmaster.pid that belongs to another process by now keeps nobody out', {
  timeout: 60_000,
}, async () => {
  const dir = await folder()
  await (await startEmbedded(dir)).stop()
  const data = join(dir, 'pgdata')
  await writeFile(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1\n9\n\n127.0.0.1\n\nready\n`)
  const server = await startEmbedded(dir)
  onTestFinished(() => server.stop())
  expect(server.started).toBe(true)
})

test('a database that is newer than the code is refused', async () => {
  const databaseUrl = await testDatabase()
  await asOwner(
    databaseUrl,
    `insert into schema_migration (number, name, digest) values (9999, '9999-future.sql', 'x')`,
  )
  await expect(openStore({ databaseUrl }, tenant)).rejects.toThrow(
    /at migration 9999, this gitsoc knows \d+: install the newer gitsoc/,
  )
})

test('a migration that was changed after it had been applied is refused', async () => {
  const databaseUrl = await testDatabase()
  await asOwner(databaseUrl, `update schema_migration set digest = 'x' where number = 2`)
  await expect(openStore({ databaseUrl }, tenant)).rejects.toThrow(
    /0002-inbox\.sql was changed after it had been applied/,
  )
})

test('a database that is not there is said so', async () => {
  await expect(openStore({ databaseUrl: 'postgres://nobody:x@127.0.0.1:9/none' }, tenant)).rejects.toThrow(
    /ECONNREFUSED/,
  )
})

test('a store below folders that are not there yet is made with them', async () => {
  const dir = join(await folder(), 'of', 'case-17')
  const server = await startEmbedded(dir)
  onTestFinished(() => server.stop())
  expect(server.started).toBe(true)
})

test.each([
  ['/proc/x', /^cannot use \/proc\/x as store: /],
  ['/proc/x/y/z', /^cannot use \/proc\/x\/y\/z as store: /],
  [join(import.meta.dirname, 'embedded.test.ts'), /as store: EEXIST/],
  [join(import.meta.dirname, 'embedded.test.ts', 'x'), /as store: ENOTDIR/],
])('a place where nothing can be made is refused at once: %s', async (dir, says) => {
  await expect(startEmbedded(dir)).rejects.toThrow(says)
})

test('library links that no install script made are made, and those that are there stay', () => {
  const links = [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
  ]
  const dir = folderOf({
    'native/pg-symlinks.json': JSON.stringify(links),
    'native/lib/libpq.so.5.18': 'the library',
    'native/lib/libpq.so': 'was there',
  })
  for (let n = 0; n < 2; n++) makeLinks(dir)
  expect(readlinkSync(join(dir, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18')
  expect(readFileSync(join(dir, 'native/lib/libpq.so.5'), 'utf8')).toBe('the library')
  expect(readFileSync(join(dir, 'native/lib/libpq.so'), 'utf8')).toBe('was there')
})
