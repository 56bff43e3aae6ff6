import { createHash, hash } from 'node:crypto'
import type { Json } from './json.ts'
import { isObject } from './json.ts'

const alphabet = new TextEncoder().encode('0123456789abcdefghjkmnpqrstvwxyz')

/** Written into bytes, not put together letter by letter: such a string keeps its pieces, and there is an id for everything. */
function base32(bytes: Uint8Array, mark = ''): string {
  const text = Buffer.alloc(mark.length + Math.ceil((bytes.length * 8) / 5))
  let at = text.write(mark, 'latin1')
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text[at++] = alphabet[(buffer >> bits) & 31] as number
    }
  }
  if (bits > 0) text[at] = alphabet[(buffer << (5 - bits)) & 31] as number
  return text.toString('latin1')
}

/**
 * A derived identifier: 24 lower-case base-32 characters (120 bits of SHA-256) over the parts.
 * Every part is prefixed with its length, so that `["ab","c"]` and `["a","bc"]` differ.
 */
export function hashId(...parts: readonly string[]): string {
  return markedId('', ...parts)
}

/** {@link hashId} behind a mark of ASCII letters, as one string: put together from two it would stay in two, in memory. */
export function markedId(mark: string, ...parts: readonly string[]): string {
  let text = ''
  for (const part of parts) text += `${part.length}:${part}`
  return base32(hash('sha256', text, 'buffer').subarray(0, 15), mark)
}

/** SHA-256 of a text or bytes, lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** JSON with the members of every object in code-unit order: equal values give equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`)
  return `{${members.join(',')}}`
}
