import { setTimeout as delay } from 'node:timers/promises'
import { createDrain } from '../projection/index.ts'
import type { Tx } from '../store/index.ts'
import { tellExpiring } from './approval-calls.ts'
import { eachAlone } from './each-alone.ts'
import { followIncident, tellDue } from './escalate.ts'
import type { EscalateParts } from './escalation-state.ts'

export interface EscalatorParts extends EscalateParts {
  readonly clock: () => number
  readonly log: (message: string) => void
  /** How often the clock is looked at; 5 s unless told. */
  readonly everyMs?: number
}

/** Calls people when nobody acknowledges. Several replicas may run it together: each level is told once. */
export interface Escalator {
  /** Looks at what changed and at the clock, once. Says how many levels were told. */
  tick(): Promise<number>
  start(): Promise<void>
  stop(): Promise<void>
}

/** What was heard is known for so long. Longer than anybody sends it again. */
export const heardKeptMs = 30 * 86_400_000

/** An escalator over a store whose channel `escalation` is enabled. */
export function createEscalator(parts: EscalatorParts): Escalator {
  const { store, clock, log } = parts
  const stopping = new AbortController()
  const changes = createDrain({
    store,
    channel: 'escalation',
    // Nothing leaves the machine here, so that nothing is to be spared.
    budget: [],
    clock,
    log,
    write: async (due) => {
      if (due.incident !== null) await followIncident(parts, due.incident, clock())
      return { ok: true, digest: '', outside: null }
    },
  })
  let loop: Promise<void> = Promise.resolve()
  const onTime = async () => {
    let told = 0
    // One that cannot be told keeps no other from being told.
    await eachAlone(
      [
        async () => {
          told = await tellDue(parts, clock())
        },
        () => tellExpiring(parts, clock()),
        () => store.transaction((tx) => forgetHeard(tx, clock())),
      ],
      (step) => step(),
    )
    return told
  }
  return {
    async tick() {
      await changes.drain()
      const told = await onTime()
      await changes.drain()
      return told
    },
    async start() {
      await changes.start()
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await onTime().catch((error: unknown) => log(`escalation: ${(error as Error).message}`))
          await delay(parts.everyMs ?? 5_000, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
        }
      })()
    },
    async stop() {
      stopping.abort()
      await Promise.all([loop, changes.stop()])
    },
  }
}

async function forgetHeard(tx: Tx, at: number): Promise<void> {
  await tx.query('delete from heard where tenant = $1 and at < $2', [tx.tenant, at - heardKeptMs])
}
