import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { openStore, verifyAudit } from '../../src/store/index.ts'
import { runtimeDrain } from './drain.ts'
import { postUntilAcknowledged } from './load.ts'
import { serverProcess } from './server-process.ts'

/** What killing the server again and again under load came to. */
export interface KillReport {
  readonly kills: number
  readonly acknowledged: number
  readonly refused: number
  readonly alerted: number
  readonly duplicate: number
  readonly faults: readonly string[]
}

/** Kills `gitsoc start` at random moments during a load of alerts; then everything acknowledged must be counted once. */
export async function killUnderLoad(count: number, kills: number): Promise<KillReport> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-kill-'))
  await chmod(dir, 0o711)
  const server = serverProcess({ store: join(dir, 'store') })
  const faults: string[] = []
  try {
    await server.start()
    let loading = true
    let killed = 0
    const killer = (async () => {
      while (loading && killed < kills) {
        await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 700))
        if (!loading) break
        await server.kill()
        killed++
        await server.start()
      }
    })()
    const load = await postUntilAcknowledged(server.url, count, { parallel: 16, deadlineMs: 600_000 })
    loading = false
    await killer
    while (killed < kills) {
      await server.kill()
      killed++
      await server.start()
    }
    const stopped = await server.stop()
    if (stopped.code !== 0) faults.push(`the last stop ended with ${stopped.code}`)
    if (stopped.tookMs > 5000) faults.push(`the last stop took ${stopped.tookMs} ms`)
    const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
    try {
      await runtimeDrain(store, dir)
      const ledger = await readLedger(store, { recount: true })
      faults.push(...ledger.faults)
      if (ledger.waiting !== 0) faults.push(`${ledger.waiting} deliveries still wait`)
      if (ledger.total.alerted !== count)
        faults.push(`${count} alerts were acknowledged, ${ledger.total.alerted} were counted`)
      const signals = await store.transaction((tx) =>
        tx.query<{ n: number }>(
          `select coalesce(sum((doc->>'count')::int), 0)::int as n from alert where tenant = $1`,
          [tx.tenant],
        ),
      )
      if (signals.rows[0]?.n !== count)
        faults.push(`the stored alerts stand for ${signals.rows[0]?.n} events, not ${count}`)
      const audit = await verifyAudit(store)
      if (audit.broken !== null) faults.push(`the audit chain is broken at ${audit.broken.seq}: ${audit.broken.why}`)
      return { kills: killed, ...load, alerted: ledger.total.alerted, duplicate: ledger.total.duplicate, faults }
    } finally {
      await store.close()
    }
  } finally {
    await server.kill()
    await rm(dir, { recursive: true, force: true })
  }
}
