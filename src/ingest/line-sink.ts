import { setTimeout as wait } from 'node:timers/promises'
import type { Inbox } from './inbox.ts'

/** Collects lines of senders that wait for no answer, and brings them into the inbox. */
export interface LineSink {
  /** False when there is no room: the line was not taken. */
  add(line: Buffer): boolean
  /** Whether senders that can be told to wait should be. */
  readonly full: boolean
  /** Called whenever there is room again. */
  onRoom(listener: () => void): void
  /** Brings in what is there; with `giveUp` it stops trying while the inbox refuses, and returns the number of lines lost. */
  stop(giveUpMs: number): Promise<number>
}

const maxLines = 1000
const maxChunkBytes = 1_000_000
const maxWaitMs = 200
const retryMs = 500

/**
 * A sink over the inbox. Lines become deliveries of at most 1,000 lines or 1 MB, 200 ms after the first one at the
 * latest; while the inbox refuses they are kept in memory up to `maxBytes` and tried again. Line breaks inside a message
 * are written as `#012`, as rsyslog does, so that it stays one line.
 */
export function createLineSink(parts: {
  readonly inbox: Inbox
  readonly source: string | null
  readonly clock: () => number
  readonly maxBytes: number
  readonly onRefused: () => void
}): LineSink {
  let lines: Buffer[] = []
  let bytes = 0
  let running: Promise<void> | null = null
  let hurry: AbortController = new AbortController()
  let stopAt: number | null = null
  const listeners: (() => void)[] = []
  const isFull = () => bytes >= parts.maxBytes / 2

  const run = async () => {
    while (lines.length > 0) {
      if (lines.length < maxLines && bytes < maxChunkBytes && !isFull())
        await wait(maxWaitMs, undefined, { signal: hurry.signal }).catch(() => {})
      const chunk = take(lines)
      try {
        await parts.inbox.accept([
          {
            source: parts.source,
            transport: 'syslog',
            contentType: 'text/plain',
            receivedAt: parts.clock(),
            body: Buffer.concat(chunk.flatMap((line) => [line, lineEnd])),
          },
        ])
      } catch {
        parts.onRefused()
        if (stopAt !== null && Date.now() >= stopAt) break
        await wait(retryMs)
        continue
      }
      lines = lines.slice(chunk.length)
      bytes -= chunk.reduce((sum, line) => sum + line.length + overhead, 0)
      if (!isFull()) for (const listener of listeners) listener()
    }
    running = null
  }

  return {
    get full() {
      return isFull()
    },
    add(raw) {
      const line = oneLineOf(raw)
      if (line.length === 0) return true
      if (bytes + line.length + overhead > parts.maxBytes) return false
      lines.push(line)
      bytes += line.length + overhead
      if (lines.length === maxLines || isFull()) hurried()
      running ??= run()
      return true
    },
    onRoom(listener) {
      listeners.push(listener)
    },
    async stop(giveUpMs) {
      stopAt = Date.now() + giveUpMs
      hurried()
      while (running !== null && !(lines.length > 0 && Date.now() > stopAt + retryMs)) {
        hurried()
        await Promise.race([running, wait(50)])
      }
      return lines.length
    },
  }

  function hurried(): void {
    hurry.abort()
    hurry = new AbortController()
  }
}

const lineEnd = Buffer.from('\n')
/** What a line costs beside its bytes. */
const overhead = 100

function take(lines: readonly Buffer[]): readonly Buffer[] {
  let bytes = 0
  let count = 0
  while (count < lines.length && count < maxLines && (count === 0 || bytes < maxChunkBytes)) {
    bytes += lines[count]?.length ?? 0
    count++
  }
  return lines.slice(0, count)
}

/** Without the ends that senders put after a message, and with the breaks inside it written out. */
function oneLineOf(raw: Buffer): Buffer {
  let end = raw.length
  while (end > 0 && (raw[end - 1] === 10 || raw[end - 1] === 13 || raw[end - 1] === 0)) end--
  const message = raw.subarray(0, end)
  return message.includes(10) ? Buffer.from(message.toString('latin1').replaceAll('\n', '#012'), 'latin1') : message
}
