import { withEngine } from './engine.ts'
import { alertRecord } from './events.ts'
import { fillWithCopies } from './fill.ts'
import { megabytes, say, secondsSince } from './scratch.ts'

const step = 10_000
/** The window that the others are compared with: from 10,000 stored alerts on, when incidents have their size. */
const firstWindow = 2 * step
const perRequest = 1000
const inFlight = 4

/**
 * Alerts of `hosts` machines, one in 5 s of event time, over HTTP until `to` were sent: what one more costs, and what the
 * engine holds. With `filledTo` the store is filled with copies to so many rows of alerts after the window from 10,000 to 20,000.
 */
export async function growth(name: string, hosts: number, attackers: number, to: number, filledTo = 0): Promise<void> {
  await withEngine(async (engine) => {
    const marks: string[] = []
    let sent = 0
    let firstCost: number | null = null
    for (let done = 0; done < to; done += step) {
      const before = await engine.usage()
      const started = performance.now()
      let last = 0
      const sender = async () => {
        while (sent < done + step) {
          const from = sent
          sent += perRequest
          const lines = Array.from({ length: perRequest }, (_, n) => alertRecord(from + n, hosts, 5000, attackers))
          last = Math.max(last, await engine.post(lines.join('\n'), 'application/x-ndjson'))
        }
      }
      await Promise.all(Array.from({ length: inFlight }, sender))
      await engine.done(last)
      const total = done + step
      if (total > firstWindow && total % Math.max(step, to / 20) !== 0) continue
      const took = secondsSince(started)
      const after = await engine.usage()
      const inEngine = (after.cpuMs - before.cpuMs) / step
      const inDatabase = (after.databaseCpuMs - before.databaseCpuMs) / step
      if (total === firstWindow) firstCost = inEngine + inDatabase
      const change =
        firstCost === null ? '' : `, ${percent((inEngine + inDatabase) / firstCost)} of the window from ${step}`
      marks.push(
        `${done} to ${total}: ${(step / took).toFixed(0)}/s, ${inEngine.toFixed(3)} ms of processor in the engine and ${inDatabase.toFixed(3)} in the database${change}, ${Math.round((after.walBytes - before.walBytes) / step)} bytes of log, RSS ${megabytes(after.rss)} MB`,
      )
      process.stderr.write(`${name} ${marks.at(-1)}\n`)
      if (total === firstWindow && filledTo > 0) {
        await fillWithCopies(engine.store, filledTo)
        marks.push(`(filled with copies to ${filledTo} alert rows)`)
      }
    }
    const rows = await engine.store.transaction((tx) =>
      tx.query<{ alerts: number; incidents: number }>(
        `select (select count(*)::int from alert where tenant = $1) as alerts,
          (select count(*)::int from incident where tenant = $1) as incidents`,
        [tx.tenant],
      ),
    )
    const { peakRss } = await engine.usage()
    say(
      `${name.padEnd(10)} ${hosts} hosts, ${attackers} attackers, one alert in 5 s of event time, over HTTP in requests of ${perRequest}; by alerts stored:\n  ${marks.join('\n  ')}\n  ${rows.rows[0]?.alerts} alert rows, ${rows.rows[0]?.incidents} incidents; peak RSS of the engine ${megabytes(peakRss)} MB; ${filledTo > 0 ? 'ledger not recounted: the copies are not in it' : await engine.faults(to)}`,
    )
  })
}

const percent = (share: number) => `${Math.round(share * 100)} %`
