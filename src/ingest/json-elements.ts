/** Takes records out of JSON of any length as its bytes come: the elements of lists, and objects one after another. */
export interface JsonElements {
  push(bytes: Uint8Array): readonly Buffer[]
  /** What stood there without an end. */
  end(): readonly Buffer[]
}

/** A record larger than a reader may hold. */
export class TooLarge extends Error {}

const quote = 34
const comma = 44
const backslash = 92
const openList = 91
const closeList = 93
const openObject = 123
const closeObject = 125
const tab = 9
const space = 32
const isSpace = (byte: number) => byte === space || byte === 10 || byte === 13 || byte === tab

/**
 * A scanner that gives each record as one line. A list at the top is taken apart, an object stays whole. It judges
 * nothing: what is no object comes out in brackets, so that whoever parses the line finds one record, readable or not.
 */
export function createJsonElements(maxBytes: number): JsonElements {
  let out = Buffer.allocUnsafe(64 * 1024)
  let length = 0
  let inList = false
  let depth = 0
  let inString = false
  let escaped = false
  let kind: 'none' | 'nested' | 'bare' = 'none'
  let elements: Buffer[] = []

  const put = (byte: number) => {
    if (length === out.length) {
      if (length >= maxBytes) throw new TooLarge(`a record may have ${Math.floor(maxBytes / 1_048_576)} MB`)
      const larger = Buffer.allocUnsafe(Math.min(length * 2, maxBytes))
      out.copy(larger, 0, 0, length)
      out = larger
    }
    out[length++] = byte
  }
  const emit = () => {
    const text = out.subarray(0, length)
    elements.push(
      kind === 'nested' && text[0] === openObject
        ? Buffer.from(text)
        : Buffer.concat([Buffer.from('['), text, Buffer.from(']')]),
    )
    length = 0
    kind = 'none'
    depth = 0
    inString = false
    escaped = false
  }
  const begin = (byte: number) => {
    if (isSpace(byte) || byte === 0xef || byte === 0xbb || byte === 0xbf) return
    if (byte === comma) return
    if (inList && byte === closeList) inList = false
    else if (!inList && byte === openList) inList = true
    else {
      kind = byte === openObject || byte === openList ? 'nested' : 'bare'
      depth = kind === 'nested' ? 1 : 0
      inString = byte === quote
      put(byte)
    }
  }
  const take = (byte: number) => {
    if (inString) {
      // A bare line break in a string is no JSON; a bare tab is none either, and keeps the record on its line.
      put(byte === 10 || byte === 13 ? tab : byte)
      if (escaped) escaped = false
      else if (byte === backslash) escaped = true
      else if (byte === quote) inString = false
      return
    }
    if (kind === 'bare' && (isSpace(byte) || byte === comma || (inList && byte === closeList))) {
      emit()
      begin(byte)
      return
    }
    put(byte === 10 || byte === 13 ? space : byte)
    if (byte === quote) inString = true
    else if (kind === 'nested') {
      if (byte === openObject || byte === openList) depth++
      else if ((byte === closeObject || byte === closeList) && --depth === 0) emit()
    }
  }

  return {
    push(bytes) {
      elements = []
      for (const byte of bytes) {
        if (kind === 'none') begin(byte)
        else take(byte)
      }
      return elements
    },
    end() {
      elements = []
      if (kind === 'nested') elements.push(Buffer.from(out.subarray(0, length)))
      else if (kind === 'bare') emit()
      kind = 'none'
      length = 0
      return elements
    },
  }
}
