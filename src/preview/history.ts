import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { compileBundle } from '../core/content/index.ts'
import { oneLine, tenantId } from '../core/model/index.ts'
import { createNormalizer, type Integration } from '../core/normalize/index.ts'
import { createProbe, listFiles, type NewDelivery, readByAge, readRecording, surveyFiles } from '../ingest/index.ts'
import { readCommit } from '../repo/index.ts'
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

/** How a repository names its recordings: `recording.ndjson`, plain or gzip. Elsewhere they are known by their lines. */
const isRecording = (path: string) => /^(.+[.-])?recording\.ndjson(\.gz)?$/.test(basename(path))

/**
 * History of files and folders, read as `gitsoc run` reads them: all together in the order of the times in them, as
 * these integrations read those. Throws when one is not there; reading throws when one cannot be read to its end.
 */
export async function historyOfFiles(
  paths: readonly string[],
  enrichDir: string | null,
  integrations: readonly Integration[],
): Promise<History> {
  const reading = { clock: Date.now, probe: createProbe(createNormalizer(integrations, tenantId('main'))) }
  const { files, leftAlone } = await surveyFiles(paths, reading)
  const [first] = leftAlone
  return {
    enrichDir,
    deliveries: () => deliveriesOf(readByAge(files, reading)),
    ...(first === undefined
      ? {}
      : {
          note: `${leftAlone.length} of the files given hold nothing that is known as events and were left alone, such as ${oneLine(first, 120)}`,
        }),
  }
}

/**
 * The integrations of a commit; none when they do not load: then nothing says when things happened, and files come in the
 * order of their names. Throws when the commit cannot be read.
 */
export async function integrationsAt(repository: string, revision: string): Promise<readonly Integration[]> {
  const { files, commit } = await readCommit(repository, revision)
  const manifests = files.filter(({ path }) => path.startsWith('integrations/'))
  return compileBundle(manifests, commit).bundle?.integrations ?? []
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
      return { enrichDir, deliveries: () => recordedIn(recordings) }
  }
  return { enrichDir: null, deliveries: () => recordedIn(recordings) }
}

async function* recordedIn(paths: readonly string[]): AsyncGenerator<PastDelivery> {
  for (const path of paths) for (const one of await readRecording(path)) yield { ...one, receipt: 'recorded' }
}

async function* deliveriesOf(chunks: AsyncIterable<readonly NewDelivery[]>): AsyncGenerator<PastDelivery> {
  // Files are received now as far as times in the future are concerned; core/replay puts the receipt to each event's own time.
  for await (const chunk of chunks)
    for (const one of chunk) yield { ...one, receipt: one.transport === 'file' ? 'as-sent' : 'recorded' }
}
