import {
  type Document,
  didYouMean,
  isObject,
  type Json,
  type Problem,
  problem,
  type Result,
} from '../../model/index.ts'
import type { ValueFault } from './modifier-rules.ts'

/** What `%name%` stands for under the modifier `expand`: Sigma values, wildcards and escapes as in rules. */
export type Placeholders = ReadonlyMap<string, readonly string[]>

export const noPlaceholders: Placeholders = new Map()

const maxExpansions = 10_000

/** Compiles the file that gives placeholders their values. The document has passed its schema. */
export function compilePlaceholders(document: Document): Result<Placeholders> {
  const raw = document.value.placeholders
  const problems: Problem[] = []
  const found = new Map<string, readonly string[]>()
  for (const [name, entry] of Object.entries(isObject(raw) ? raw : {})) {
    const values = isObject(entry) ? entry.values : entry
    const list: readonly Json[] = Array.isArray(values) ? values : []
    if (list.length === 0 || !list.every((one) => typeof one === 'string' && one !== ''))
      problems.push(
        problem(
          'sigma/placeholder',
          `"${name}" needs a list of texts that are not empty`,
          document.place(['placeholders', name]),
          'numbers are quoted; a rule whose placeholder has no values does not load',
        ),
      )
    else found.set(name, list.map(String))
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: found }
}

/**
 * A value with its placeholders replaced: one text for each combination of their values. `\%` is a percent sign; a single
 * `%`, or two with no name between them, are themselves (specification, "Placeholders").
 */
export function expandPlaceholders(
  value: string,
  placeholders: Placeholders,
  write: (text: string) => string = (text) => text,
): readonly string[] | ValueFault {
  let texts: readonly string[] = ['']
  for (const [part, name] of value.matchAll(/\\[\\%*?]|%([\w.-]+)%|[\s\S]/g)) {
    const values = name === undefined ? [part === '\\%' ? '%' : part] : placeholders.get(name)?.map(write)
    if (values === undefined)
      return {
        message: `the placeholder %${name}% has no values here`,
        hint: didYouMean(name ?? '', placeholders.keys()) ?? `list what it stands for in rules/placeholders.yaml`,
      }
    if (texts.length * values.length > maxExpansions)
      return { message: `the placeholders of this value have more than ${maxExpansions} combinations` }
    texts =
      values.length === 1
        ? texts.map((text) => text + values[0])
        : texts.flatMap((text) => values.map((one) => text + one))
  }
  return texts
}
