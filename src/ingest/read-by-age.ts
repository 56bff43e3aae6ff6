import { basename } from 'node:path'
import type { NewDelivery } from './inbox.ts'
import type { Probe } from './probe-delivery.ts'
import { listFiles, type ReadProgress, readFiles } from './read-files.ts'

/** A file and when it begins. */
export interface AgedFile {
  readonly path: string
  readonly bytes: number
  /** Event time in epoch milliseconds; null when its records do not say. */
  readonly firstAt: number | null
}

/** Files in the order in which they begin, and those of folders that nobody takes for events. */
export interface Survey {
  readonly files: readonly AgedFile[]
  readonly leftAlone: readonly string[]
}

interface Reading {
  readonly source?: string
  readonly clock: () => number
  readonly probe: (delivery: NewDelivery) => Probe
}

const maxOpen = 16
const documentation =
  /^(?:(?:readme|license|licence|notice|changelog|contributing)(?:\..*)?|.*\.(?:md|markdown|rst|adoc))$/i
const named = /\.log(?:\.|$)/i

/**
 * Looks at the beginning of every file. In folders, what is documentation by its name or holds nothing but unknown text is
 * left alone, unless the name says that it is a log; files that are named themselves and those with a `source` are taken.
 */
export async function surveyFiles(paths: readonly string[], reading: Reading): Promise<Survey> {
  const files: (AgedFile & { readonly order: number })[] = []
  const leftAlone: string[] = []
  for (const [order, file] of (await listFiles(paths)).entries()) {
    const isChosen = paths.includes(file.path) || reading.source !== undefined
    if (!isChosen && documentation.test(basename(file.path))) {
      leftAlone.push(file.path)
      continue
    }
    const { firstAt, recognised } = await beginningOf(file.path, reading)
    if (isChosen || recognised || named.test(basename(file.path))) files.push({ ...file, firstAt, order })
    else leftAlone.push(file.path)
  }
  const at = (one: AgedFile) => one.firstAt ?? Number.POSITIVE_INFINITY
  files.sort((a, b) => (at(a) === at(b) ? a.order - b.order : at(a) - at(b)))
  return { files: files.map(({ order, ...file }) => file), leftAlone }
}

async function beginningOf(path: string, reading: Reading): Promise<Probe> {
  for await (const [delivery] of readFiles([path], reading)) if (delivery !== undefined) return reading.probe(delivery)
  return { firstAt: null, recognised: false }
}

interface Open {
  readonly rest: AsyncGenerator<readonly NewDelivery[]>
  next: readonly NewDelivery[]
  /** Event time at which the next delivery begins. */
  at: number
}

/**
 * The deliveries of files as {@link readFiles} gives them, of all files together in the order of the time at which they
 * begin: what happened at the same time in several files comes at the same time. The same files give the same order. At most
 * 16 are open at once; what has no time comes last.
 */
export async function* readByAge(
  files: readonly AgedFile[],
  { progress, ...reading }: Reading & { readonly progress?: (at: ReadProgress) => void },
): AsyncGenerator<readonly NewDelivery[]> {
  const bytesTotal = files.reduce((sum, one) => sum + one.bytes, 0)
  const read = new Map<string, number>()
  const open: Open[] = []
  const told = (path: string) => (at: ReadProgress) => {
    read.set(path, at.bytesRead)
    progress?.({ bytesRead: [...read.values()].reduce((sum, one) => sum + one, 0), bytesTotal })
  }
  let waiting = 0
  try {
    for (;;) {
      for (let one = files[waiting]; one !== undefined && mayOpen(one, open); one = files[waiting]) {
        waiting++
        const rest = readFiles([one.path], { ...reading, progress: told(one.path) })
        const first = await rest.next()
        if (!first.done) open.push({ rest, next: first.value, at: timeOf(one.firstAt) })
      }
      const oldest = open.reduce<Open | undefined>(
        (best, one) => (best === undefined || one.at < best.at ? one : best),
        undefined,
      )
      if (oldest === undefined) return
      yield oldest.next
      const following = await oldest.rest.next()
      if (following.done) open.splice(open.indexOf(oldest), 1)
      else {
        oldest.next = following.value
        const [delivery] = following.value
        oldest.at = (delivery === undefined ? null : reading.probe(delivery).firstAt) ?? oldest.at
      }
    }
  } finally {
    for (const one of open) await one.rest.return(undefined)
  }
}

const timeOf = (at: number | null) => at ?? Number.POSITIVE_INFINITY

/** A file is opened when the time has come at which it begins. */
const mayOpen = (file: AgedFile, open: readonly Open[]) =>
  open.length === 0 || (open.length < maxOpen && open.every((one) => timeOf(file.firstAt) <= one.at))
