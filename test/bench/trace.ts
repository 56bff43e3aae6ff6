import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What trace-engine.ts writes. */
interface Trace {
  readonly origin: number
  readonly inbox: readonly {
    readonly firstSeq: number
    readonly queuedAt: readonly number[]
    readonly begunAt: number
    readonly committedAt: number
  }[]
  readonly batches: readonly {
    readonly doneSeq: number
    readonly deliveries: number
    readonly begunAt: number
    readonly readAt: number
    readonly decidedAt: number
    readonly committedAt: number
  }[]
  readonly pauses: readonly { readonly kind: string; readonly at: number; readonly ms: number }[]
  readonly loopMs: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** With `--trace` on the command line: the Node options under which the engine writes a trace, and what it comes to. */
export async function traceFile() {
  if (!process.argv.includes('--trace')) return null
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-trace-'))
  const file = join(dir, 'trace.json')
  process.env.GITSOC_BENCH_TRACE = file
  return {
    options: ['--import', fileURLToPath(new URL('./trace-engine.ts', import.meta.url))],
    async attribution(sentAt: ReadonlyMap<number, number>): Promise<string> {
      const text = attribution(JSON.parse(await readFile(file, 'utf8')) as Trace, sentAt)
      await rm(dir, { recursive: true })
      return text
    },
  }
}

const parts = [
  'request to inbox',
  'waiting for an inbox transaction',
  'inbox transaction',
  'waiting for the turn',
  'reading',
  'deciding and writing',
  'commit',
] as const

/**
 * Where the time of requests went, on average of all and of the slowest hundredth, by the engine's own moments; `sentAt` are
 * moments of this process by delivery number.
 */
function attribution(trace: Trace, sentAt: ReadonlyMap<number, number>): string {
  const shift = trace.origin - performance.timeOrigin
  const rows: { readonly total: number; readonly of: readonly number[]; readonly paused: number }[] = []
  const batches = trace.batches.toSorted((a, b) => a.doneSeq - b.doneSeq)
  let batch = 0
  for (const one of trace.inbox.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    for (const [index, queuedAt] of one.queuedAt.entries()) {
      const seq = one.firstSeq + index
      const sent = sentAt.get(seq)
      while ((batches[batch]?.doneSeq ?? Number.POSITIVE_INFINITY) < seq) batch++
      const worked = batches[batch]
      if (sent === undefined || worked === undefined) continue
      const at = [sent - shift, queuedAt, one.begunAt, one.committedAt, worked.begunAt, worked.readAt, worked.decidedAt]
      const ends = [...at.slice(1), worked.committedAt]
      const paused = trace.pauses.filter((p) => p.at >= (at[0] ?? 0) && p.at <= worked.committedAt)
      rows.push({
        total: worked.committedAt - (at[0] ?? 0),
        of: ends.map((end, n) => end - (at[n] ?? 0)),
        paused: paused.reduce((sum, p) => sum + p.ms, 0),
      })
    }
  }
  rows.sort((a, b) => a.total - b.total)
  const slow = rows.slice(Math.floor(rows.length * 0.99))
  const mean = (of: typeof rows, value: (row: (typeof rows)[number]) => number) =>
    (of.reduce((sum, row) => sum + value(row), 0) / Math.max(1, of.length)).toFixed(1)
  const lines = [
    `  ${'ms on average'.padEnd(34)}${'all'.padStart(8)}${'slowest 1 %'.padStart(14)}`,
    ...parts.map(
      (name, n) =>
        `  ${name.padEnd(34)}${mean(rows, (row) => row.of[n] ?? 0).padStart(8)}${mean(slow, (row) => row.of[n] ?? 0).padStart(14)}`,
    ),
    `  ${'in it, collecting garbage'.padEnd(34)}${mean(rows, (row) => row.paused).padStart(8)}${mean(slow, (row) => row.paused).padStart(14)}`,
    ...['young', 'incremental', 'full'].map((kind) => {
      const of = trace.pauses.filter((one) => one.kind === kind).map((one) => one.ms)
      return `  pauses, ${kind}: ${of.length}, together ${of.reduce((sum, ms) => sum + ms, 0).toFixed(0)} ms, longest ${Math.max(0, ...of).toFixed(1)} ms`
    }),
    `  event loop: p50 ${trace.loopMs.p50.toFixed(1)}, p99 ${trace.loopMs.p99.toFixed(1)}, longest ${trace.loopMs.max.toFixed(1)} ms; ${trace.batches.length} batches, ${(trace.inbox.reduce((sum, one) => sum + one.queuedAt.length, 0) / Math.max(1, trace.batches.length)).toFixed(1)} deliveries each; ${trace.inbox.length} inbox transactions`,
  ]
  return lines.join('\n')
}
