import { canonicalJson, isObject, type JsonObject, type Place, sha256 } from '../model/index.ts'
import { type Kind, kindOf } from './kinds.ts'
import { isPackRule, parsePackRules } from './packs.ts'
import { readDocuments } from './read-documents.ts'
import type { SourceFile } from './source.ts'

/** One rule, playbook, integration or policy of a commit. */
export interface ContentItem {
  readonly kind: Kind
  readonly id: string
  readonly title: string
  readonly place: Place
  /** Of its meaning: comments, order of members and layout do not change it. */
  readonly digest: string
}

/** How an item differs between two commits; moving it to another file changes nothing. */
export interface ContentChange {
  readonly change: 'added' | 'changed' | 'removed'
  readonly kind: Kind
  readonly id: string
  readonly title: string
  /** Where it stands after the change; where it stood when it is removed. */
  readonly place: Place
}

/** What was added, changed and removed between two commits' files, in order of kind and place; files that are equal are not read. */
export function compareContent(before: readonly SourceFile[], after: readonly SourceFile[]): readonly ContentChange[] {
  const [old, now] = [itemsOf(without(before, after)), itemsOf(without(after, before))]
  const changes: ContentChange[] = []
  for (const [key, { digest, ...item }] of now) {
    const known = old.get(key)
    if (known === undefined) changes.push({ change: 'added', ...item })
    else if (known.digest !== digest) changes.push({ change: 'changed', ...item })
  }
  for (const [key, { digest: _, ...item }] of old) if (!now.has(key)) changes.push({ change: 'removed', ...item })
  const key = (one: ContentChange) => `${one.kind}\u0000${one.place.file}\u0000${one.id}`
  return changes.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function without(files: readonly SourceFile[], others: readonly SourceFile[]): readonly SourceFile[] {
  const same = new Map(others.map(({ path, text }) => [path, text]))
  return files.filter(({ path, text }) => same.get(path) !== text)
}

/** What cannot be read is left out: compiling says what is wrong with it. */
function itemsOf(files: readonly SourceFile[]): ReadonlyMap<string, ContentItem> {
  const items = new Map<string, ContentItem>()
  for (const file of files) {
    for (const { kind, value, place } of documentsOf(file)) {
      const id = typeof value.id === 'string' ? value.id : file.path
      const title = typeof value.title === 'string' ? value.title : id
      items.set(`${kind}\u0000${id}`, { kind, id, title, place, digest: sha256(canonicalJson(value)) })
    }
  }
  return items
}

function documentsOf(file: SourceFile): readonly { kind: Kind; value: JsonObject; place: Place }[] {
  if (isPackRule(file.path))
    return parsePackRules(file).rules.map(({ kind, document }) => ({
      kind,
      value: document.value,
      place: document.place([]),
    }))
  const kind = kindOf(file.path)
  if (kind === null) return []
  return readDocuments(file, kind).flatMap(({ kind: found, result }) =>
    result.ok && isObject(result.value.value)
      ? [{ kind: found, value: result.value.value, place: result.value.place([]) }]
      : [],
  )
}
