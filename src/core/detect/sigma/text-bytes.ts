import { plainByte } from './alphabet.ts'

/** A text as bytes to search in, one for a character; valid until the next is read. */
export interface TextBytes {
  readonly bytes: Uint8Array
  readonly length: number
  /** Whether it is ASCII, in whatever case. Else it is in lower case, and bytes above 127 stand for several characters. */
  readonly isAscii: boolean
}

/** Most texts are shorter; what longer ones need is given back. */
const usual = 65_536
const spare = 4
const scratch = Buffer.alloc(usual + spare)

/** The bytes of a text. Reading them once costs less than asking a string for its characters one by one. */
export function bytesOf(text: string): TextBytes {
  const bytes = text.length <= usual ? scratch : Buffer.allocUnsafe(text.length + spare)
  // Beyond ASCII a character takes up to four bytes in place of one or two, so that more than the length are written.
  const written = bytes.write(text)
  return written === text.length ? { bytes, length: written, isAscii: true } : plainBytes(text.toLowerCase())
}

function plainBytes(lower: string): TextBytes {
  const bytes = lower.length <= usual ? scratch : Buffer.allocUnsafe(lower.length)
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at)
    bytes[at] = code < 128 ? code : plainByte(code)
  }
  return { bytes, length: lower.length, isAscii: false }
}
