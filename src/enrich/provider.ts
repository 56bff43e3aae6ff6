import { type Enrichment, type Json, type Observable, oneLine } from '../core/model/index.ts'

/** What a source knows of a value, and until when that holds; null = for good. */
export interface Known {
  readonly enrichment: Enrichment
  readonly validUntil: number | null
}

/** One offline source of context. Null = it knows nothing of the value. */
export interface Provider {
  readonly name: string
  lookup(observable: Observable): Known | null
}

/** A file that could not be used, or only in part. */
export interface FileProblem {
  readonly file: string
  /** 1-based, where a line is to blame. */
  readonly line?: number
  readonly message: string
}

/** A file with lists, as it was read. */
export interface ListFile {
  readonly name: string
  readonly text: string
}

/** A problem in one line, with its place. */
export const fileProblemText = ({ file, line, message }: FileProblem) =>
  oneLine(`enrichment: ${file}${line === undefined ? '' : `:${line}`}: ${message}`, 400)

const maxPerFile = 20

/** The problems of one file: after {@link maxPerFile} the rest is only counted. */
export function problemsOf(file: string): {
  readonly add: (message: string, line?: number) => void
  readonly all: () => readonly FileProblem[]
} {
  const found: FileProblem[] = []
  let more = 0
  return {
    add(message, line) {
      if (found.length >= maxPerFile) more++
      else found.push({ file, message, ...(line === undefined ? {} : { line }) })
    },
    all: () => (more === 0 ? found : [...found, { file, message: `${more} more problems` }]),
  }
}

/** A scalar of a list file as text; nothing for objects and lists, whatever they call themselves. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
}
