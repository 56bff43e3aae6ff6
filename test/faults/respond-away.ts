import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tenantId } from '../../src/core/model/index.ts'
import { openStore, startEmbedded } from '../../src/store/index.ts'
import { startVendor } from '../respond/vendor.ts'
import { begin, examine, finish, start, tally } from './respond-runs.ts'

/** What runs came to whose database was away in the middle of them. */
export interface RespondAwayReport {
  readonly runs: number
  /** Calls that the vendor had taken when the database went away. */
  readonly before: number
  readonly askedPeople: number
  readonly lost: number
  readonly twice: number
  readonly faults: readonly string[]
}

/** Stops PostgreSQL under two workers in the middle of their runs: they must survive it, go on, leave nothing out and do nothing twice. */
export async function respondWithoutDatabase(runs: number, awayMs: number): Promise<RespondAwayReport> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-respond-away-'))
  await chmod(dir, 0o711)
  let database = await startEmbedded(join(dir, 'store'))
  const port = Number(new URL(database.url).port)
  const store = await openStore({ databaseUrl: database.url }, tenantId('main'))
  const vendor = await startVendor()
  const faults: string[] = []
  const workers = [0, 1].map(() => start(store, vendor, dir))
  try {
    const known = () => store.transaction((tx) => tx.query('select from replica where tenant = $1', [tx.tenant]))
    while ((await known()).rowCount < workers.length) await wait(50)
    for (let number = 1; number <= runs; number++) await begin(store, number)
    while (vendor.calls.length < runs) await wait(20)
    const before = vendor.calls.length
    const pid = (await readFile(join(dir, 'store', 'pgdata', 'postmaster.pid'), 'utf8')).split('\n')[0]
    process.kill(Number(pid), 'SIGINT')
    await wait(awayMs)
    database = await startEmbedded(join(dir, 'store'), { port })
    let askedPeople = 0
    const over = await finish(store, vendor, (n) => {
      askedPeople += n
    })
    if (!over) faults.push('some runs never ended')
    if (workers.some((one) => one.exitCode !== null)) faults.push('a worker did not survive it')
    faults.push(...(await examine(store, runs)))
    const { lost, twice, told } = tally(vendor, runs)
    return { runs, before, askedPeople, lost, twice, faults: [...faults, ...told] }
  } finally {
    for (const one of workers) one.kill('SIGKILL')
    await store.close()
    await vendor.stop()
    await database.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
