import { PassThrough } from 'node:stream'
import type { Content } from '../repo/index.ts'
import { decodeFrames, type Frame } from './frames.ts'
import type { PastDelivery } from './locked-child.ts'
import { type Limits, startLocked } from './locked-process.ts'

/** What a scanner is told first. */
export interface ScannerStart {
  readonly tenant: string
  /** What is wrong with one that does not load is said by the child that decides with it. */
  readonly contents: readonly Content[]
}

/** A locked child process that does for several contents what asks nothing of other events. */
export interface Scanner {
  send(seq: number, delivery: PastDelivery): Promise<void>
  /** What the next of its deliveries came to, in the order in which they were sent; null when it has ended. */
  next(): Promise<readonly Frame[] | null>
  /** Nothing more is sent. */
  close(): void
  /** Why it ended before its time; null when it did not. */
  readonly ended: Promise<string | null>
  kill(): void
}

/** Starts a scanner; its results wait in the pipe until they are asked for. */
export function startScanner(start: ScannerStart, limits: Limits): Scanner {
  const child = startLocked('./scanner-main.ts', [], limits)
  void child.send({ kind: 'start' }, Buffer.from(JSON.stringify(start)))
  // Node throws away what nobody has begun to read when a child exits.
  const frames = decodeFrames(child.out.pipe(new PassThrough()))
  return {
    send: (seq, { body, ...head }) => child.send({ seq, ...head }, body),
    async next() {
      const found: Frame[] = []
      for (;;) {
        const one = await frames.next().catch(() => ({ done: true as const, value: undefined }))
        if (one.done || one.value === undefined) return null
        if (one.value.head.kind === 'done') return found
        found.push(one.value)
      }
    },
    close: child.close,
    ended: child.ended,
    kill: () => child.kill(),
  }
}
