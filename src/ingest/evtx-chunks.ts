const headerBytes = 4096
const chunkBytes = 65_536

/** Whether bytes begin as a Windows event log (EVTX) does. */
export const isEvtxFile = (first: Uint8Array) => Buffer.from(first.subarray(0, 8)).toString('latin1') === 'ElfFile\0'

/**
 * The chunks of a Windows event log, which need nothing of one another: a header of 4,096 bytes, then 65,536 each. Room
 * that was never used is left out; a last chunk that is cut off comes as far as it goes.
 */
export async function* evtxChunks(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = []
  let size = 0
  let skip = headerBytes
  for await (const part of parts) {
    const rest = part.subarray(Math.min(skip, part.length))
    skip -= part.length - rest.length
    pending.push(rest)
    size += rest.length
    if (size < chunkBytes) continue
    const all = Buffer.concat(pending)
    let at = 0
    for (; at + chunkBytes <= size; at += chunkBytes) {
      const chunk = all.subarray(at, at + chunkBytes)
      if (isUsed(chunk)) yield Buffer.from(chunk)
    }
    pending = [all.subarray(at)]
    size -= at
  }
  const last = Buffer.concat(pending)
  if (isUsed(last)) yield last
}

const freeSpaceOffset = 0x30
const firstRecord = 0x200

/** A chunk with no byte, and one whose free space begins where its records would, hold nothing. */
function isUsed(chunk: Buffer): boolean {
  if (chunk.length > firstRecord && chunk.readUInt32LE(freeSpaceOffset) === firstRecord)
    return chunk.subarray(firstRecord).some((byte) => byte !== 0)
  return chunk.some((byte) => byte !== 0)
}
