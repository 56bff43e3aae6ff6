import type { Answer, LockedChild, PastDelivery } from './locked-child.ts'

/** Gives a child deliveries, numbered from 1, and waits for its answer. Whatever happens, it is not left running. */
export async function replayInChild(child: LockedChild, deliveries: AsyncIterable<PastDelivery>): Promise<Answer> {
  try {
    let seq = 0
    for await (const delivery of deliveries) {
      if (child.hasEnded) break
      await child.send(++seq, delivery)
    }
    return await child.answer()
  } finally {
    child.kill()
  }
}
