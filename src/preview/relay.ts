import type { LockedChild, PastDelivery } from './locked-child.ts'
import type { Limits } from './locked-process.ts'
import { type Scanner, type ScannerStart, startScanner } from './scanner.ts'

/** Scanners between history and the children that decide, in the order of history. */
export interface Relay {
  send(seq: number, delivery: PastDelivery): Promise<void>
  /** Resolves when everything that was sent is with the children; they are ended when a scanner fails. */
  finish(): Promise<void>
  kill(): void
}

/** Starts scanners, of which each takes every nth delivery from `firstSeq` on; children are in the order of the contents. */
export function startRelay(
  start: ScannerStart,
  parts: {
    readonly count: number
    readonly firstSeq: number
    readonly limits: Limits
    readonly children: readonly LockedChild[]
  },
): Relay {
  const { count, firstSeq, limits, children } = parts
  const scanners = Array.from({ length: count }, () => startScanner(start, limits))
  const scannerOf = (seq: number) => scanners[seq % count] as Scanner
  let lastSeq = firstSeq - 1
  const passOn = async () => {
    for (let seq = firstSeq; ; seq++) {
      const scanner = scannerOf(seq)
      const frames = await scanner.next()
      if (frames === null) return (await scanner.ended) ?? (seq > lastSeq ? null : 'a scanner left out a delivery')
      for (const { head, body } of frames) {
        const sides = Array.isArray(head.sides) ? head.sides : []
        await Promise.all(children.filter((_, side) => sides.includes(side)).map((one) => one.sendFrame(head, body)))
      }
    }
  }
  // A scanner that fails ends the children at once, so that nobody waits for it.
  const passed = passOn().then((fault) => {
    if (fault !== null) for (const child of children) child.kill(fault)
  })
  return {
    send(seq, delivery) {
      lastSeq = seq
      return scannerOf(seq).send(seq, delivery)
    },
    async finish() {
      for (const one of scanners) one.close()
      await passed
    },
    kill() {
      for (const one of scanners) one.kill()
    },
  }
}
