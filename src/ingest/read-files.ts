import { createReadStream } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { evtxType } from '../core/normalize/index.ts'
import { evtxChunks, isEvtxFile } from './evtx-chunks.ts'
import type { NewDelivery } from './inbox.ts'
import { createJsonElements, TooLarge } from './json-elements.ts'
import { peek } from './peek.ts'
import { beginsAsRecording, mayBeginAsRecording, recordedLines } from './recorded-lines.ts'
import { textModeOf } from './text-mode.ts'
import { isGzip, unpacked } from './unpack-gzip.ts'
import { asUtf8, utf16Of } from './utf16.ts'
import { isZip, isZipFile, zipEntries } from './zip-entries.ts'

/** Where a file reader stands, for a progress bar. */
export interface ReadProgress {
  readonly bytesRead: number
  readonly bytesTotal: number
}

const maxLines = 1000
const maxChunkBytes = 1_000_000
/** Documents up to this size stay whole; larger JSON is taken apart into its records as it is read. */
const maxWholeBytes = 4 * 1024 * 1024
const maxRecordBytes = 64 * 1024 * 1024
const tooLarge = `one record, line or document may have ${maxRecordBytes / 1_048_576} MB; give it as one record a line`

/** The files of the paths, directories walked, in name order, with their sizes. */
export async function listFiles(
  paths: readonly string[],
): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const files: { path: string; bytes: number }[] = []
  for (const path of paths) {
    const info = await stat(path)
    if (info.isDirectory()) {
      for (const name of (await readdir(path)).sort()) {
        const inside = join(path, name)
        // Links to files are followed, links to directories are not: they may lead in circles.
        const isFolder = (await lstat(inside)).isDirectory()
        const isFile = await stat(inside).then(
          (one) => one.isFile(),
          () => false,
        )
        if (isFile || isFolder) files.push(...(await listFiles([inside])))
      }
    } else files.push({ path, bytes: info.size })
  }
  return files
}

/**
 * Files as deliveries of at most 1,000 records or about 1 MB: lines (NDJSON, CEF, LEEF, syslog, Zeek), JSON documents,
 * lists of any length, XML, Windows event logs (EVTX). gzip, zip and UTF-16 are recognised by their first bytes. Recordings
 * (see {@link recordedDelivery}) are deliveries as they were received, transport `webhook`, unless a `source` is given. Memory
 * stays bounded; what does not fit is an error that names the file.
 */
export async function* readFiles(
  paths: readonly string[],
  options: { source?: string; clock: () => number; progress?: (at: ReadProgress) => void },
): AsyncGenerator<readonly NewDelivery[]> {
  const files = await listFiles(paths)
  const source = options.source ?? null
  const bytesTotal = files.reduce((sum, one) => sum + one.bytes, 0)
  let bytesRead = 0
  for (const { path, bytes } of files) {
    const before = bytesRead
    let deliveries = 0
    try {
      for await (const part of partsOf(path)) {
        part.stream.on('data', (chunk) => {
          bytesRead = Math.min(before + bytes, bytesRead + chunk.length * part.share)
        })
        try {
          for await (const chunk of readChunks(part.stream, options.clock, source)) {
            options.progress?.({ bytesRead, bytesTotal: Math.max(bytesTotal, bytesRead) })
            deliveries += chunk.length
            yield chunk
          }
        } catch (error) {
          if (part.name === null) throw error
          throw new Error(`${part.name}: ${(error as Error).message}`, { cause: error })
        } finally {
          part.stream.destroy()
        }
      }
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
    }
    bytesRead = before + bytes
    if (bytes === 0 && deliveries === 0) yield [delivery(Buffer.alloc(0), 'document', options.clock, source)]
  }
  options.progress?.({ bytesRead, bytesTotal: Math.max(bytesTotal, bytesRead) })
}

/** The streams that a file is: itself, or the files in a zip. `share` is what a byte of it is in bytes of the file. */
async function* partsOf(path: string): AsyncGenerator<{ name: string | null; stream: Readable; share: number }> {
  if (await isZipFile(path)) yield* zipEntries(path)
  else yield { name: null, stream: createReadStream(path), share: 1 }
}

/** A stream (such as standard input) as deliveries. */
export async function* readStream(
  stream: Readable,
  clock: () => number,
  source: string | null,
): AsyncGenerator<NewDelivery> {
  for await (const chunk of readChunks(stream, clock, source)) yield* chunk
}

