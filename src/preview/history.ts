import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { listFiles, readFiles, readRecording } from '../ingest/index.ts'
import type { PastDelivery } from './locked-child.ts'

/** Recorded events, with the lists that enriched them; each reading gives the same deliveries in the same order. */
export interface History {
  deliveries(): AsyncIterable<PastDelivery>
  readonly enrichDir: string | null
  /** Whose they are: ids of events and alerts depend on it; `main` when nothing is said. */
  readonly tenant?: string
  /** What a reader should know of it, in a sentence. */
  readonly note?: string
}

/** A file that says when each delivery was received: `recording.ndjson`, plain or gzip, lines of `{ at, source, body }`. */
const isRecording = (path: string) => /^(.+[.-])?recording\.ndjson(\.gz)?$/.test(basename(path))

/**
 * History of files and folders, read as `gitsoc run` reads them, files in the order of their names. Throws when one is not
 * there; reading throws when one cannot be read to its end.
 */
export async function historyOfFiles(paths: readonly string[], enrichDir: string | null): Promise<History> {
  const files = await listFiles(paths)
  return { enrichDir, deliveries: () => deliveriesOf(files.map(({ path }) => path)) }
}

/**
 * The history that a repository brings: the recordings of its scenarios, with the enrichment of the first that has one. Null
 * when it has none.
 */
export async function ownHistory(root: string): Promise<History | null> {
  const folder = join(root, 'test/scenarios')
  const files = await listFiles([folder]).catch(() => [])
  const recordings = files.map(({ path }) => path).filter(isRecording)
  if (recordings.length === 0) return null
  for (const path of recordings) {
    const enrichDir = join(path, '../enrich')
    if ((await stat(enrichDir).catch(() => null))?.isDirectory() === true)
      return { enrichDir, deliveries: () => deliveriesOf(recordings) }
  }
  return { enrichDir: null, deliveries: () => deliveriesOf(recordings) }
}

async function* deliveriesOf(paths: readonly string[]): AsyncGenerator<PastDelivery> {
  for (const path of paths) {
    if (isRecording(path)) {
      for (const one of await readRecording(path)) yield { ...one, receipt: 'recorded' }
      continue
    }
    // Received now as far as times in the future are concerned; core/replay puts the receipt to each event's own time.
    for await (const chunk of readFiles([path], { clock: Date.now }))
      for (const one of chunk) yield { ...one, receipt: 'as-sent' }
  }
}
