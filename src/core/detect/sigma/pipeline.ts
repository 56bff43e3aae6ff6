import {
  type Document,
  isObject,
  type Json,
  type JsonObject,
  type LogSource,
  type Problem,
  problem,
  type Result,
  type RuleRef,
} from '../../model/index.ts'
import type { SourceMapping } from './log-source.ts'
import { compileSearch } from './search.ts'
import type { Aliases } from './view.ts'

/** Compiles a pipeline: which events a log source of Sigma means. The document has passed its schema. */
export function compilePipeline(document: Document): Result<readonly SourceMapping[]> {
  const { id, title, integration, sources } = document.value
  const problems: Problem[] = []
  const seen = new Set<string>()
  const mappings = listOf(sources).flatMap((source, index) =>
    listOf(source.events).map((event, at): SourceMapping => {
      const path = ['sources', index, 'events', at]
      const ref: RuleRef = { kind: 'pipeline', id: String(id), title: String(title), place: document.place(path) }
      const text = JSON.stringify([source.sigma, event.given, event.when ?? null])
      if (seen.has(text))
        problems.push(
          problem('pipeline/duplicate', 'the same events are listed twice for this log source', document.place(path)),
        )
      seen.add(text)
      return {
        ref,
        integration: String(event.integration ?? integration),
        sigma: logSourceOf(source.sigma),
        given: logSourceOf(event.given),
        when: event.when === undefined ? null : compileSearch(event.when, [...path, 'when'], document.place, problems),
        fields: aliasesOf({ ...objectOf(source.fields), ...objectOf(event.fields) }),
      }
    }),
  )
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: mappings }
}

/** The log source that a rule, a pipeline or a manifest's test names, in lower case. */
export function logSourceOf(value: Json | undefined): LogSource {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    (['product', 'category', 'service'] as const).flatMap((key) => {
      const text = value[key]
      return typeof text === 'string' ? [[key, text.toLowerCase()]] : []
    }),
  )
}

function aliasesOf(raw: JsonObject): Aliases {
  return new Map(
    Object.entries(raw).map(([name, names]) => [name, Array.isArray(names) ? names.map(String) : [String(names)]]),
  )
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