/** The same, deliveries that come together in one list: those of a recording, up to 1,000. */
export async function* readChunks(
  stream: Readable,
  clock: () => number,
  source: string | null,
): AsyncGenerator<readonly NewDelivery[]> {
  const packed = await peek(stream, 8)
  const { first, parts: bytes } = isGzip(packed.first) ? await peek(unpacked(packed.parts), 8) : packed
  const wide = utf16Of(first)
  const parts = wide === null ? bytes : asUtf8(bytes, wide)
  if (isZip(first)) throw new Error('a zip is read as a file of its own, not from a stream or out of another')
  if (isEvtxFile(first)) {
    for await (const body of evtxChunks(parts))
      yield [{ source, transport: 'file', contentType: evtxType, receivedAt: clock(), body }]
    return
  }
  let pending: Buffer = Buffer.alloc(0)
  let later: Buffer[] = []
  let mode: 'unknown' | 'lines' | 'document' = 'unknown'
  let zeekHeader = ''
  let isRecording: boolean | undefined
  let size = 0
  const joinParts = () => {
    pending = later.length === 0 ? pending : Buffer.concat([pending, ...later])
    later = []
  }
  const linesOf = (chunk: Buffer): readonly NewDelivery[] => {
    isRecording ??= source === null && beginsAsRecording(chunk)
    if (isRecording) return recordedLines(chunk, (lines) => delivery(lines, 'lines', clock, source))
    if (zeekHeader === '') zeekHeader = zeekHeaderOf(chunk)
    return [delivery(withHeader(chunk, zeekHeader), 'lines', clock, source)]
  }
  for await (const part of parts) {
    later.push(part)
    size += part.length
    if (size > maxRecordBytes) throw new TooLarge(tooLarge)
    // What cannot be decided yet is not copied together yet.
    if (mode === 'lines' && !part.includes(10)) continue
    if (mode === 'document' && size <= maxWholeBytes) continue
    if (mode === 'document' && !isJson(pending)) continue
    joinParts()
    if (mode === 'unknown') mode = textModeOf(pending, false)
    if (mode === 'document' && source === null && mayBeginAsRecording(pending)) mode = 'lines'
    if (mode === 'document' && pending.length > maxWholeBytes && isJson(pending)) {
      for await (const chunk of readElements(pending, parts)) yield [delivery(chunk, 'lines', clock, source)]
      return
    }
    if (mode === 'lines') {
      for (let cut = cutLines(pending); cut > 0; cut = cutLines(pending)) {
        yield linesOf(pending.subarray(0, cut))
        pending = pending.subarray(cut)
      }
    }
    size = pending.length
  }
  joinParts()
  if (pending.length === 0) return
  if (mode === 'unknown') mode = textModeOf(pending, true)
  if (mode === 'lines' && pending.toString('utf8').trim() === '') return
  // A recording of one line is a document to whoever looks at one line.
  if (mode === 'lines' || (source === null && beginsAsRecording(pending))) yield linesOf(pending)
  else yield [delivery(pending, mode, clock, source)]
}

function delivery(
  body: Buffer,
  mode: 'lines' | 'document' | 'unknown',
  clock: () => number,
  source: string | null,
): NewDelivery {
  const contentType = mode === 'lines' ? 'application/x-ndjson' : 'application/json'
  return { source, transport: 'file', contentType, receivedAt: clock(), body: Buffer.from(body) }
}

/** The records of a JSON document that is too large to stay whole, as chunks of lines. */
async function* readElements(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const elements = createJsonElements(maxRecordBytes)
  let lines: Buffer[] = []
  let bytes = 0
  function* chunks(found: readonly Buffer[]): Generator<Buffer> {
    for (const one of found) {
      lines.push(one, lineEnd)
      bytes += one.length
      if (lines.length < maxLines * 2 && bytes < maxChunkBytes) continue
      yield Buffer.concat(lines)
      lines = []
      bytes = 0
    }
  }
  try {
    yield* chunks(elements.push(first))
    for await (const part of rest) yield* chunks(elements.push(part))
    yield* chunks(elements.end())
  } catch (error) {
    throw error instanceof TooLarge ? new TooLarge(tooLarge) : error
  }
  if (lines.length > 0) yield Buffer.concat(lines)
}

const lineEnd = Buffer.from('\n')
const isJson = (data: Buffer) => /^\ufeff?\s*[{[]/.test(data.subarray(0, 1000).toString('utf8'))

/** Bytes of a full chunk of lines, or 0 when there is none yet. */
function cutLines(data: Buffer): number {
  let lines = 0
  let last = 0
  while (lines < maxLines) {
    const end = data.indexOf(10, last)
    if (end < 0) return data.length > maxChunkBytes * 4 ? last : 0
    lines++
    last = end + 1
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
