import { nextDeliveries } from '../ingest/index.ts'
import type { OpenStore } from '../store/index.ts'
import type { PastDelivery } from './locked-child.ts'

const atOnce = 200

/** Deliveries of the inbox by number, both ends included, in order; `digestOf` names the bundle that decides each. */
export async function* readInbox(
  store: OpenStore,
  { firstSeq, lastSeq }: { readonly firstSeq: number; readonly lastSeq: number },
  digestOf: ((seq: number) => string | undefined) | null = null,
): AsyncGenerator<PastDelivery> {
  for (let after = firstSeq - 1; after < lastSeq; ) {
    const deliveries = await store.snapshot((tx) => nextDeliveries(tx, after, atOnce))
    if (deliveries.length === 0) return
    for (const { seq, ...delivery } of deliveries) {
      if (seq > lastSeq) return
      after = seq
      const bundle = digestOf?.(seq)
      yield { ...delivery, receipt: 'recorded', ...(bundle === undefined ? {} : { bundle }) }
    }
  }
}
