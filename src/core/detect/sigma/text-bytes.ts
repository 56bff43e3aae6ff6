import { plainByte } from './alphabet.ts'

/** A text as bytes to search in; valid until the next is read. */
export interface TextBytes {
  readonly text: string
  readonly bytes: Uint8Array
  /** The same bytes. */
  readonly view: DataView
  readonly length: number
  /** Whether it is ASCII, in whatever case. Else its ASCII stands among other bytes, and what an alphabet takes for ASCII does. */
  readonly isAscii: boolean
}

/** Most texts are shorter; what longer ones need is given back. */
const usual = 65_536
/** Bytes that a character takes in UTF-8 at most, a surrogate being half of one. */
const widest = 3
const spare = 4
const scratch = Buffer.alloc(usual * widest)
const scratchView = viewOf(scratch)
const plain = Buffer.alloc(usual)
const plainView = viewOf(plain)

/** What an {@link plainByte} or lower case takes for ASCII, and is not. */
const taken = ['\u0130', '\u017f', '\u212a', '\u2013', '\u2014', '\u2015']

/** The bytes of a text, in which texts of ASCII can be found. Reading them once costs less than asking for characters one by one. */
export function bytesOf(text: string): TextBytes {
  const isUsual = text.length <= usual
  const bytes = isUsual ? scratch : Buffer.allocUnsafe(text.length + spare)
  // Beyond ASCII a character takes up to four bytes in place of one or two, so that more than the length are written.
  const length = bytes.write(text)
  const isAscii = length === text.length
  if (!isAscii && (!isUsual || taken.some((one) => text.includes(one)))) return plainBytesOf(text)
  return { text, bytes, view: isUsual ? scratchView : viewOf(bytes), length, isAscii }
}

/** A text in lower case with a byte for each character, those above 127 for several. */
export function plainBytesOf(text: string): TextBytes {
  const lower = text.toLowerCase()
  const isUsual = lower.length <= usual
  const bytes = isUsual ? plain : Buffer.allocUnsafe(lower.length)
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at)
    bytes[at] = code < 128 ? code : plainByte(code)
  }
  return { text, bytes, view: isUsual ? plainView : viewOf(bytes), length: lower.length, isAscii: false }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
