/** The encoding that a byte order mark at the beginning names, null when there is none of UTF-16. */
export const utf16Of = (first: Uint8Array): 'utf-16le' | 'utf-16be' | null =>
  first[0] === 0xff && first[1] === 0xfe ? 'utf-16le' : first[0] === 0xfe && first[1] === 0xff ? 'utf-16be' : null

/**
 * UTF-16 as UTF-8, as it comes, so that lines can be told apart by their bytes. Half a pair, which no text has, becomes
 * U+FFFD.
 */
export async function* asUtf8(wide: AsyncIterable<Buffer>, encoding: 'utf-16le' | 'utf-16be'): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding)
  for await (const part of wide) yield Buffer.from(decoder.decode(part, { stream: true }))
  const rest = decoder.decode()
  if (rest !== '') yield Buffer.from(rest)
}
