/** The first bytes of a stream, at most `count`, and the whole stream from its beginning. */
export interface Peeked {
  readonly first: Buffer
  readonly parts: AsyncGenerator<Buffer>
}

/** Looks at the beginning of a stream without taking it. */
export async function peek(stream: AsyncIterable<Uint8Array>, count: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < count) {
    const next = await iterator.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  async function* parts(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield Buffer.from(next.value)
  }
  return { first: head.subarray(0, count), parts: parts() }
}
