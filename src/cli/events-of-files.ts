import { parseDocument } from '../core/content/index.ts'
import { didYouMean, type LogSource, oneLine, tenantId } from '../core/model/index.ts'
import { compileIntegration, createNormalizer, type Integration, type Normalized } from '../core/normalize/index.ts'
import { listFiles, readFiles, readStream } from '../ingest/index.ts'
import { Failure } from './failure.ts'
import { createProgress } from './progress.ts'

/** One record of a file and what the manifests made of it. */
export interface FileRecord {
  readonly file: string
  /** 1-based, over all records of the file, unreadable ones too. */
  readonly number: number
  readonly normalized: Normalized
}

/** How records become events. */
export interface EventOptions {
  readonly integrations: readonly Integration[]
  /** Id of the integration the records come from; absent = recognised by the manifests. */
  readonly source?: string | undefined
  /** Told of a file that cannot be read to its end; without it that ends everything. */
  readonly onFault?: (file: string, message: string) => void
  /** Takes records as they are, as events of this log source: no integration is asked. */
  readonly logsource?: LogSource | undefined
}

/**
 * The records of files and folders, one after the other, read as {@link readFiles} does: never a whole file at once. The
 * path `-` alone is standard input.
 */
export async function* eventsOfFiles(paths: readonly string[], options: EventOptions): AsyncGenerator<FileRecord> {
  if (paths.length === 1 && paths[0] === '-') yield* eventsOfInput(options)
  else yield* eventsOfPaths(paths, options)
}

async function* eventsOfInput(options: EventOptions): AsyncGenerator<FileRecord> {
  const { integrations, source } = sourceOf(options)
  const normalizer = createNormalizer(integrations, tenantId('main'))
  let number = 0
  let seq = 0
  for await (const delivery of readStream(process.stdin, Date.now, source ?? null))
    for (const normalized of normalizer.normalize({ ...delivery, seq: ++seq }))
      yield { file: '-', number: ++number, normalized }
}

async function* eventsOfPaths(paths: readonly string[], options: EventOptions): AsyncGenerator<FileRecord> {
  const files = await listFiles(paths).catch((error: Error) => {
    throw new Failure(`a file cannot be read: ${error.message}`, { exitCode: 2 })
  })
  const { integrations, source } = sourceOf(options)
  const normalizer = createNormalizer(integrations, tenantId('main'))
  const total = files.reduce((sum, one) => sum + one.bytes, 0)
  const progress = createProgress('reading')
  let before = 0
  let seq = 0
  try {
    for (const { path, bytes } of files) {
      let number = 0
      const chunks = readFiles([path], {
        clock: Date.now,
        ...(source === undefined ? {} : { source }),
        progress: (at) => progress.update(before + Math.min(bytes, at.bytesRead), total, path),
      })
      try {
        for await (const chunk of chunks)
          for (const delivery of chunk)
            for (const normalized of normalizer.normalize({ ...delivery, seq: ++seq }))
              yield { file: path, number: ++number, normalized }
      } catch (error) {
        if (options.onFault === undefined) throw error
        options.onFault(path, (error as Error).message)
      }
      before += bytes
    }
  } finally {
    progress.end()
  }
}

function sourceOf({ integrations, source, logsource }: EventOptions) {
  if (logsource !== undefined) return { integrations: [asGiven(logsource)], source: 'as-given' }
  if (source !== undefined) checkSource(source, integrations)
  return { integrations, source }
}

/** Throws a {@link Failure} when no integration of that id takes events. */
export function checkSource(source: string, integrations: readonly Integration[]): void {
  const taking = integrations.filter(({ inbound }) => inbound.length > 0).map((one) => one.id)
  if (taking.includes(source)) return
  const isThere = integrations.some((one) => one.id === source)
  throw new Failure(
    isThere ? `the integration "${source}" takes no events` : `there is no integration "${oneLine(source, 60)}"`,
    { hint: didYouMean(source, taking) ?? `events come from ${taking.join(', ')}`, exitCode: 2 },
  )
}

/** An integration that takes every record as it is, as one of a log source. */
function asGiven(logsource: LogSource): Integration {
  const manifest = { id: 'as-given', title: 'records as they are', inbound: [{ id: 'record', logsource }] }
  const document = parseDocument('as-given', JSON.stringify(manifest))
  const compiled = document.ok ? compileIntegration(document.value) : document
  if (compiled.ok) return compiled.value
  throw new Error(compiled.problems.map((one) => one.message).join('; '))
}

/** A log source as an option names it: `product=windows,category=process_creation`. */
export function parseLogSource(text: string): LogSource {
  const members = text.split(',').map((part) => part.trim().split('='))
  const known = ['product', 'category', 'service']
  if (!members.every(([key = '', value = '']) => known.includes(key) && /^[\w.-]{1,100}$/.test(value)))
    throw new Failure(`"${text}" is no log source`, {
      hint: 'write product=windows,category=process_creation',
      exitCode: 2,
    })
  return Object.fromEntries(members.map(([key, value = '']) => [key, value.toLowerCase()]))
}
