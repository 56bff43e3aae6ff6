import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { NewDelivery } from './inbox.ts'

/** Where a file reader stands, for a progress bar. */
export interface ReadProgress {
  readonly bytesRead: number
  readonly bytesTotal: number
}

const maxLines = 1000
const maxChunkBytes = 1_000_000
const maxDocumentBytes = 64 * 1024 * 1024

/** The files of the paths, directories walked, in name order, with their sizes. */
export async function listFiles(
  paths: readonly string[],
): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const files: { path: string; bytes: number }[] = []
  for (const path of paths) {
    const info = await stat(path)
    if (info.isDirectory())
      files.push(...(await listFiles((await readdir(path)).sort().map((name) => join(path, name)))))
    else files.push({ path, bytes: info.size })
  }
  return files
}

/**
 * Files as deliveries: lines (NDJSON, CEF, syslog, Zeek) in chunks of at most 1,000, anything else as one document.
 * gzip is recognised by its first bytes. Memory stays bounded for lines of any number.
 */
export async function* readFiles(
  paths: readonly string[],
  options: { source?: string; clock: () => number; progress?: (at: ReadProgress) => void },
): AsyncGenerator<readonly NewDelivery[]> {
  const files = await listFiles(paths)
  const bytesTotal = files.reduce((sum, one) => sum + one.bytes, 0)
  let bytesRead = 0
  for (const { path, bytes } of files) {
    const stream = createReadStream(path)
    stream.on('data', (chunk) => {
      bytesRead += chunk.length
    })
    for await (const chunk of readStream(stream, options.clock, options.source ?? null)) {
      options.progress?.({ bytesRead, bytesTotal })
      yield [chunk]
    }
    if (bytes === 0) yield [delivery(Buffer.alloc(0), 'application/json', options.clock, options.source ?? null)]
  }
  options.progress?.({ bytesRead: bytesTotal, bytesTotal })
}

/** A stream (such as standard input) as deliveries. */
export async function* readStream(
  stream: Readable,
  clock: () => number,
  source: string | null,
): AsyncGenerator<NewDelivery> {
  let pending = Buffer.alloc(0)
  let mode: 'unknown' | 'lines' | 'document' = 'unknown'
  let zeekHeader = ''
  for await (const part of await plain(stream)) {
    pending = pending.length === 0 ? Buffer.from(part as Buffer) : Buffer.concat([pending, part as Buffer])
    if (mode === 'unknown') mode = modeOf(pending, false)
    if (mode === 'document' && pending.length > maxDocumentBytes)
      throw new Error(
        `a file that is one document may have ${maxDocumentBytes / 1_048_576} MB; give it as one record a line`,
      )
    while (mode === 'lines') {
      const cut = cutLines(pending)
      if (cut === 0) break
      const head = pending.subarray(0, cut)
      if (zeekHeader === '') zeekHeader = zeekHeaderOf(head)
      yield delivery(withHeader(head, zeekHeader), 'application/x-ndjson', clock, source)
      pending = pending.subarray(cut)
    }
  }
  if (mode === 'unknown') mode = modeOf(pending, true)
  if (pending.toString('utf8').trim() === '' && mode === 'lines') return
  if (pending.length > 0)
    yield delivery(
      mode === 'lines' ? withHeader(pending, zeekHeader) : pending,
      mode === 'lines' ? 'application/x-ndjson' : 'application/json',
      clock,
      source,
    )
}

function delivery(body: Buffer, contentType: string, clock: () => number, source: string | null): NewDelivery {
  return { source, transport: 'file', contentType, receivedAt: clock(), body: Buffer.from(body) }
}

async function plain(stream: Readable): Promise<AsyncIterable<unknown>> {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await iterator.next()
  const rest = (async function* () {
    if (!first.done) yield first.value
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  })()
  if (first.done || first.value[0] !== 0x1f || first.value[1] !== 0x8b) return rest
  const { Readable: ReadableStream } = await import('node:stream')
  return ReadableStream.from(rest).pipe(createGunzip())
}

/** Lines when the first line is a whole JSON value or no JSON and no XML at all; a document otherwise. */
function modeOf(data: Buffer, complete: boolean): 'unknown' | 'lines' | 'document' {
  const text = data
    .subarray(0, 2_000_000)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  if (text === '') return complete ? 'document' : 'unknown'
  if (text.startsWith('<') && !/^<\d{1,3}>/.test(text)) return 'document'
  if (!/^[{[]/.test(text) || /^\[\d/.test(text) === true) return 'lines'
  const end = text.indexOf('\n')
  if (end < 0 && !complete) return data.length > 1_900_000 ? 'document' : 'unknown'
  const firstLine = end < 0 ? text : text.slice(0, end)
  const second = end < 0 ? '' : text.slice(end + 1).trimStart()
  try {
    JSON.parse(firstLine)
    return second === '' && complete ? 'document' : 'lines'
  } catch {
    return /^[{[]\s*$/.test(firstLine.trim()) || !/^[{[]/.test(second) ? 'document' : 'lines'
  }
}

/** Bytes of a full chunk of lines, or 0 when there is none yet. */
function cutLines(data: Buffer): number {
  let lines = 0
  let at = 0
  let last = 0
  while (lines < maxLines) {
    const end = data.indexOf(10, at)
    if (end < 0) return data.length > maxChunkBytes * 4 ? Math.max(last, 0) : 0
    lines++
    last = end + 1
    at = end + 1
    if (last >= maxChunkBytes) return last
  }
  return last
}

function zeekHeaderOf(chunk: Buffer): string {
  const text = chunk.subarray(0, 20_000).toString('utf8')
  return text.startsWith('#separator')
    ? text
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .join('\n')
    : ''
}

function withHeader(chunk: Buffer, header: string): Buffer {
  return header === '' || chunk.subarray(0, 10).toString() === '#separator'
    ? chunk
    : Buffer.concat([Buffer.from(`${header}\n`), chunk])
}
