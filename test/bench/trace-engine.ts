import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'

// Loaded before the engine (node --import), it keeps what the engine's channels and Node itself say of time, and writes it to
// GITSOC_BENCH_TRACE when the process ends. Moments are milliseconds of performance.now() there; `origin` is their zero.
const inbox: unknown[] = []
const batches: unknown[] = []
const pauses: { kind: string; at: number; ms: number }[] = []
const kinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'young'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'full'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak'],
])
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()
subscribe('gitsoc.inbox', (one) => void inbox.push(one))
subscribe('gitsoc.batch', (one) => void batches.push(one))
new PerformanceObserver((list) => {
  for (const one of list.getEntries() as (PerformanceEntry & { readonly detail: { readonly kind: number } })[])
    pauses.push({ kind: kinds.get(one.detail.kind) ?? 'other', at: one.startTime, ms: one.duration })
}).observe({ entryTypes: ['gc'] })
process.on('exit', () => {
  const loopMs = { p50: loop.percentile(50) / 1e6, p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 }
  const file = process.env.GITSOC_BENCH_TRACE
  if (file !== undefined)
    writeFileSync(file, JSON.stringify({ origin: performance.timeOrigin, inbox, batches, pauses, loopMs }))
})
