import { withEngine } from './engine.ts'
import { alertRecord } from './events.ts'
import { say } from './scratch.ts'
import { traceFile } from './trace.ts'

const atOnce = 5
const bursts = 400
const warmUp = 100
const hosts = 200

/**
 * Five alerts at once, one a request, and the next five when those are committed: what a small batch costs in processor time,
 * which other work on the machine changes little, where it changes times a lot.
 */
export async function burst(): Promise<void> {
  const traced = await traceFile()
  const sentAtOf = new Map<number, number>()
  await withEngine(async (engine) => {
    let sent = 0
    const once = async () => {
      const at = performance.now()
      const post = async () => {
        const seq = await engine.post(alertRecord(sent++, hosts))
        if (seq > warmUp * atOnce) sentAtOf.set(seq, at)
        return seq
      }
      const posts = Array.from({ length: atOnce }, post)
      await engine.done(Math.max(...(await Promise.all(posts))))
    }
    for (let n = 0; n < warmUp; n++) await once()
    const before = await engine.usage()
    const times: number[] = []
    for (let n = 0; n < bursts; n++) {
      const at = performance.now()
      await once()
      times.push(performance.now() - at)
    }
    const after = await engine.usage()
    const count = atOnce * bursts
    times.sort((a, b) => a - b)
    const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)
    say(
      `burst      ${bursts} times ${atOnce} alerts at once: engine ${((after.cpuMs - before.cpuMs) / count).toFixed(2)} ms of processor for an alert, database ${((after.databaseCpuMs - before.databaseCpuMs) / count).toFixed(2)} ms; until committed p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms (looked every 5 ms)`,
    )
  }, traced?.options)
  if (traced !== null) say(await traced.attribution(sentAtOf))
}
