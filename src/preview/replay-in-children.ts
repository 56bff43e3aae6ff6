import type { Answer, LockedChild, PastDelivery } from './locked-child.ts'

/**
 * Gives the same deliveries to all children and waits for their answers. Deliveries are numbered from 1. Whatever happens,
 * no child is left running.
 */
export async function replayInChildren(
  children: readonly LockedChild[],
  deliveries: AsyncIterable<PastDelivery>,
  onDelivery: (count: number) => void = () => {},
): Promise<readonly Answer[]> {
  try {
    let seq = 0
    for await (const delivery of deliveries) {
      seq++
      await Promise.all(children.map((child) => child.send(seq, delivery)))
      onDelivery(seq)
    }
    return await Promise.all(children.map((child) => child.answer()))
  } finally {
    for (const child of children) child.kill()
  }
}
