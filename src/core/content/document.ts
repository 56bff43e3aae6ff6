import {
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument as parseYaml,
  type Document as YamlDocument,
} from 'yaml'
import {
  type Document,
  isObject,
  type JsonObject,
  type Place,
  type Problem,
  problem,
  type Result,
} from '../model/index.ts'
import { foreignTo, hiddenCharacter } from './plain-yaml.ts'

const maxBytes = 1_000_000
const maxDepth = 40
const tooDeep = `the file nests more than ${maxDepth} deep`

/**
 * Reads a YAML file of content with the place of every node. Duplicate keys, unknown tags, anchors that multiply,
 * several documents and roots that are no mapping are problems.
 */
export function parseDocument(file: string, text: string): Result<Document> {
  const source = sourceOf(file, text)
  return source.refused === null ? documentOf(source, parseYaml(text, optionsFor(source))) : fail([source.refused])
}

/**
 * Reads a YAML file that may hold several documents, as collections of Sigma rules do: each with its own result, so that
 * one that is wrong hides no other. A file without any document is one problem.
 */
export function parseDocuments(file: string, text: string): readonly Result<Document>[] {
  const source = sourceOf(file, text)
  if (source.refused !== null) return [fail([source.refused])]
  const parsed: readonly YamlDocument.Parsed[] = parseAllDocuments(text, optionsFor(source))
  const filled = parsed.filter((one) => one.contents !== null || one.errors.length > 0)
  if (filled.length > maxDocuments)
    return [fail([problem('content/too-large', `the file holds more than ${maxDocuments} documents`, source.start)])]
  if (filled.length === 0) return [fail([problem('content/yaml', 'the file is empty', source.start)])]
  return filled.map((one) => documentOf(source, one))
}

const maxDocuments = 1000

interface Source {
  readonly file: string
  readonly text: string
  readonly lines: LineCounter
  readonly start: Place
  /** Why the text is not even looked at. */
  readonly refused: Problem | null
}

function sourceOf(file: string, text: string): Source {
  const start: Place = { file, line: 1, column: 1 }
  return { file, text, lines: new LineCounter(), start, refused: refusal(text, start) }
}

function refusal(text: string, start: Place): Problem | null {
  if (text.length > maxBytes)
    return problem('content/too-large', `the file has more than ${maxBytes} characters`, start)
  const hidden = hiddenCharacter(text)
  if (hidden === null) return null
  const before = text.slice(0, hidden.offset).split('\n')
  const at: Place = { ...start, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  return problem('content/yaml', hidden.message, at, hidden.hint)
}

const optionsFor = ({ lines }: Source) =>
  ({ lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2', merge: false }) as const

function documentOf({ file, text, lines, start }: Source, parsed: YamlDocument.Parsed): Result<Document> {
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: Problem[] = [...parsed.errors, ...parsed.warnings].map((error) =>
    problem('content/yaml', sentence(error.message), placeAt(error.pos[0]), hintFor(error.code)),
  )
  if (problems.length > 0) return fail(problems)
  const foreign = foreignTo(parsed, maxDepth)
  if (foreign !== null) return fail([problem('content/yaml', foreign.message, placeAt(foreign.offset), foreign.hint)])
  const value: unknown = parsed.toJS({ maxAliasCount: 0 })
  const root = parsed.contents as Node | null
  const beginning = root?.range == null ? start : placeAt(root.range[0])
  if (root === null || !isObject(value))
    return fail([problem('content/yaml', 'the file must be one mapping', beginning)])
  return {
    ok: true,
    value: {
      file,
      text,
      value: value as JsonObject,
      place: (path, part = 'value') => {
        const offset = offsetOf(root, path, part)
        return offset === null ? start : placeAt(offset)
      },
    },
  }
}

function fail(problems: readonly Problem[]): Result<Document> {
  return { ok: false, problems }
}

const sentence = (message: string) =>
  /call stack/.test(message)
    ? tooDeep
    : /multiple documents/.test(message)
      ? 'the file holds several documents'
      : (message.split('\n')[0]?.replace(/:$/, '') ?? message)

function hintFor(code: string): string | undefined {
  if (code === 'TAG_RESOLVE_FAILED') return 'quote the text: a leading "!" is a YAML tag'
  if (code === 'DUPLICATE_KEY') return 'remove or rename one of the two'
  if (code === 'MULTIPLE_DOCS') return 'a file is one document: make two files'
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'quote the text, or write it below ">-": ": " begins a mapping'
  return undefined
}

function offsetOf(root: Node, path: readonly (string | number)[], part: 'key' | 'value'): number | null {
  let node: Node = root
  let offset = root.range?.[0] ?? null
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      )
      if (pair === undefined) return offset
      const key = pair.key as Node
      const value = pair.value
      offset =
        (last && part === 'key') || !isNode(value) || value.range == null ? (key.range?.[0] ?? offset) : value.range[0]
      if (!isNode(value)) return offset
      node = value
    } else {
      const item = 'items' in node ? (node as { items: unknown[] }).items[Number(step)] : undefined
      if (!isNode(item)) return offset
      node = item
      offset = node.range?.[0] ?? offset
    }
  }
  return offset
}
