import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Whether bytes begin as gzip does. */
export const isGzip = (first: Uint8Array) => first[0] === 0x1f && first[1] === 0x8b

/** The bytes that gzip holds, as they come. */
export async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // Errors of either side end the iteration below with that error.
  pipeline(Readable.from(packed), gunzip, () => {})
  for await (const part of gunzip) yield part as Buffer
}
