import { isObject } from '../core/model/index.ts'
import type { NewDelivery } from './inbox.ts'

const newline = 10
/** The end of the year 9999: later times cannot be written. */
const latestAt = 253_402_300_799_999
const sourceId = /^[a-z0-9][a-z0-9-]{0,62}$/

/**
 * The delivery that a line of a recording stands for, or null when it is none. A recorded delivery is an object with `at`
 * (when it was received, epoch milliseconds), `source` (id of an integration) and `body` (text, or JSON), and nothing else.
 */
export function recordedDelivery(line: string): NewDelivery | null {
  const value = parsed(line)
  if (!isObject(value) || Object.keys(value).length !== 3) return null
  const { at, source, body } = value
  if (typeof at !== 'number' || !Number.isInteger(at) || at < 0 || at > latestAt) return null
  if (typeof source !== 'string' || !sourceId.test(source)) return null
  if (typeof body !== 'string' && (typeof body !== 'object' || body === null)) return null
  return {
    source,
    transport: 'webhook',
    contentType: 'application/json',
    receivedAt: at,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  }
}

/** Whether the first line of a file or stream is a recorded delivery: then the rest is read as a recording too. */
export function beginsAsRecording(start: Buffer): boolean {
  const end = start.indexOf(newline)
  const line = start.subarray(0, end < 0 ? start.length : end)
  return recordedDelivery(line.toString('utf8').replace(/^\ufeff/, '')) !== null
}

const member = '\\s*"(?:at"\\s*:\\s*\\d+|source"\\s*:\\s*"[a-z0-9-]+")\\s*,'
const opening = new RegExp(`^\\ufeff?\\{(?:${member}){2}\\s*"body"\\s*:`)

/** Whether a first line whose end is not there yet may be a recorded delivery: a long one puts its body last, as recorders write it. */
export function mayBeginAsRecording(start: Buffer): boolean {
  return !start.includes(newline) && opening.test(start.subarray(0, 300).toString('utf8'))
}

/**
 * The deliveries of lines of a recording. Lines that are no recorded delivery lose nothing: what lies between two is given
 * to `others` and is read as the lines of any file.
 */
export function recordedLines(chunk: Buffer, others: (lines: Buffer) => NewDelivery): readonly NewDelivery[] {
  const found: NewDelivery[] = []
  let between = 0
  const flush = (end: number) => {
    const lines = chunk.subarray(between, end)
    if (lines.toString('utf8').trim() !== '') found.push(others(lines))
  }
  for (let start = 0; start < chunk.length; ) {
    const next = chunk.indexOf(newline, start)
    const end = next < 0 ? chunk.length : next + 1
    const delivery = recordedDelivery(
      chunk
        .subarray(start, end)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
    if (delivery !== null) {
      flush(start)
      found.push(delivery)
      between = end
    }
    start = end
  }
  flush(chunk.length)
  return found
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
