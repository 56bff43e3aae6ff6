import { readdir, readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import { readLedger } from '../../src/ingest/index.ts'
import { type OpenStore, openStore } from '../../src/store/index.ts'
import { serverProcess } from '../faults/server-process.ts'
import { withScratch } from './scratch.ts'

/** What the engine's process and its database have used up to a moment. */
export interface Usage {
  /** Resident memory of the engine process alone, in bytes, now and at its highest. */
  readonly rss: number
  readonly peakRss: number
  /** Processor time of the engine process and of the database's processes, in milliseconds. */
  readonly cpuMs: number
  readonly databaseCpuMs: number
  /** Bytes that the database wrote to its log. */
  readonly walBytes: number
  readonly commits: number
}

/** `gitsoc start` as a process of its own, on a store of its own; whoever measures is another process. */
export interface MeasuredEngine {
  readonly store: OpenStore
  /** Posts a body to the Wazuh webhook; resolves with its delivery number once it is acknowledged. */
  post(body: string, contentType?: string): Promise<number>
  /** The last delivery that is worked off. */
  doneSeq(): Promise<number>
  /** Waits until everything up to the delivery is worked off. */
  done(seq: number): Promise<void>
  usage(): Promise<Usage>
  /** Says when the ledger does not count exactly that many alerts. */
  faults(alerted: number): Promise<string>
}

const clockTicksPerSecond = 100

/** Runs `work` with a fresh engine; started with the Node options of `npm start`; `GITSOC_BENCH_NODE` adds some, e.g. for a profile. */
export async function withEngine(
  work: (engine: MeasuredEngine) => Promise<void>,
  nodeOptions: readonly string[] = [],
): Promise<void> {
  await withScratch(async (dir) => {
    const options = process.env.GITSOC_BENCH_NODE?.split(' ').filter((word) => word !== '') ?? []
    const server = serverProcess({ store: join(dir, 'store') }, [...nodeOptions, ...options])
    await server.start()
    const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'), { connections: 2 })
    const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 5000 })
    const doneSeq = async () => {
      const rows = await store.transaction((tx) =>
        tx.query<{ seq: number }>(
          { name: 'bench-done', text: 'select done_seq as seq from inbox_done where tenant = $1' },
          [tx.tenant],
        ),
      )
      return rows.rows[0]?.seq ?? 0
    }
    try {
      await work({
        store,
        post: (body, contentType = 'application/json') => post(server.url(), agent, body, contentType),
        doneSeq,
        async done(seq) {
          while ((await doneSeq()) < seq) await new Promise((resolve) => setTimeout(resolve, 5))
        },
        usage: () => usage(server.pid(), store),
        async faults(alerted) {
          const { balanced, total, faults } = await readLedger(store, { recount: true })
          if (balanced && total.alerted === alerted) return 'ledger exact'
          return `LEDGER WRONG: ${faults.join('; ')} ${JSON.stringify(total)}`
        },
      })
    } finally {
      agent.destroy()
      await server.stop()
      await store.close()
    }
  })
}

function post(url: string, agent: Agent, body: string, contentType: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'x-api-key': 'fault-test',
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
    }
    const sent = request(`${url}/in/wazuh`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 202) resolve((JSON.parse(text) as { delivery: number }).delivery)
        else reject(new Error(`answered ${response.statusCode}: ${text}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** From Linux' /proc: there are no figures of this kind elsewhere. */
async function usage(pid: number, store: OpenStore): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  const rows = await store.transaction((tx) =>
    tx.query<{ backend: number; wal: number; commits: number }>(
      `select pg_backend_pid() as backend, (select wal_bytes::bigint from pg_stat_wal) as wal,
        (select xact_commit from pg_stat_database where datname = current_database()) as commits`,
    ),
  )
  return {
    rss: kilobytes('VmRSS') * 1024,
    peakRss: kilobytes('VmHWM') * 1024,
    cpuMs: (await statOf(pid))?.cpuMs ?? 0,
    databaseCpuMs: await databaseCpuMs(rows.rows[0]?.backend ?? 0),
    walBytes: Number(rows.rows[0]?.wal ?? 0),
    commits: rows.rows[0]?.commits ?? 0,
  }
}

interface ProcessStat {
  readonly parent: number
  readonly cpuMs: number
  /** Of its children that have ended. */
  readonly endedCpuMs: number
}

async function statOf(pid: number): Promise<ProcessStat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  const fields = text
    .slice(text.lastIndexOf(') ') + 2)
    .split(' ')
    .map(Number)
  const ms = (...at: number[]) => at.reduce((sum, one) => sum + ((fields[one] ?? 0) * 1000) / clockTicksPerSecond, 0)
  return { parent: fields[1] ?? 0, cpuMs: ms(11, 12), endedCpuMs: ms(13, 14) }
}

/** The server's process, which is the parent of every backend, and all its children. */
export async function databaseCpuMs(backend: number): Promise<number> {
  const server = (await statOf(backend))?.parent ?? 0
  const own = await statOf(server)
  let sum = (own?.cpuMs ?? 0) + (own?.endedCpuMs ?? 0)
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await statOf(Number(name))
    if (stat?.parent === server) sum += stat.cpuMs
  }
  return sum
}
