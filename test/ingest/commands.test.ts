import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Bundle, compileBundle } from '../../src/core/content/index.ts'
import { createInbox, readLedger } from '../../src/ingest/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { asOwner, testStore } from '../support/store.ts'
import { deliveryOf } from './made.ts'

/** The project's content, without the folders that are named. */
async function contentWithout(...folders: readonly string[]): Promise<Bundle> {
  const { files } = await readWorkingTree('.')
  const { bundle, problems } = compileBundle(
    files.filter((file) => !folders.some((folder) => file.path.startsWith(`${folder}/`))),
    'worktree',
  )
  if (bundle === null) throw new Error(JSON.stringify(problems))
  return bundle
}

async function drain(store: OpenStore, bundle: Bundle): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'gitsoc-commands-'))
  onTestFinished(() => rm(workDir, { recursive: true, force: true }))
  await (await createRuntime({ store, bundle, clock: () => 1_800_000_000_000, workDir })).pipeline.drain()
}

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const gitsoc = (url: string, ...words: readonly string[]) =>
  new Promise<Ended>((resolve) => {
    execFile(
      process.execPath,
      ['src/main.ts', ...words],
      { env: { ...process.env, DATABASE_URL: url, GITSOC_ACTOR: 'analyst', NO_COLOR: '1' } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

test('a record that no manifest accepted is read again once one does, and the ledger closes all along', async () => {
  const store = await testStore()
  const record = '{"title":"Impossible travel","severity":"high","user":"user17"}'
  await createInbox(store).accept([
    deliveryOf(`{"a":1}\n${record}\nnot \u001b[31mjson {\n`, {
      source: null,
      transport: 'api',
      contentType: 'application/x-ndjson',
    }),
  ])
  const full = await contentWithout()
  await drain(store, await contentWithout('integrations/generic'))
  expect(await readLedger(store, { recount: true })).toMatchObject({
    balanced: true,
    total: { received: 3, deadLettered: 3 },
  })

  const listed = await gitsoc(store.url, 'dead-letters', 'list')
  expect(listed.code).toBe(0)
  expect(listed.out).toMatch(/1\.1 .*unaccepted/)
  const shown = await gitsoc(store.url, 'dead-letters', 'show', '1.2')
  expect(shown.out).toContain('record 3 of delivery 1')
  expect(shown.out).not.toContain('\u001b')
  const json = JSON.parse((await gitsoc(store.url, 'dead-letters', 'show', '1.1', '--json')).out)
  expect([json.code, Buffer.from(json.raw, 'base64').toString()]).toEqual(['unaccepted', record])

  expect(await gitsoc(store.url, 'dead-letters', 'requeue', '1.1')).toMatchObject({ code: 0 })
  expect((await gitsoc(store.url, 'dead-letters', 'requeue', '1.1')).code).toBe(1)
  await drain(store, full)
  const ledger = await gitsoc(store.url, 'ledger', '--check', '--json')
  expect([ledger.code, JSON.parse(ledger.out)]).toMatchObject([
    0,
    { balanced: true, waiting: 0, total: { received: 4, deadLettered: 3, alerted: 1 } },
  ])
  expect(
    JSON.parse((await gitsoc(store.url, 'dead-letters', 'dismiss', '--all', '--reason', 'a test', '--json')).out),
  ).toEqual({ letters: 2 })
  expect((await gitsoc(store.url, 'dead-letters', 'list')).out).toBe('no dead letters\n')
})

test('the ledger command prints a table and ends with 1 when it does not close', async () => {
  const store = await testStore()
  await createInbox(store).accept([deliveryOf('{"a":1}', { source: null }), deliveryOf('{')])
  await drain(store, await contentWithout())
  const closed = await gitsoc(store.url, 'ledger', '--check')
  expect(closed.code).toBe(0)
  expect(closed.out).toMatch(/^source +received +alerted +no match +duplicate +suppressed +dropped +dead letter$/m)
  expect(closed.out).toMatch(/^all +2 +0 +1 +0 +0 +0 +1$/m)
  await asOwner(store.url, 'update inbox_done set received = 7')
  const open = await gitsoc(store.url, 'ledger')
  expect([open.code, open.err]).toEqual([1, expect.stringContaining('received 7, but 2 ended somewhere')])
  expect(open.out).toContain('NOT closed')
})

test.each([
  ['dead-letters', 'requeue'],
  ['dead-letters', 'requeue', '1.1', '--all'],
  ['dead-letters', 'requeue', 'first'],
  ['dead-letters', 'show', '1'],
  ['dead-letters', 'list', '--state', 'lost'],
  ['dead-letters', 'list', '--limit', '0'],
  ['dead-letters', 'dismiss', '--all'],
])('wrong usage ends with 2 and a line that says what is right: %s %s', async (...words) => {
  const ended = await gitsoc('postgres://127.0.0.1:1/none', ...words)
  expect(ended.code).toBe(2)
  expect(ended.err).toMatch(/\w/)
  expect(ended.err).not.toMatch(/^\s+at /m)
})

test('a letter that is not there, and a database that is not there, have exit codes of their own', async () => {
  const store = await testStore()
  expect((await gitsoc(store.url, 'dead-letters', 'show', '9.9')).code).toBe(1)
  expect((await gitsoc('postgres://127.0.0.1:1/none', 'ledger')).code).toBe(3)
})
