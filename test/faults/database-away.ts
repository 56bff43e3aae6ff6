import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tenantId } from '../../src/core/model/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { openStore, startEmbedded } from '../../src/store/index.ts'
import { runtimeDrain } from './drain.ts'
import { postUntilAcknowledged } from './load.ts'
import { serverProcess } from './server-process.ts'

/** What a database that stops and comes back came to. */
export interface AwayReport {
  readonly acknowledged: number
  readonly refused: number
  readonly alerted: number
  readonly readyAfterwards: number
  readonly faults: readonly string[]
}

/** Stops PostgreSQL under load for a while: the server must refuse, survive, and go on, and lose nothing acknowledged. */
export async function databaseAway(count: number, awayMs: number): Promise<AwayReport> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-away-'))
  await chmod(dir, 0o711)
  const faults: string[] = []
  let database = await startEmbedded(join(dir, 'store'))
  const port = new URL(database.url).port
  const server = serverProcess({ databaseUrl: database.url })
  try {
    await server.start()
    const loading = postUntilAcknowledged(server.url, count, { parallel: 16, deadlineMs: awayMs + 120_000 })
    await wait(500)
    process.kill(
      Number((await readFile(join(dir, 'store', 'pgdata', 'postmaster.pid'), 'utf8')).split('\n')[0]),
      'SIGINT',
    )
    await wait(awayMs / 2)
    const during = await fetch(`${server.url()}/readyz`).then((response) => response.status)
    if (during !== 503) faults.push(`/readyz answered ${during} while the database was away`)
    await wait(awayMs / 2)
    database = await startEmbedded(join(dir, 'store'), { port: Number(port) })
    const load = await loading
    const readyAfterwards = await fetch(`${server.url()}/readyz`).then((response) => response.status)
    if (readyAfterwards !== 200) faults.push(`/readyz answered ${readyAfterwards} after the database was back`)
    if (load.refused === 0) faults.push('nothing was refused: the database was not away')
    const stopped = await server.stop()
    if (stopped.code !== 0) faults.push(`the server ended with ${stopped.code}: ${stopped.output}`)
    const store = await openStore({ databaseUrl: database.url }, tenantId('main'))
    try {
      await runtimeDrain(store, dir)
      const ledger = await readLedger(store, { recount: true })
      faults.push(...ledger.faults)
      if (ledger.total.alerted !== count)
        faults.push(`${count} alerts were acknowledged, ${ledger.total.alerted} were counted`)
      return { ...load, alerted: ledger.total.alerted, readyAfterwards, faults }
    } finally {
      await store.close()
    }
  } finally {
    await server.kill()
    await database.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
