import type { JsonObject } from './json.ts'

/** Where a piece of content stands: 1-based line and column in a file of the repository. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `file:line:column`, as editors and terminals link it. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`
}

/** A content file after parsing: its value and the place of every node in it. */
export interface Document {
  readonly file: string
  readonly text: string
  readonly value: JsonObject
  /** Place of the node at a path (`['detection','selection',0]`); of its key when `part` is `key`; of the nearest parent when absent. */
  place(path: readonly (string | number)[], part?: 'key' | 'value'): Place
}

/** The place of a node at a path of a document. */
export type Locate = (path: readonly (string | number)[], part?: 'key' | 'value') => Place
