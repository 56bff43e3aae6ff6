import { setTimeout as wait } from 'node:timers/promises'
import { isObject, oneLine } from '../../core/model/index.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  failDelivery,
  forgetDeliveries,
  nextDeliveryAt,
  settleDelivery,
} from './deliveries.ts'
import type { Handler, Seat } from './feature.ts'

/** Works off kept deliveries, those of one subject in order. */
export interface DeliveryWorker {
  /** Works off everything that is due now. */
  drain(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const atOnce = 4
const pollMs = 5000
const forgetEveryMs = 3_600_000

export function createDeliveryWorker(
  { store, clock, log, count }: Pick<Seat, 'store' | 'clock' | 'log' | 'count'>,
  handlersOf: (kind: string) => readonly Handler[],
): DeliveryWorker {
  let stopping = false
  let loop: Promise<void> = Promise.resolve()
  let unlisten: () => Promise<void> = async () => {}
  let wake: () => void = () => {}
  let forgottenAt = 0

  const work = async (one: ClaimedDelivery): Promise<void> => {
    try {
      const payload: unknown = JSON.parse(one.body.toString('utf8'))
      if (!isObject(payload)) throw new Error('the payload is no object')
      const kinds = one.action === null ? [one.event] : [one.event, `${one.event}.${one.action}`]
      for (const handler of kinds.flatMap(handlersOf)) await handler({ ...one, payload })
      await settleDelivery(store, one.id, clock())
      count('done')
    } catch (error) {
      const reason = reasonOf(error)
      const isDead = await failDelivery(store, one, reason, clock())
      count(isDead ? 'dead' : 'put-off')
      if (isDead) log(`delivery ${one.id} (${one.event}) is given up: ${reason}`)
    }
  }

  const round = async (): Promise<number> => {
    const claimed = await claimDeliveries(store, atOnce, clock())
    await Promise.all(claimed.map(work))
    return claimed.length
  }

  const run = async () => {
    while (!stopping) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      try {
        if ((await round()) > 0) continue
        if (clock() - forgottenAt > forgetEveryMs) {
          await forgetDeliveries(store, clock())
          forgottenAt = clock()
        }
        const next = await store.transaction(nextDeliveryAt)
        const pause = next === null ? pollMs : Math.min(Math.max(next - clock(), 50), pollMs)
        await Promise.race([woken, wait(pause, undefined, { ref: false })])
      } catch (error) {
        log(`survived: deliveries of GitHub wait: ${reasonOf(error)}`)
        await Promise.race([woken, wait(1000, undefined, { ref: false })])
      }
    }
  }

  return {
    async drain() {
      while ((await round()) > 0);
    },
    async start() {
      unlisten = await store.listen('gitsoc_github', () => wake())
      loop = run()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      await unlisten()
    },
  }
}

/** One line of an error, without what a stack or an answer of the API would bring along. */
export function reasonOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 300)
}
