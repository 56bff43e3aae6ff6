import type { Json, JsonObject, Locate, Problem, Result } from '../model/index.ts'
import { compileSearch, fieldsOf, holding, holds } from './sigma/search.ts'
import { View } from './sigma/view.ts'

/** A Sigma selection used on its own: by manifests (`accept`, `drop`, `when`), suppression and grouping rules. */
export interface Selection {
  readonly fields: readonly string[]
  test(record: JsonObject): boolean
  /** The `field|modifier` labels that held, for explanations. */
  holding(record: JsonObject): readonly string[]
}

/** Compiles a Sigma map or list of maps: `{ "field|modifier": value }`. */
export function compileSelection(raw: Json, at: Locate): Result<Selection> {
  const problems: Problem[] = []
  const search = compileSearch(raw, [], at, problems)
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      fields: fieldsOf(search),
      test: (record) => holds(search, new View(record)),
      holding: (record) => holding(search, new View(record)).map((atom) => atom.label),
    },
  }
}
