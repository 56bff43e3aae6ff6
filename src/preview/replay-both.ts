import { availableParallelism } from 'node:os'
import type { SourceFile } from '../core/content/index.ts'
import { fixturePairs } from '../core/replay/index.ts'
import type { Content } from '../repo/index.ts'
import type { History } from './history.ts'
import { type Answer, startLockedChild } from './locked-child.ts'
import type { Limits } from './locked-process.ts'
import { type Relay, startRelay } from './relay.ts'

export interface BothParts {
  readonly before: Content
  readonly after: Content
  /** Files whose budgets hold. */
  readonly policy: readonly SourceFile[]
  readonly history: History | null
  readonly limits: Limits
  readonly sharing?: Sharing
  readonly onDelivery?: (count: number) => void
}

/** How work is shared: whatever it says, the answers are the same. */
export interface Sharing {
  /** Processes that look at events for both sides. */
  readonly scanners: number
  /** So much of a history goes to the two children as it is, for starting scanners takes seconds of each processor. */
  readonly directBytes: number
}

const maxScanners = 4
const defaultSharing: Sharing = {
  scanners: Math.min(maxScanners, availableParallelism()),
  directBytes: 64 * 1024 * 1024,
}

/**
 * Replays one history with two contents, each in a locked child of its own. Of a long history, scanners do what both
 * would do on each event by itself once, on all processors. Ends with the first child that ends early. Whatever happens, no child is left
 * running.
 */
export async function replayBoth(parts: BothParts): Promise<readonly [before: Answer, after: Answer]> {
  const { before, after, policy, history, limits, sharing = defaultSharing } = parts
  const start = {
    tenant: history?.tenant ?? 'main',
    fixtures: fixturePairs(before.files, after.files),
    enrichDir: history?.enrichDir ?? null,
    review: true,
  }
  const old = startLockedChild({ ...start, commit: before.commit, files: before.files, before: null }, limits)
  const now = startLockedChild(
    { ...start, commit: after.commit, files: after.files, before: before.files, policy },
    limits,
  )
  const children = [old, now]
  let relay: Relay | null = null
  try {
    let [seq, bytes] = [0, 0]
    for await (const delivery of history?.deliveries() ?? []) {
      if (children.some((child) => child.hasEnded)) break
      seq++
      bytes += delivery.body.byteLength
      if (relay === null && sharing.scanners > 0 && bytes > sharing.directBytes)
        relay = startRelay(
          { tenant: start.tenant, contents: [before, after] },
          { count: sharing.scanners, firstSeq: seq, limits, children },
        )
      if (relay === null) await Promise.all(children.map((child) => child.send(seq, delivery)))
      else await relay.send(seq, delivery)
      parts.onDelivery?.(seq)
    }
    await relay?.finish()
    return await Promise.all([old.answer(), now.answer()])
  } finally {
    relay?.kill()
    for (const child of children) child.kill()
  }
}
