import { saveIncidents } from '../../src/cases/index.ts'
import {
  type Budget,
  createDrain,
  type Due,
  enableChannel,
  type Failure,
  type Hand,
} from '../../src/projection/index.ts'
import { madeIncident } from '../cases/made.ts'
import { testStore } from '../support/store.ts'

export const plenty: Budget = [{ writes: 1000, perMs: 1, burst: 1_000_000 }]

/**
 * A channel with another side that keeps what was written to it, and the times. The title of an incident stands for its
 * state. `fail` decides about each request; the clock stands and goes on where somebody waits.
 */
export async function channelWorld(options: { budget?: Budget; leaseMs?: number; restMs?: number } = {}) {
  const store = await testStore()
  await enableChannel(store, 'github', 0)
  const time = { at: 1_000_000 }
  const outside = new Map<string, string>()
  const requests: { at: number; subject: string; text: string }[] = []
  const lines: string[] = []
  const faults: { of: (due: Due) => Failure | null } = { of: () => null }
  const textOf = async (due: Due): Promise<string> => {
    if (due.incident === null) return JSON.stringify(due.body)
    const found = await store.transaction((tx) =>
      tx.query<{ title: string }>(`select doc->>'title' as title from incident where tenant = $1 and number = $2`, [
        tx.tenant,
        due.incident,
      ]),
    )
    return found.rows[0]?.title ?? ''
  }
  const write = async (due: Due, hand: Hand) => {
    const text = await textOf(due)
    if (text === due.digest) return { ok: true, digest: text, outside: due.outside } as const
    await hand.spend()
    const failure = faults.of(due)
    requests.push({ at: time.at, subject: due.subject, text })
    if (failure !== null) return { ok: false, failure } as const
    outside.set(due.subject, text)
    return { ok: true, digest: text, outside: { id: due.subject } } as const
  }
  const drainOf = () =>
    createDrain({
      store,
      channel: 'github',
      budget: options.budget ?? plenty,
      write,
      clock: () => time.at,
      log: (line) => lines.push(line),
      leaseMs: options.leaseMs ?? 120_000,
      restMs: options.restMs ?? 0,
      wait: async (ms) => {
        time.at += ms
      },
    })
  const change = (number: number, title: string, severity: string | null = null) =>
    store.transaction(async (tx) => {
      await saveIncidents(tx, [madeIncident({ number, title })])
      await tx.query('update incident set severity = $3 where tenant = $1 and number = $2', [
        tx.tenant,
        number,
        severity,
      ])
    })
  return { store, time, outside, requests, lines, faults, textOf, write, drainOf, change }
}
