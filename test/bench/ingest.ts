import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import { createInbox, type NewDelivery, readFiles } from '../../src/ingest/index.ts'
import { openStore } from '../../src/store/index.ts'

/** How many deliveries and events a second come to rest on disk, with the embedded database as it is shipped (fsync on). */
export async function benchIngest(seconds = 5): Promise<Readonly<Record<string, number>>> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-bench-'))
  // PostgreSQL does not run as root: started by root it has to reach its files as another user.
  await chmod(dir, 0o755)
  const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
  try {
    const inbox = createInbox(store)
    const line = JSON.stringify({ id: 'x'.repeat(24), user: 'user17', ip: '198.51.100.9', text: 'y'.repeat(300) })
    const delivery = (lines: number): NewDelivery => ({
      source: 'generic',
      transport: lines === 1 ? 'webhook' : 'file',
      contentType: lines === 1 ? 'application/json' : 'application/x-ndjson',
      receivedAt: Date.now(),
      body: Buffer.from(`${line}\n`.repeat(lines)),
    })
    const rate = async (callers: number, lines: number): Promise<number> => {
      const one = delivery(lines)
      const begin = performance.now()
      let done = 0
      await Promise.all(
        Array.from({ length: callers }, async () => {
          while (performance.now() - begin < seconds * 1000) {
            await inbox.accept([one])
            done += lines
          }
        }),
      )
      return Math.round((done * 1000) / (performance.now() - begin))
    }
    const file = join(dir, 'list.json')
    const block = `${line},`.repeat(1000)
    await writeFile(file, '[')
    for (let n = 0; n < 500; n++) await appendFile(file, block)
    await appendFile(file, `${line}]`)
    const begin = performance.now()
    let bytes = 0
    for await (const [chunk] of readFiles([file], { clock: Date.now })) bytes += chunk?.body.byteLength ?? 0
    const listSeconds = (performance.now() - begin) / 1000
    const peak = Math.round(process.resourceUsage().maxRSS / 1024)
    await rate(1, 1)
    return {
      'single deliveries/s, 1 caller': await rate(1, 1),
      'single deliveries/s, 64 callers': await rate(64, 1),
      'events/s in deliveries of 1,000 lines, 4 callers': await rate(4, 1000),
      'MB/s of a JSON list taken apart': Math.round(bytes / 1_000_000 / listSeconds),
      'peak memory MB while taking it apart': peak,
    }
  } finally {
    await store.close()
    await rm(dir, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  for (const [name, value] of Object.entries(await benchIngest())) console.log(`${name.padEnd(50)} ${value}`)
}
