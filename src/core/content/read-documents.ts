import { ruleKindOf } from '../detect/index.ts'
import { type Document, isObject, type Json, type Result } from '../model/index.ts'
import { parseDocument, parseDocuments } from './document.ts'
import { checksWithin, type Kind, kinds } from './kinds.ts'
import type { SourceFile } from './source.ts'

/** A document of a file, checked against the schema of its kind. */
export interface ReadDocument {
  readonly kind: Kind
  readonly result: Result<Document>
}

type SigmaKind = keyof typeof checksWithin

/**
 * The documents of a content file. Files of Sigma rules may hold several, of any of Sigma's kinds: rules, the
 * correlation that counts them, a filter. All others are one document.
 */
export function readDocuments({ path, text }: SourceFile, kind: Kind): readonly ReadDocument[] {
  const parsed = isSigma(kind) ? parseDocuments(path, text) : [parseDocument(path, text)]
  if (parsed.length === 1) return parsed.map((one) => ({ kind, result: one.ok ? kinds[kind].check(one.value) : one }))
  const documents = parsed.flatMap((one) => (one.ok ? [one.value] : []))
  const named = new Set(documents.flatMap(rulesNamedBy))
  return parsed.map((one) => {
    if (!one.ok) return { kind, result: one }
    const found = ruleKindOf(one.value) ?? kind
    const { id, name } = one.value.value
    const isWithin = isSigma(found) && [id, name].some((key) => typeof key === 'string' && named.has(key))
    return { kind: found, result: (isWithin ? checksWithin[found] : kinds[found].check)(one.value) }
  })
}

const isSigma = (kind: Kind): kind is SigmaKind => Object.hasOwn(checksWithin, kind)

function rulesNamedBy({ value: { correlation } }: Document): readonly string[] {
  const rules: Json = isObject(correlation) ? (correlation.rules ?? []) : []
  return Array.isArray(rules) ? rules.map(String) : []
}
