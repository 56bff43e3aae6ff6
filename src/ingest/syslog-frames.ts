/** A message of a syslog stream; `cut` when it was larger than allowed and its end is missing. */
export interface Frame {
  readonly message: Buffer
  readonly cut: boolean
}

/** Takes a stream apart as its bytes come; `end` gives what stood there without an end. */
export interface Frames {
  push(bytes: Buffer): readonly Frame[]
  end(): readonly Frame[]
}

const newline = 10
const space = 32
const lessThan = 60
const maxDigits = 8

/**
 * The two framings of syslog over TCP (RFC 6587), told apart frame by frame: octet counting (`57 <34>1 …`) and lines.
 * No more than `maxBytes` of a message are kept; the rest of it is skipped, the next one is read as ever.
 */
export function createFrames(maxBytes: number): Frames {
  let pending: Buffer = Buffer.alloc(0)
  /** What is still to be thrown away: so many bytes, or everything up to the next newline. */
  let skipBytes = 0
  let skipLine = false

  const next = (): Frame | 'more' | 'skipped' => {
    if (skipBytes > 0) {
      const some = Math.min(skipBytes, pending.length)
      skipBytes -= some
      pending = pending.subarray(some)
      return skipBytes > 0 ? 'more' : 'skipped'
    }
    if (skipLine) {
      const end = pending.indexOf(newline)
      pending = end < 0 ? Buffer.alloc(0) : pending.subarray(end + 1)
      skipLine = end < 0
      return skipLine ? 'more' : 'skipped'
    }
    const counted = countOf(pending)
    if (counted === 'more') return 'more'
    if (counted !== null) {
      const length = Math.min(counted.length, maxBytes)
      if (pending.length < counted.start + length) return 'more'
      const message = pending.subarray(counted.start, counted.start + length)
      pending = pending.subarray(counted.start + length)
      skipBytes = counted.length - length
      return { message, cut: skipBytes > 0 }
    }
    const end = pending.indexOf(newline)
    if (end >= 0 && end <= maxBytes) {
      const message = pending.subarray(0, end)
      pending = pending.subarray(end + 1)
      return { message, cut: false }
    }
    if (pending.length <= maxBytes) return 'more'
    const message = pending.subarray(0, maxBytes)
    pending = pending.subarray(maxBytes)
    skipLine = true
    return { message, cut: true }
  }

  return {
    push(bytes) {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
      const frames: Frame[] = []
      while (pending.length > 0) {
        const frame = next()
        if (frame === 'more') break
        if (frame !== 'skipped' && frame.message.length > 0) frames.push(frame)
      }
      return frames
    },
    end() {
      const rest = pending
      pending = Buffer.alloc(0)
      if (skipLine || skipBytes > 0 || rest.length === 0) return []
      const counted = countOf(rest)
      const message = counted === null || counted === 'more' ? rest : rest.subarray(counted.start)
      return message.length === 0 ? [] : [{ message, cut: counted !== null && counted !== 'more' }]
    },
  }
}

/** `57 <`: the count and where its message begins; null when the bytes begin otherwise. A bare number is no count: lines may begin with one. */
function countOf(bytes: Buffer): { readonly length: number; readonly start: number } | 'more' | null {
  let at = 0
  while (at < bytes.length && at < maxDigits && isDigit(bytes[at])) at++
  if (at === 0 || bytes[0] === 48) return bytes.length === 0 ? 'more' : null
  if (at + 1 >= bytes.length) return at === bytes.length || bytes[at] === space ? 'more' : null
  if (bytes[at] !== space || bytes[at + 1] !== lessThan) return null
  return { length: Number(bytes.subarray(0, at).toString('latin1')), start: at + 1 }
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57
