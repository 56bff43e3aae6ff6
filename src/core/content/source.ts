/** A file of content as read from a working tree or commit; `path` is relative to the repository's root, with `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}
