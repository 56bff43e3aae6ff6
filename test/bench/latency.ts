import { withEngine } from './engine.ts'
import { alertRecord } from './events.ts'
import { megabytes, say, secondsSince } from './scratch.ts'
import { traceFile } from './trace.ts'

const rate = Number(process.env.GITSOC_BENCH_RATE ?? 500)
const hosts = 200
const warmUp = 2 * rate
const count = 12 * rate

/**
 * HTTP request to committed incident at 500 alerts/s, one alert a request, sent by the clock whatever the answers take.
 * The generator and its polling are this process, the engine another one.
 */
export async function latency(): Promise<void> {
  const traced = await traceFile()
  const sentAtOf = new Map<number, number>()
  await withEngine(async (engine) => {
    const sentAt = new Map<number, number>()
    const early: number[] = []
    const late: number[] = []
    let answered = 0
    let failed: unknown = null
    const before = await engine.usage()
    const begun = performance.now()
    let sent = 0
    let answeredMs = 0
    while (early.length + late.length < count && secondsSince(begun) < 60 && failed === null) {
      const due = Math.min(count, Math.floor(secondsSince(begun) * rate))
      for (; sent < due; sent++) {
        const at = performance.now()
        engine.post(alertRecord(sent, hosts)).then(
          (seq) => {
            answered++
            answeredMs += performance.now() - at
            sentAt.set(seq, at)
            if (seq > warmUp) sentAtOf.set(seq, at)
          },
          (error: unknown) => {
            failed = error
          },
        )
      }
      const done = await engine.doneSeq()
      const now = performance.now()
      for (const [seq, at] of sentAt) {
        if (seq > done) continue
        sentAt.delete(seq)
        const times = seq > warmUp ? late : early
        times.push(now - at)
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    if (failed !== null) throw failed
    const after = await engine.usage()
    const of = (times: number[]) => {
      times.sort((a, b) => a - b)
      const at = (share: number) =>
        (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1)
      return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
    }
    say(
      `latency    ${rate} alerts/s over HTTP, request sent to incident committed: ${of(late)} (${late.length} alerts); first 2 s, in which ${hosts} incidents open and their playbooks start: ${of(early)}; acknowledged after ${(answeredMs / answered).toFixed(1)} ms on average; engine ${((after.cpuMs - before.cpuMs) / count).toFixed(2)} ms of processor, database ${((after.databaseCpuMs - before.databaseCpuMs) / count).toFixed(2)} ms, ${Math.round((after.walBytes - before.walBytes) / count)} bytes of database log per alert, ${((after.commits - before.commits) / count).toFixed(2)} commits per alert (polling included), peak RSS ${megabytes(after.peakRss)} MB; ${await engine.faults(count)}`,
    )
  }, traced?.options)
  if (traced !== null) say(await traced.attribution(sentAtOf))
}
