import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Hold } from './byte-budget.ts'

/** Why a body was not read, with the HTTP status to answer. */
export class BodyRefused extends Error {
  readonly status: 408 | 413 | 415 | 503
  constructor(status: 408 | 413 | 415 | 503, message: string) {
    super(message)
    this.status = status
  }
}

const unzip = promisify(gunzip)

const noRoom = () => new BodyRefused(503, 'too much is being received')

/**
 * The body's bytes, never more than `maxBytes`, neither as sent nor unpacked, not slower than `timeoutMs`, and within
 * what `hold` still has.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
  hold?: Hold,
): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) {
    request.resume()
    throw new BodyRefused(413, `the body is larger than ${maxBytes} bytes`)
  }
  const raw = await collect(request, maxBytes, timeoutMs, hold)
  const encoding = request.headers['content-encoding']?.toLowerCase()
  if (encoding === undefined || encoding === 'identity') return raw
  if (encoding !== 'gzip') throw new BodyRefused(415, 'only gzip is taken as content-encoding')
  try {
    const unpacked = await unzip(raw, { maxOutputLength: maxBytes })
    if (hold?.take(unpacked.length) === false) throw noRoom()
    return unpacked
  } catch (error) {
    if (error instanceof BodyRefused) throw error
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw new BodyRefused(413, `the unpacked body is larger than ${maxBytes} bytes`)
    throw new BodyRefused(415, 'the body is not gzip')
  }
}

function collect(
  request: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
  hold: Hold | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => end(new BodyRefused(408, 'the body came too slowly')), timeoutMs)
    const end = (error: Error | null) => {
      clearTimeout(timer)
      request.off('data', onData)
      if (error === null) resolve(Buffer.concat(chunks, size))
      else {
        request.resume()
        reject(error)
      }
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) end(new BodyRefused(413, `the body is larger than ${maxBytes} bytes`))
      else if (hold?.take(chunk.length) === false) end(noRoom())
      else chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => end(null))
    request.once('error', end)
    request.once('aborted', () => end(new Error('the sender went away')))
  })
}
