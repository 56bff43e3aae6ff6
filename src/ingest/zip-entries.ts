import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl'

/** A file in a zip; `share` is how many bytes of the zip one byte of it is. */
export interface ZipEntry {
  readonly name: string
  readonly stream: Readable
  readonly share: number
}

const maxEntries = 10_000
/** What every file takes beside its contents and its name, which stands twice: its header and its line in the directory. */
const headerBytes = 30 + 46
const maxUnpackedBytes = 256 * 1024 ** 3

/** Whether bytes begin as a zip does. */
export const isZip = (first: Uint8Array) => Buffer.from(first.subarray(0, 4)).toString('latin1') === 'PK\x03\x04'

/** Whether a file begins as a zip does. Pipes are none: what is read from them is gone. */
export async function isZipFile(path: string): Promise<boolean> {
  if (!(await stat(path)).isFile()) return false
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && isZip(buffer)
  } finally {
    await handle.close()
  }
}

/**
 * The files in a zip in its own order, each to be read before the next. Folders and what macOS keeps beside files are
 * left out. Throws on a zip that is broken, encrypted, or made to unpack without end.
 */
export async function* zipEntries(path: string): AsyncGenerator<ZipEntry> {
  const zip = await openZip(path)
  try {
    const entries = await listed(zip)
    for (const entry of entries) {
      if (entry.isEncrypted()) throw new Error(`${entry.fileName} is encrypted`)
      if (!entry.canDecodeFileData()) throw new Error(`${entry.fileName} is packed in a way that is not known`)
      const stream = await zip.openReadStreamPromise(entry)
      const share = entry.uncompressedSize === 0 ? 0 : entry.compressedSize / entry.uncompressedSize
      yield { name: entry.fileName, stream, share }
    }
  } finally {
    zip.close()
  }
}

const strict = { lazyEntries: true, validateEntrySizes: true, autoClose: false }
const endBytes = 22
const maxCommentBytes = 65_535

/** Opens a zip by what stands before its end: some come with a line break or more behind it. */
async function openZip(path: string): Promise<ZipFile> {
  return fromRandomAccessReaderPromise(new FileReader(path), await zipSize(path), strict)
}

/** Where the last end record and its comment end; the size of the file when there is none to be seen. */
async function zipSize(path: string): Promise<number> {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, endBytes + maxCommentBytes)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    const at = buffer.lastIndexOf('PK\x05\x06', -1, 'latin1')
    if (at < 0 || at + endBytes > length) return size
    const end = size - length + at + endBytes + buffer.readUInt16LE(at + 20)
    return Math.min(end, size)
  } finally {
    await handle.close()
  }
}

class FileReader extends RandomAccessReader {
  private readonly path: string

  constructor(path: string) {
    super()
    this.path = path
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return start < end ? createReadStream(this.path, { start, end: end - 1 }) : Readable.from([])
  }
}

async function listed(zip: ZipFile): Promise<readonly Entry[]> {
  if (zip.entryCount > maxEntries) throw new Error(`the zip holds more than ${maxEntries} files`)
  const entries: Entry[] = []
  let packed = 0
  let unpacked = 0
  for await (const entry of zip.eachEntry()) {
    packed += entry.compressedSize + headerBytes + 2 * entry.fileNameLength
    unpacked += entry.uncompressedSize
    if (!entry.fileName.endsWith('/') && !entry.fileName.startsWith('__MACOSX/')) entries.push(entry)
  }
  // Honest archives hold each byte once: files that share their bytes unpack to a multiple of what any one could.
  if (packed > zip.fileSize) throw new Error('the files in the zip overlap')
  if (unpacked > maxUnpackedBytes) throw new Error(`the zip unpacks to more than ${maxUnpackedBytes / 1024 ** 3} GB`)
  return entries
}
