import { isObject, type JsonObject } from '../core/model/index.ts'

/** One message to a locked child: what it is, and bytes. */
export interface Frame {
  readonly head: JsonObject
  readonly body: Buffer
}

const prefixBytes = 8

/** A frame as bytes: two lengths, the head as JSON, the body as it is. */
export function encodeFrame(head: JsonObject, body: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32LE(text.length, 0)
  prefix.writeUInt32LE(body.byteLength, 4)
  return Buffer.concat([prefix, text, body])
}

/** The frames of a stream. Throws when it ends within one. */
export async function* decodeFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let parts: Buffer[] = []
  let size = 0
  let wanted = prefixBytes
  for await (const part of stream) {
    parts.push(part)
    size += part.length
    if (size < wanted) continue
    let data = Buffer.concat(parts)
    for (;;) {
      wanted = frameBytes(data)
      if (data.length < wanted || data.length < prefixBytes) break
      yield frameOf(data.subarray(0, wanted))
      data = data.subarray(wanted)
    }
    parts = data.length === 0 ? [] : [data]
    size = data.length
  }
  if (size > 0) throw new Error('the stream of frames ended within one')
}

const frameBytes = (data: Buffer) =>
  data.length < prefixBytes ? prefixBytes : prefixBytes + data.readUInt32LE(0) + data.readUInt32LE(4)

function frameOf(data: Buffer): Frame {
  const end = prefixBytes + data.readUInt32LE(0)
  const head: unknown = JSON.parse(data.subarray(prefixBytes, end).toString('utf8'))
  if (!isObject(head)) throw new Error('a frame has no head')
  return { head, body: Buffer.from(data.subarray(end)) }
}
