import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** Why a body was not read, with the HTTP status to answer. */
export class BodyRefused extends Error {
  readonly status: 408 | 413 | 415
  constructor(status: 408 | 413 | 415, message: string) {
    super(message)
    this.status = status
  }
}

const unzip = promisify(gunzip)

/** The body's bytes, never more than `maxBytes`, neither as sent nor unpacked, and not slower than `timeoutMs`. */
export async function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) {
    request.resume()
    throw new BodyRefused(413, `the body is larger than ${maxBytes} bytes`)
  }
  const raw = await collect(request, maxBytes, timeoutMs)
  const encoding = request.headers['content-encoding']?.toLowerCase()
  if (encoding === undefined || encoding === 'identity') return raw
  if (encoding !== 'gzip') throw new BodyRefused(415, 'only gzip is taken as content-encoding')
  try {
    return await unzip(raw, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw new BodyRefused(413, `the unpacked body is larger than ${maxBytes} bytes`)
    throw new BodyRefused(415, 'the body is not gzip')
  }
}

function collect(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
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
      else chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => end(null))
    request.once('error', end)
    request.once('aborted', () => end(new Error('the sender went away')))
  })
}
